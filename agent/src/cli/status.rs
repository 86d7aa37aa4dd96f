//! `status`: how the running agent is doing.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use vigie_shared::clock::{Clock as _, SystemClock};

use crate::config::AgentConfig;
use crate::control::{self, Ask};
use crate::status::Status;

/// Words after `status`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent status\n  vigie-agent status --json\n\nExit code 0: connected; 1: not connected, or no agent runs."
)]
pub(super) struct StatusArgs {
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &AgentConfig, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let Some(value) = super::runtime()?.block_on(control::ask(&config.socket, &Ask::Status))? else {
        anyhow::bail!("no agent runs here (nobody answers at {}); start it: vigie-agent run", config.socket.display());
    };
    let status: Status = serde_json::from_value(value)?;
    if args.json {
        super::print_json(&status)?;
    } else {
        super::print_line(&text(&status, SystemClock::new(|| true).wall_ms()))?;
    }
    Ok(if status.link.connected_since_ms.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The status in words, as of `now_ms`.
fn text(status: &Status, now_ms: i64) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<13} {value}\n"));
    line("Agent", status.version.clone());
    let (site, hub) = (status.site.as_ref().map(ToString::to_string), status.hub.clone());
    line("Site", site.unwrap_or_else(|| "none yet: vigie-agent register <token>".to_owned()));
    line("Hub", hub.unwrap_or_else(|| "none yet".to_owned()));
    line("Connection", connection(status, now_ms));
    line("Last receipt", status.link.last_receipt_ms.map_or_else(|| "none yet".to_owned(), |ms| ago(now_ms - ms)));
    for lane in &status.lanes {
        let oldest = if lane.waiting == 0 { String::new() } else { format!(", the oldest {}", ago_s(lane.oldest_s)) };
        let dropped = if lane.dropped == 0 { String::new() } else { format!(", {} given up", lane.dropped) };
        line(lane.lane.as_str(), format!("{} waiting{oldest}{dropped}", lane.waiting));
    }
    line("Clock", if status.is_clock_synced { "set from a trusted source" } else { "not confirmed" }.to_owned());
    line("Collectors", status.collectors.join(", "));
    if let Some(count) = status.terminals {
        let waits = if count.pending == 0 { String::new() } else { format!(", {} to be admitted", count.pending) };
        line("Terminals", format!("{} of {} connected{waits}", count.connected, count.admitted));
    }
    text.truncate(text.trim_end().len());
    text
}

fn connection(status: &Status, now_ms: i64) -> String {
    match (&status.link.connected_since_ms, &status.link.last_error) {
        (Some(since), _) => format!("connected {}", ago(now_ms - since)),
        (None, Some(error)) => format!("not connected; what is collected waits here ({error})"),
        (None, None) => "not connected yet".to_owned(),
    }
}

fn ago(ms: i64) -> String {
    ago_s(u64::try_from(ms / 1000).unwrap_or(0))
}

fn ago_s(seconds: u64) -> String {
    format!("{} ago", humantime::format_duration(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use vigie_shared::id::QueueId;
    use vigie_shared::wire::{Lane, LaneDepth};

    use super::*;
    use crate::status::{Link, TerminalCount};

    #[test]
    fn an_outage_is_told_with_what_is_safe() {
        let status = Status {
            version: "0.1.0".to_owned(),
            site: Some("rennes01".parse().unwrap()),
            hub: Some("hub.example.org:8443".to_owned()),
            link: Link { last_receipt_ms: Some(40_000), last_error: Some("no route".to_owned()), ..Link::default() },
            lanes: vec![LaneDepth {
                lane: Lane::Ledger,
                queue: QueueId([1; 16]),
                waiting: 212,
                bytes: 1,
                dropped: 0,
                oldest_s: 90,
            }],
            is_clock_synced: true,
            collectors: vec!["host".to_owned(), "lan".to_owned()],
            terminals: Some(TerminalCount { admitted: 3, connected: 2, pending: 1 }),
        };
        insta::assert_snapshot!(text(&status, 100_000), @r"
        Agent         0.1.0
        Site          rennes01
        Hub           hub.example.org:8443
        Connection    not connected; what is collected waits here (no route)
        Last receipt  1m ago
        ledger        212 waiting, the oldest 1m 30s ago
        Clock         set from a trusted source
        Collectors    host, lan
        Terminals     2 of 3 connected, 1 to be admitted
        ");
    }
}
