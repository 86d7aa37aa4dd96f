//! `vigie-hub site`: who may exist, and what is said of them.

mod about;
mod plan;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use self::about::AboutArgs;
use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// What to do with sites.
#[derive(Debug, Subcommand)]
pub enum SiteVerb {
    /// Add a site and print the token for its box.
    #[command(after_help = "Examples:
  vigie-hub site add rennes01
  vigie-hub site add metz --name \"Metz, halle\" --zone Europe/Paris --valid 7d
  vigie-hub site add rennes01 --club \"Rennes FC\" --town Rennes --country France --tag football --tag futsal")]
    Add(Box<AddArgs>),
    /// Change what is said of a site.
    #[command(after_help = "Examples:
  vigie-hub site set rennes01 --club \"Rennes FC\" --tag football --tag futsal
  vigie-hub site set rennes01 --note \"\"        forget the note")]
    Set(Box<SetArgs>),
    /// List the sites and how their boxes are.
    #[command(after_help = "Examples:
  vigie-hub site list
  vigie-hub site list --tag futsal
  vigie-hub site list --json | jq '.items[].id'")]
    List {
        /// Only those with this tag.
        #[arg(long)]
        tag: Option<String>,
    },
    /// Print where boxes come in and by which fingerprint they know this hub, to register one with an account.
    #[command(after_help = "Example:\n  vigie-hub site door")]
    Door,
    /// Show one site: state, completeness, gaps, diary.
    #[command(after_help = "Example:\n  vigie-hub site show rennes01")]
    Show {
        /// The site.
        id: String,
    },
    /// Refuse a site's box from now on. What it delivered stays.
    #[command(after_help = "Example:\n  vigie-hub site revoke rennes01\n\nUndo it with `vigie-hub site replace`.")]
    Revoke {
        /// The site.
        id: String,
    },
    /// Refuse the present box, print a token for a new one, and order for that one what the old one had.
    #[command(after_help = "Examples:
  vigie-hub site replace rennes01 --valid 2h
  vigie-hub site replace rennes01 --dry-run     only say what would be moved
  vigie-hub site replace rennes01 --bare        only a token

What the old box delivered stays.")]
    Replace {
        /// The site.
        id: String,
        /// How long the token works, with its unit.
        #[arg(long, default_value = "24h")]
        valid: String,
        /// Move nothing.
        #[arg(long)]
        bare: bool,
        /// Only say what would be moved, and do nothing.
        #[arg(long, conflicts_with_all = ["bare", "valid"])]
        dry_run: bool,
    },
}

/// A site to add.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Its id: 1 to 32 letters or digits, as in `rennes01`.
    id: String,
    /// Its name for people [default: the id].
    #[arg(long)]
    name: Option<String>,
    /// Its IANA time zone, as in `Europe/Paris` [default: the hub's].
    #[arg(long)]
    zone: Option<String>,
    /// How long the token works, with its unit.
    #[arg(long, default_value = "24h")]
    valid: String,
    #[command(flatten)]
    about: AboutArgs,
}

/// What to say of a site.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The site.
    id: String,
    /// Its name for people.
    #[arg(long)]
    name: Option<String>,
    /// Its IANA time zone.
    #[arg(long)]
    zone: Option<String>,
    #[command(flatten)]
    about: AboutArgs,
}

