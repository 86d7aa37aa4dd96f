//! Asks the hub to compute days anew, and prints as they come what became of them.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

const PATH: &str = "/api/v1/presence/requests";

/// Before a view that the hub ended is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Whose days to compute anew.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence mac 8e:1b:7c:00:11:22                   this year
  vigie-hub presence mac 8E-1B-7C-00-11-22 --month 2026-11
  vigie-hub presence mac 8e1b7c001122 --year 2025")]
pub struct MacArgs {
    /// The device's address, in any usual spelling.
    mac: String,
    /// A year.
    #[arg(long, value_name = "YEAR", conflicts_with = "month")]
    year: Option<i16>,
    /// A month, as 2026-11.
    #[arg(long, value_name = "YEAR-MONTH")]
    month: Option<String>,
}

pub(super) async fn of_device(hub: &Hub, args: &MacArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let today = jiff::Timestamp::from_millisecond(output.now_ms).context("read the clock")?;
    let year = args.year.unwrap_or_else(|| today.to_zoned(output.zone.clone()).year());
    let (from, through) = match &args.month {
        None => (format!("{year:04}-01-01"), format!("{year:04}-12-31")),
        Some(month) => {
            let first: jiff::civil::Date =
                format!("{month}-01").parse().with_context(|| format!("`{month}` is no month; write 2026-11"))?;
            (first.to_string(), first.last_of_month().to_string())
        }
    };
    ask(hub, json!({ "mac": args.mac, "from": from, "through": through }), output).await
}

/// Which requests to show.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence requests                                 the last fifty, those of the watched folder too
  vigie-hub presence requests presences-1f0c --follow         what becomes of one, until it ends")]
pub struct RequestsArgs {
    /// Show what became of this one.
    id: Option<String>,
    /// Go on until it has ended.
    #[arg(long, requires = "id")]
    follow: bool,
}

/// Lists requests, or shows one.
pub(super) async fn show(hub: &Hub, args: &RequestsArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let Some(id) = &args.id else {
        output.answer(&hub.get(PATH).await?, |output, all| {
            output.table(&["REQUEST", "MADE", "PROGRESS"], all, "Nobody asked for anything.", |one| {
                vec![name(&one["id"]), output.age(&one["made"]), name(&one["progress"])]
            })
        })?;
        return Ok(());
    };
    if args.follow {
        return follow(hub, id, output).await;
    }
    let request = hub.get(&format!("{PATH}/{}", segment(id))).await?;
    output.answer(&request, |_, request| name(&request["output"]).trim_end().to_owned())?;
    Ok(())
}

/// Asks, and follows the answer to its end.
pub(super) async fn ask(hub: &Hub, body: Value, output: &mut Output<'_>) -> Result<(), VerbError> {
    let request = hub.change(Method::POST, PATH, &body).await?;
    follow(hub, &request.get("id").map_or_else(String::new, name), output).await
}

/// Prints lines as they come, or the whole answer as JSON at its end.
async fn follow(hub: &Hub, id: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("{PATH}/{}", segment(id));
    let (mut after, mut has_ended) = (None::<String>, false);
    while !has_ended {
        let known = after.clone();
        hub.follow(&format!("{path}/events"), known.as_deref(), |event| {
            if !event.id.is_empty() {
                after = Some(event.id.clone());
            }
            has_ended = event.name == "end";
            if matches!(event.name.as_str(), "line" | "anew") && !output.is_json {
                output.text(&event.data)?;
            }
            Ok(!has_ended)
        })
        .await?;
        if !has_ended {
            sleep(PAUSE).await;
        }
    }
    if output.is_json {
        output.answer(&hub.get(&path).await?, |_, _| String::new())?;
    }
    Ok(())
}
