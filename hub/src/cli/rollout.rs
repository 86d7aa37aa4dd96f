//! `vigie-hub rollout`: a release to a few boxes first, then to the rest.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name};

/// What to do with rollouts.
#[derive(Debug, Subcommand)]
pub enum RolloutVerb {
    /// Begin: the canary group first, then, once it has run it for a while, the rest.
    #[command(after_help = "Examples:
  vigie-hub rollout start player 2.1.3
  vigie-hub rollout start agent 0.2.0 --canary 10% --soak 1d --pause-on 5% --at preferred-hour
  vigie-hub rollout start player 2.1.3 --site rennes01 --site metz02 --canary-site metz02

A failure pauses it; a box that is away gets it when it is back. `rollout show` says how far it is.")]
    Start(StartArgs),
    /// List rollouts, newest first.
    #[command(after_help = "Example:\n  vigie-hub rollout list --json | jq '.items[] | select(.paused)'")]
    List,
    /// Show how far a rollout is, and each of its boxes.
    #[command(after_help = "Example:\n  vigie-hub rollout show 3f0a")]
    Show {
        /// Its id, or the beginning of it.
        rollout: String,
    },
    /// Give no box anything more until it is resumed.
    #[command(after_help = "Example:\n  vigie-hub rollout pause 3f0a --reason 'a match tonight'")]
    Pause {
        /// Its id, or the beginning of it.
        rollout: String,
        /// Why, for others.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Go on; the failures so far count no more.
    #[command(after_help = "Example:\n  vigie-hub rollout resume 3f0a")]
    Resume {
        /// Its id, or the beginning of it.
        rollout: String,
    },
    /// End it: who has not got it does not get it.
    #[command(after_help = "Example:\n  vigie-hub rollout cancel 3f0a")]
    Cancel {
        /// Its id, or the beginning of it.
        rollout: String,
    },
    /// Try boxes again that failed, and go on.
    #[command(after_help = "Examples:
  vigie-hub rollout retry 3f0a
  vigie-hub rollout retry 3f0a --site metz02   also if it was skipped")]
    Retry {
        /// Its id, or the beginning of it.
        rollout: String,
        /// Only this box.
        #[arg(long)]
        site: Option<String>,
    },
}

/// What goes where.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Which software: `agent`, or the name of its releases.
    software: String,
    /// The version.
    #[arg(value_name = "VERSION")]
    to: String,
    /// Only to this site; may be said several times. All that have the software otherwise.
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,
    /// How many boxes are first: a number, or a percentage.
    #[arg(long, value_name = "N|P%", default_value = "1", conflicts_with = "canary_sites")]
    canary: String,
    /// This box is among the first; may be said several times.
    #[arg(long = "canary-site", value_name = "SITE")]
    canary_sites: Vec<String>,
    /// At most so many boxes at once, and never more than the hub allows.
    #[arg(long, value_name = "N")]
    batch: Option<u32>,
    /// How long the first must have run it before the rest gets it.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    soak: String,
    /// So many failures pause it.
    #[arg(long, value_name = "N|P%", default_value = "1")]
    pause_on: String,
    /// When boxes begin.
    #[arg(long = "at", value_name = "WHEN", value_parser = ["now", "preferred-hour"], default_value = "now")]
    when: String,
    /// Boxes wait while people are present, as far as they know.
    #[arg(long)]
    unless_present: bool,
    /// Why, for others.
    #[arg(long)]
    note: Option<String>,
}

pub(super) async fn act(hub: &Hub, verb: &RolloutVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        RolloutVerb::Start(args) => {
            let made = hub.change(Method::POST, "/api/v1/rollouts", &wish(args)).await?;
            output.answer(&made, |_, made| {
                format!("{}\nwatch it: vigie-hub rollout show {}", line(made), name(&made["id"]))
            })?;
        }
        RolloutVerb::List => output.answer(&hub.get("/api/v1/rollouts").await?, list)?,
        RolloutVerb::Show { rollout } => show(hub, rollout, output).await?,
        RolloutVerb::Pause { rollout, reason } => {
            change(hub, rollout, ("pause", &json!({ "reason": reason })), output).await?;
        }
        RolloutVerb::Resume { rollout } => change(hub, rollout, ("resume", &json!({})), output).await?,
        RolloutVerb::Cancel { rollout } => change(hub, rollout, ("cancel", &json!({})), output).await?,
        RolloutVerb::Retry { rollout, site } => {
            change(hub, rollout, ("retry", &json!({ "site": site })), output).await?;
        }
    }
    Ok(())
}

