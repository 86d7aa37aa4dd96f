//! Who is here, and the closing of sessions by hand.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde_json::json;

use super::text;
use crate::cli::VerbError;
use crate::cli::client::Hub;
use crate::cli::output::Output;

const CLOSE: &str = "/api/v1/presence/sessions/close";

/// How to close every session.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence cleanup            says what would be closed, then asks
  vigie-hub presence cleanup --yes      after a restart, from a script")]
pub struct CleanupArgs {
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Which sessions to close, and how often.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence stale
  vigie-hub presence stale --minutes 60 --yes
  vigie-hub presence stale --scheduled --interval 15      again and again, until it is stopped")]
pub struct StaleArgs {
    /// Sessions that were silent for longer.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    minutes: u32,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Go on, without asking.
    #[arg(long)]
    scheduled: bool,
    /// Minutes between two rounds.
    #[arg(long, default_value_t = 15, requires = "scheduled", value_parser = clap::value_parser!(u32).range(1..=1_440))]
    interval: u32,
}

pub(super) async fn status(hub: &Hub, output: &mut Output<'_>) -> Result<(), VerbError> {
    let now = hub.get("/api/v1/presence/now").await?;
    let sessions = hub.get("/api/v1/presence/sessions").await?;
    let status = json!({ "now": now, "sessions": text::items(&sessions) });
    output.answer(&status, text::status)?;
    Ok(())
}

pub(super) async fn cleanup(hub: &Hub, args: &CleanupArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    close(hub, None, args.yes, output).await
}

pub(super) async fn stale(hub: &Hub, args: &StaleArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let silent_min = Some(args.minutes);
    if !args.scheduled {
        return close(hub, silent_min, args.yes, output).await;
    }
    let mut rounds = tokio::time::interval(Duration::from_secs(u64::from(args.interval) * 60));
    loop {
        rounds.tick().await;
        close(hub, silent_min, true, output).await?;
    }
}

/// Says what would be closed, asks, closes.
async fn close(hub: &Hub, silent_min: Option<u32>, is_sure: bool, output: &mut Output<'_>) -> Result<(), VerbError> {
    let with = |dry_run: bool| json!({ "silent_min": silent_min, "dry_run": dry_run });
    let found = hub.change(Method::POST, CLOSE, &with(true)).await?;
    if text::items(&found).is_empty() {
        output.answer(&found, |_, _| "No session is to be closed.".to_owned())?;
        return Ok(());
    }
    if !is_sure {
        let list = text::sessions(output, &found, "These sessions would be closed:");
        output.progress(&list);
        if !agrees(output) {
            output.progress("Nothing was changed.");
            return Ok(());
        }
    }
    let closed = hub.change(Method::POST, CLOSE, &with(false)).await?;
    output.answer(&closed, |output, closed| text::sessions(output, closed, "Closed:"))?;
    Ok(())
}

/// Asks whoever sits there; without anybody the answer is no.
fn agrees(output: &mut Output<'_>) -> bool {
    let input = std::io::stdin();
    if !input.is_terminal() {
        output.progress("Nobody can answer here; say --yes to close them.");
        return false;
    }
    output.progress("Close them? [y/N]");
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    read.is_ok() && matches!(line.trim().to_lowercase().as_str(), "y" | "yes" | "o" | "oui")
}
