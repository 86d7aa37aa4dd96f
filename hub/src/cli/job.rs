//! `vigie-hub job`: rows on their way to third parties.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum JobVerb {
    /// List jobs, newest first.
    #[command(after_help = "Examples:
  vigie-hub job list --state dead
  vigie-hub job list --connector hr --person 7
  vigie-hub job list --maybe-twice     rows whose answer was lost: the third party may have them twice")]
    List(ListArgs),
    /// Count jobs by state.
    #[command(after_help = "Example:\n  vigie-hub job stats")]
    Stats,
    /// Try a job again, or all that were given up.
    #[command(after_help = "Examples:
  vigie-hub job retry 456
  vigie-hub job retry --all --connector hr")]
    Retry {
        /// Its number.
        #[arg(required_unless_present = "all")]
        job: Option<String>,
        /// All that were given up.
        #[arg(long, conflicts_with = "job")]
        all: bool,
        /// Only of this connector.
        #[arg(long, requires = "all")]
        connector: Option<String>,
    },
    /// Decide that a job shall not be sent.
    #[command(after_help = "Example:\n  vigie-hub job skip 456 --reason 'entered by hand'")]
    Skip {
        /// Its number.
        job: String,
        /// Why, for others.
        #[arg(long)]
        reason: String,
    },
}

/// Which jobs.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only of this connector.
    #[arg(long)]
    connector: Option<String>,
    /// Only in this state.
    #[arg(long, value_parser = ["pending", "failed", "parked", "sent", "dead", "skipped"])]
    state: Option<String>,
    /// Only of this person, by the terminals' number.
    #[arg(long, value_name = "NUMBER")]
    person: Option<u64>,
    /// Only those that the third party may have twice.
    #[arg(long)]
    maybe_twice: bool,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

pub(super) async fn act(hub: &Hub, verb: &JobVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        JobVerb::List(args) => output.answer(&hub.get(&query(args)).await?, list)?,
        JobVerb::Stats => output.answer(&hub.get("/api/v1/jobs/stats").await?, stats)?,
        JobVerb::Retry { job: Some(job), .. } => {
            let moved = hub.change(Method::POST, &format!("/api/v1/jobs/{}/retry", segment(job)), &json!({})).await?;
            output.answer(&moved, |_, moved| line(moved))?;
        }
        JobVerb::Retry { job: None, connector, .. } => {
            let retried = hub.change(Method::POST, "/api/v1/jobs/retry", &json!({ "connector": connector })).await?;
            output.answer(&retried, |_, retried| format!("{} jobs are tried again", retried["count"]))?;
        }
        JobVerb::Skip { job, reason } => {
            let path = format!("/api/v1/jobs/{}/skip", segment(job));
            let moved = hub.change(Method::POST, &path, &json!({ "reason": reason })).await?;
            output.answer(&moved, |_, moved| line(moved))?;
        }
    }
    Ok(())
}

fn query(args: &ListArgs) -> String {
    let mut path = format!("/api/v1/jobs?limit={}&maybe_twice={}", args.limit, args.maybe_twice);
    for (key, value) in [("connector", &args.connector), ("state", &args.state)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", segment(value)));
        }
    }
    if let Some(person) = args.person {
        path.push_str(&format!("&person={person}"));
    }
    path
}

fn list(output: &Output<'_>, jobs: &Value) -> String {
    let heads = ["job", "connector", "person", "at", "state", "tries", "next", "why"];
    output.table(&heads, jobs, "there are no such jobs", |job| {
        let why = job["maybe_twice"].as_str().map(|why| format!("perhaps twice: {why}"));
        let why = why.or_else(|| job["last_error"].as_str().map(str::to_owned)).unwrap_or_default();
        vec![
            job["no"].to_string(),
            name(&job["connector"]),
            job["member"].as_str().map_or_else(|| word(&job["enrol_id"]), str::to_owned),
            job["day"].as_str().map_or_else(|| output.moment(&job["at"]), str::to_owned),
            word(&job["state"]),
            job["attempts"].to_string(),
            output.moment(&job["next_try"]),
            why,
        ]
    })
}

fn stats(output: &Output<'_>, stats: &Value) -> String {
    let connectors = stats["connectors"].as_object().into_iter().flatten();
    let rows: Vec<Value> = connectors.map(|(name, counts)| json!({ "name": name, "counts": counts })).collect();
    let states = ["pending", "failed", "parked", "sent", "dead", "skipped"];
    let heads: Vec<&str> = std::iter::once("connector").chain(states).collect();
    output.table(&heads, &json!({ "items": rows }), "there are no connectors", |row| {
        let count = |state| row["counts"].get(state).map_or_else(|| "0".to_owned(), Value::to_string);
        std::iter::once(name(&row["name"])).chain(states.map(count)).collect()
    })
}

fn line(job: &Value) -> String {
    format!("job {} of {} is {}", job["no"], name(&job["connector"]), word(&job["state"]))
}