pub(super) async fn act(hub: &Hub, verb: &SiteVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        SiteVerb::Add(args) => {
            let about = args.about.body();
            let body =
                json!({ "id": args.id, "name": args.name, "zone": args.zone, "about": about, "valid": args.valid });
            let made = hub.change(Method::POST, "/api/v1/sites", &body).await?;
            output.answer(&made, |output, made| invitation(output, made, "was added"))?;
        }
        SiteVerb::Set(args) => {
            let body = json!({ "name": args.name, "zone": args.zone, "about": args.about.body() });
            let path = format!("/api/v1/sites/{}", segment(&args.id));
            let site = hub.change(Method::PATCH, &path, &body).await?;
            output.answer(&site, head)?;
        }
        SiteVerb::List { tag } => {
            let only = tag.as_ref().map(|tag| format!("&tag={}", segment(tag))).unwrap_or_default();
            let sites = hub.get(&format!("/api/v1/sites?limit=1000{only}")).await?;
            output.answer(&sites, list)?;
        }
        SiteVerb::Door => {
            let door = hub.get("/api/v1/enrolments/door").await?;
            output.answer(&door, |_, door| {
                format!(
                    "Boxes come in at {}\nFingerprint of this hub: {}\n\nTo register a box with an account, run there:\n\n  {}",
                    name(&door["hub"]),
                    name(&door["fingerprint"]),
                    name(&door["command"])
                )
            })?;
        }
        SiteVerb::Show { id } => {
            let site = hub.get(&format!("/api/v1/sites/{}", segment(id))).await?;
            output.answer(&site, show)?;
        }
        SiteVerb::Revoke { id } => {
            let path = format!("/api/v1/sites/{}/revoke", segment(id));
            let site = hub.change(Method::POST, &path, &json!({})).await?;
            output.answer(&site, |_, site| {
                format!(
                    "Site {id} is revoked: its box is refused from now on. Everything it had delivered stays.\n\
                     To bring it back: vigie-hub site replace {id}",
                    id = name(&site["id"])
                )
            })?;
        }
        SiteVerb::Replace { id, dry_run: true, .. } => {
            let plan = hub.get(&format!("/api/v1/sites/{}/replace", segment(id))).await?;
            output.answer(&plan, |_, plan| format!("Nothing was done.\n\n{}", plan::told(plan)))?;
        }
        SiteVerb::Replace { id, valid, bare, .. } => {
            let path = format!("/api/v1/sites/{}/replace", segment(id));
            let made = hub.change(Method::POST, &path, &json!({ "valid": valid, "bare": bare })).await?;
            output.answer(&made, |output, made| {
                let invitation = invitation(output, made, "is ready for a new box");
                match made.get("plan") {
                    Some(plan) => format!("{invitation}\n\n{}", plan::told(plan)),
                    None => invitation,
                }
            })?;
        }
    }
    Ok(())
}

fn invitation(output: &Output<'_>, made: &Value, what: &str) -> String {
    format!(
        "Site {} {what}. On the box, run:\n\n  {}\n\nThe token works once, until {}.",
        name(&made["site"]),
        name(&made["command"]),
        output.moment(&made["expires"])
    )
}

fn list(output: &Output<'_>, sites: &Value) -> String {
    let heads = ["SITE", "NAME", "LINK", "HEARD", "HEALTH", "AGENT", "TAGS"];
    output.table(&heads, sites, "No site yet. Add one: vigie-hub site add rennes01", |site| {
        vec![
            name(&site["id"]),
            name(&site["name"]),
            word(&site["reach"]),
            output.age(&site["heard"]),
            word(&site["health"]),
            name(&site["agent_version"]),
            about::tags(site),
        ]
    })
}

fn head(output: &Output<'_>, site: &Value) -> String {
    let mut lines = vec![
        ("link", format!("{}, heard {}", word(&site["reach"]), output.age(&site["heard"]))),
        ("health", word(&site["health"])),
        ("agent", name(&site["agent_version"])),
        ("zone", name(&site["zone"])),
        ("added", output.moment(&site["created"])),
    ];
    lines.extend(about::lines(site));
    let lines: Vec<String> = lines.into_iter().map(|(word, text)| format!("\n  {word:<8} {text}")).collect();
    format!("{} ({}){}", name(&site["name"]), name(&site["id"]), lines.concat())
}

fn show(output: &Output<'_>, detail: &Value) -> String {
    let mut parts = vec![head(output, &detail["site"])];
    let lanes = json!({ "items": detail["completeness"] });
    parts.push(output.table(
        &["LANE", "COMPLETE THROUGH", "RECORDS", "MISSING"],
        &lanes,
        "Nothing received yet.",
        |lane| {
            vec![
                word(&lane["lane"]),
                output.moment(&lane["complete_through"]),
                word(&lane["through"]),
                word(&lane["missing"]),
            ]
        },
    ));
    let gaps = json!({ "items": detail["gaps"] });
    parts.push(output.table(&["GAP", "FROM", "TO", "REASON", "NOTICED"], &gaps, "No gaps.", |gap| {
        let (from, to) = (word(&gap["from"]), word(&gap["to"]));
        vec![word(&gap["lane"]), from, to, word(&gap["reason"]), output.moment(&gap["noticed"])]
    }));
    parts.push(super::diary::list(output, &json!({ "items": detail["diary"] })));
    parts.join("\n\n")
}
