//! `vigie-hub presence`: who is here, who was, what days are worth and why.

mod disputes;
mod import;
mod notice;
mod requests;
mod rules;
mod sessions;
mod text;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name};

/// Most days that are listed.
const DAYS_MAX: usize = 100_000;

/// What to see or do.
#[derive(Debug, Subcommand)]
pub enum PresenceVerb {
    /// Who is here: counts, open sessions, and sites at which nobody can say.
    #[command(after_help = "Examples:\n  vigie-hub presence status\n  vigie-hub presence status --json")]
    Status,
    /// Close every open session, after asking: whoever is seen again is here again.
    Cleanup(sessions::CleanupArgs),
    /// Close the sessions that have been silent for too long, after asking.
    Stale(sessions::StaleArgs),
    /// Look whether presence works: the database, the policy, a simulated sight from end to end, what waits.
    #[command(after_help = "Example:\n  vigie-hub presence test        the hub does the same by itself at 03:00")]
    Test,
    /// Compute a day anew, and tell third parties what changed.
    #[command(after_help = "Example:\n  vigie-hub presence day 2026-11-20")]
    Day {
        /// The day.
        date: String,
    },
    /// Compute the days of a period anew, and tell third parties what changed.
    #[command(after_help = "Example:
  vigie-hub presence period 2026-11-01 2026-11-30

Other programs ask by a file in the folder `presence.requests` of hub.toml: `<id>` holds {\"slug\":\"presences-day\"},
{\"slug\":\"presences-daterange\",\"start\":\"2026-11-01\",\"end\":\"2026-11-30\"} or
{\"slug\":\"presences-mac\",\"mac\":\"8e:1b:7c:00:11:22\",\"period\":\"2026-11\"}; `<id>.stream` grows meanwhile, and
`<id>.response` is the whole answer.")]
    Period {
        /// The first day.
        from: String,
        /// The last day.
        through: String,
    },
    /// Compute the days of whoever had a device anew: whole days, with all of their devices.
    Mac(requests::MacArgs),
    /// What was asked to be computed anew, and what became of it.
    Requests(requests::RequestsArgs),
    /// What people's days are worth.
    #[command(after_help = "Example:\n  vigie-hub presence days 2026-11-01 2026-11-30 --person lea")]
    Days {
        /// The first day.
        from: String,
        /// The last day; the first if not given.
        through: Option<String>,
        /// Only of this person.
        #[arg(long)]
        person: Option<String>,
    },
    /// Why a person's day is worth what it is: every slot with its device, source and site.
    #[command(after_help = "Example:\n  vigie-hub presence explain lea 2026-11-20")]
    Explain {
        /// The person's id.
        person: String,
        /// The day.
        date: String,
    },
    /// Who would gain or lose what under another policy. Nothing is changed.
    Replay(rules::ReplayArgs),
    /// The policies by which days can be valued; add a version.
    Policies(rules::PoliciesArgs),
    /// Take in logs of other programs: of the Metz probe, nmap, arp-scan, or leases of dnsmasq.
    Import(import::ImportArgs),
    /// Compare the days here with the numbers of the old scripts, and say why they differ.
    Compare(rules::CompareArgs),
    /// What a site must tell the people on it, as a page to print.
    Notice(notice::NoticeArgs),
    /// Decide of a day, beside what was computed; the decision stays until it is taken back.
    Override(OverrideArgs),
    /// Days that somebody says are wrong, and what is answered.
    #[command(subcommand)]
    Dispute(disputes::DisputeVerb),
    /// Hand over to third parties what they were not told yet, or tell them days again.
    #[command(after_help = "Examples:
  vigie-hub presence publish                            what was not handed over yet
  vigie-hub presence publish 2026-11-01 2026-11-30      these days once more, as new revisions
  vigie-hub job list --connector tickets                what became of them")]
    Publish {
        /// The first day to be told again.
        from: Option<String>,
        /// The last day; the first if not given.
        through: Option<String>,
    },
    /// Take over the devices that a third party lists with their owners.
    #[command(after_help = "Example:\n  vigie-hub presence take-devices tickets")]
    TakeDevices {
        /// The connector; its mapping says how to ask for devices.
        connector: String,
    },
}

/// What to decide of a day.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence override lea 2026-11-20 0.5 --comment \"was at a client in the afternoon\"
  vigie-hub presence override lea 2026-11-20 --undo")]
pub struct OverrideArgs {
    /// The person's id.
    person: String,
    /// The day.
    date: String,
    /// What it shall be worth: 0, 0.5 or 1.
    #[arg(required_unless_present = "undo")]
    value: Option<f64>,
    /// Why.
    #[arg(long, required_unless_present = "undo")]
    comment: Option<String>,
    /// Take the decision back.
    #[arg(long, conflicts_with_all = ["value", "comment"])]
    undo: bool,
}

pub(super) async fn act(hub: &Hub, verb: &PresenceVerb, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    match verb {
        PresenceVerb::Status => sessions::status(hub, output).await?,
        PresenceVerb::Cleanup(args) => sessions::cleanup(hub, args, output).await?,
        PresenceVerb::Stale(args) => sessions::stale(hub, args, output).await?,
        PresenceVerb::Test => return test(hub, output).await,
        PresenceVerb::Day { date } => requests::ask(hub, json!({ "from": date }), output).await?,
        PresenceVerb::Period { from, through } => {
            requests::ask(hub, json!({ "from": from, "through": through }), output).await?;
        }
        PresenceVerb::Mac(args) => requests::of_device(hub, args, output).await?,
        PresenceVerb::Requests(args) => requests::show(hub, args, output).await?,
        PresenceVerb::Days { from, through, person } => {
            let of = |key: &str, value: &Option<String>| {
                value.as_ref().map_or_else(String::new, |value| format!("&{key}={}", segment(value)))
            };
            let query = format!("from={}{}{}", segment(from), of("through", through), of("person", person));
            let days = hub.pages("/api/v1/presence/days", &query, DAYS_MAX).await?;
            output.answer(&days, text::days)?;
        }
        PresenceVerb::Explain { person, date } => {
            let path = format!("/api/v1/presence/days/{}/{}", segment(person), segment(date));
            output.answer(&hub.get(&path).await?, text::explain)?;
        }
        PresenceVerb::Replay(args) => rules::replay(hub, args, output).await?,
        PresenceVerb::Policies(args) => rules::policies(hub, args, output).await?,
        PresenceVerb::Import(args) => return import::act(hub, args, output).await,
        PresenceVerb::Compare(args) => rules::compare(hub, args, output).await?,
        PresenceVerb::Notice(args) => notice::act(hub, args, output).await?,
        PresenceVerb::Override(args) => decide(hub, args, output).await?,
        PresenceVerb::Dispute(verb) => disputes::act(hub, verb, output).await?,
        PresenceVerb::Publish { from, through } => publish(hub, (from, through), output).await?,
        PresenceVerb::TakeDevices { connector } => take_devices(hub, connector, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 1 if anything is not well.
async fn test(hub: &Hub, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let found = hub.change(Method::POST, "/api/v1/presence/check", &json!({})).await?;
    output.answer(&found, text::findings)?;
    let is_well = text::items(&found).iter().all(|one| one["is_well"] == true);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn decide(hub: &Hub, args: &OverrideArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("/api/v1/presence/days/{}/{}/override", segment(&args.person), segment(&args.date));
    if args.undo {
        hub.change(Method::DELETE, &path, &Value::Null).await?;
        output.text(&format!("{} is worth again what was computed.", args.date))?;
        return Ok(());
    }
    let body = json!({ "value": args.value, "comment": args.comment });
    let decided = hub.change(Method::PUT, &path, &body).await?;
    output.answer(&decided, |_, decided| {
        format!(
            "Decided: {} of {} is worth {}. What was computed stays beside it.",
            args.date, args.person, decided["value"]
        )
    })?;
    Ok(())
}

async fn publish(
    hub: &Hub,
    (from, through): (&Option<String>, &Option<String>),
    output: &mut Output<'_>,
) -> Result<(), VerbError> {
    let body = json!({ "from": from, "through": through });
    let published = hub.change(Method::POST, "/api/v1/presence/publish", &body).await?;
    output.answer(&published, |_, published| match published["count"].as_u64().unwrap_or(0) {
        0 => {
            "Nothing is to be handed over: third parties were told everything, or no connector takes days of presence \
              (`vigie-hub connector add --help`)."
                .to_owned()
        }
        count => format!("{count} days go to third parties; `vigie-hub job list` shows how far they are."),
    })?;
    Ok(())
}

async fn take_devices(hub: &Hub, connector: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("/api/v1/connectors/{}/devices", segment(connector));
    let taken = hub.change(Method::POST, &path, &json!({})).await?;
    output.answer(&taken, |_, taken| {
        let mut text = format!(
            "{} devices are listed; {} are new or changed hands, {} people are new.",
            taken["listed"], taken["devices"], taken["people"]
        );
        for bad in taken["bad"].as_array().into_iter().flatten() {
            text.push_str(&format!("\nLine {} was left out: {}.", bad["line"], name(&bad["says"])));
        }
        text
    })?;
    Ok(())
}
