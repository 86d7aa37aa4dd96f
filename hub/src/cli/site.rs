//! `vigie-hub site`: who may exist.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// What to do with sites.
#[derive(Debug, Subcommand)]
pub enum SiteVerb {
    /// Add a site and print the token for its box.
    #[command(after_help = "Examples:
  vigie-hub site add rennes01
  vigie-hub site add metz --name \"Metz, halle\" --zone Europe/Paris --valid 7d")]
    Add(AddArgs),
    /// List the sites and how their boxes are.
    #[command(after_help = "Examples:\n  vigie-hub site list\n  vigie-hub site list --json | jq '.items[].id'")]
    List,
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
    /// Refuse the present box and print a token for a new one. What the old one delivered stays.
    #[command(after_help = "Example:\n  vigie-hub site replace rennes01 --valid 2h")]
    Replace {
        /// The site.
        id: String,
        /// How long the token works, with its unit.
        #[arg(long, default_value = "24h")]
        valid: String,
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
}

pub(super) async fn act(hub: &Hub, verb: &SiteVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        SiteVerb::Add(args) => {
            let body = json!({ "id": args.id, "name": args.name, "zone": args.zone, "valid": args.valid });
            let made = hub.change(Method::POST, "/api/v1/sites", &body).await?;
            output.answer(&made, |output, made| invitation(output, made, "was added"))?;
        }
        SiteVerb::List => {
            let sites = hub.get("/api/v1/sites?limit=1000").await?;
            output.answer(&sites, list)?;
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
        SiteVerb::Replace { id, valid } => {
            let path = format!("/api/v1/sites/{}/replace", segment(id));
            let made = hub.change(Method::POST, &path, &json!({ "valid": valid })).await?;
            output.answer(&made, |output, made| invitation(output, made, "is ready for a new box"))?;
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
    let heads = ["SITE", "NAME", "LINK", "HEARD", "HEALTH", "AGENT"];
    output.table(&heads, sites, "No site yet. Add one: vigie-hub site add rennes01", |site| {
        vec![
            name(&site["id"]),
            name(&site["name"]),
            word(&site["reach"]),
            output.age(&site["heard"]),
            word(&site["health"]),
            name(&site["agent_version"]),
        ]
    })
}

fn show(output: &Output<'_>, detail: &Value) -> String {
    let site = &detail["site"];
    let mut parts = vec![format!(
        "{} ({})\n  link     {}, heard {}\n  health   {}\n  agent    {}\n  zone     {}\n  added    {}",
        name(&site["name"]),
        name(&site["id"]),
        word(&site["reach"]),
        output.age(&site["heard"]),
        word(&site["health"]),
        name(&site["agent_version"]),
        name(&site["zone"]),
        output.moment(&site["created"]),
    )];
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
