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

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

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

/// Asks, and follows the answer to its end.
pub(super) async fn ask(hub: &Hub, body: Value, output: &mut Output<'_>) -> Result<(), VerbError> {
    let mut request = hub.change(Method::POST, PATH, &body).await?;
    let path = format!("{PATH}/{}", segment(&said(&request, "id")));
    let mut told = 0;
    loop {
        let has_ended = said(&request, "progress") == "ended";
        if !output.is_json {
            told = tell(&request, told, has_ended, output)?;
        }
        if has_ended {
            break;
        }
        sleep(PAUSE).await;
        request = hub.get(&path).await?;
    }
    if output.is_json {
        output.answer(&request, |_, _| String::new())?;
    }
    Ok(())
}

fn said(request: &Value, field: &str) -> String {
    request.get(field).map_or_else(String::new, name)
}

/// Prints the whole lines that were not printed yet; says how many bytes were.
fn tell(request: &Value, told: usize, has_ended: bool, output: &mut Output<'_>) -> anyhow::Result<usize> {
    let said = request["output"].as_str().unwrap_or_default();
    let end = if has_ended { said.len() } else { said.rfind('\n').map_or(0, |at| at + 1) };
    // A run that was cut off begins its answer anew.
    let told = if told > end { 0 } else { told };
    if let Some(fresh) = said.get(told..end).map(|fresh| fresh.trim_end_matches('\n')).filter(|fresh| !fresh.is_empty())
    {
        output.text(fresh)?;
    }
    Ok(end)
}