/// What the hub is asked for; what was not said is not sent.
fn wish(args: &StartArgs) -> Value {
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let canary = args.canary_sites.is_empty().then_some(&args.canary);
    json!({
        "software": args.software, "version": args.to, "sites": some(&args.sites), "canary": canary,
        "canary_sites": some(&args.canary_sites), "batch": args.batch, "soak": args.soak, "pause_on": args.pause_on,
        "when": args.when.replace('-', "_"), "unless_present": args.unless_present, "note": args.note,
    })
}

async fn change(
    hub: &Hub,
    rollout: &str,
    (verb, body): (&str, &Value),
    output: &mut Output<'_>,
) -> Result<(), VerbError> {
    let id = find(hub, rollout).await?;
    let changed = hub.change(Method::POST, &format!("/api/v1/rollouts/{id}/{verb}"), body).await?;
    Ok(output.answer(&changed, |_, changed| line(changed))?)
}

/// A rollout by the beginning of its id.
async fn find(hub: &Hub, beginning: &str) -> Result<String, VerbError> {
    let list = hub.get("/api/v1/rollouts?limit=1000").await?;
    let ids = list.get("items").and_then(Value::as_array).into_iter().flatten().filter_map(|one| one["id"].as_str());
    let mut meant = ids.filter(|id| id.starts_with(beginning));
    match (meant.next(), meant.next()) {
        (Some(id), None) => Ok(id.to_owned()),
        (Some(_), Some(_)) => {
            Err(anyhow::anyhow!("several rollouts begin with `{beginning}`: say more of the id").into())
        }
        // An older one, or none: the hub knows.
        (None, _) => Ok(segment(beginning)),
    }
}

async fn show(hub: &Hub, rollout: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let id = find(hub, rollout).await?;
    let mut shown = hub.get(&format!("/api/v1/rollouts/{id}")).await?;
    let (mut members, mut after) = (Vec::new(), String::new());
    loop {
        let page = hub.get(&format!("/api/v1/rollouts/{id}/sites?limit=1000{after}")).await?;
        members.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
        let Some(next) = page.get("next").and_then(Value::as_str) else { break };
        after = format!("&after={}", segment(next));
    }
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("items".to_owned(), Value::Array(members));
    }
    Ok(output.answer(&shown, |output, shown| {
        let heads = ["site", "group", "state", "attempts", "since", "why"];
        let table = output.table(&heads, shown, "it has no boxes", |one| {
            let group = if one["is_canary"] == true { "canary" } else { "rest" };
            vec![
                name(&one["site"]),
                group.to_owned(),
                name(&one["state"]),
                one["attempts"].to_string(),
                output.age(&one["changed"]),
                one["detail"].as_str().unwrap_or_default().to_owned(),
            ]
        });
        format!("{}\n\n{table}", line(shown))
    })?)
}

/// A rollout in one or two lines.
fn line(rollout: &Value) -> String {
    let of = |key: &str| name(&rollout[key]);
    let text = format!("{} {} to {}: {}; {}", of("id"), of("software"), of("version"), of("stage"), counts(rollout));
    match rollout.pointer("/paused/reason").and_then(Value::as_str) {
        Some(reason) => {
            format!("{text}\npaused: {reason}; `vigie-hub rollout retry|resume|cancel {}`", of("id"))
        }
        None => text,
    }
}

fn counts(rollout: &Value) -> String {
    let states = ["done", "given", "waiting", "failed", "skipped"];
    let counts = states.iter().filter_map(|state| {
        let count = rollout.pointer(&format!("/boxes/{state}")).and_then(Value::as_u64).filter(|count| *count > 0)?;
        Some(format!("{count} {state}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn list(output: &Output<'_>, rollouts: &Value) -> String {
    let none = "there are no rollouts; begin one: vigie-hub rollout start SOFTWARE VERSION";
    output.table(&["id", "software", "version", "stage", "boxes", "began"], rollouts, none, |one| {
        let stage = name(&one["stage"]);
        let stage = if one["paused"].is_object() { format!("{stage}, paused") } else { stage };
        let began = output.age(&one["created"]);
        vec![name(&one["id"]), name(&one["software"]), name(&one["version"]), stage, counts(one), began]
    })
}
