//! `terminal`: the time clocks that call here, and which of them may deliver.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use vigie_shared::wire::reading::Standing;

use crate::config::AgentConfig;
use crate::control::{self, Ask};
use crate::terminals::Serial;
use crate::terminals::desk::Shown;

/// Words after `terminal`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent terminal list\n  vigie-agent terminal admit ZXTEST000417\n  vigie-agent terminal refuse ZXTEST000417"
)]
pub(super) struct TerminalArgs {
    #[command(subcommand)]
    verb: TerminalVerb,
}

#[derive(Subcommand)]
enum TerminalVerb {
    /// Show every time clock: those that may deliver, those that wait, those that are refused.
    #[command(after_help = "Examples:\n  vigie-agent terminal list --json")]
    List {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let a time clock deliver; what it is becomes what it has to be.
    #[command(after_help = "Examples:\n  vigie-agent terminal admit ZXTEST000417")]
    Admit {
        /// Its serial number, as on its label.
        serial: Serial,
    },
    /// Refuse a time clock; it keeps its log.
    #[command(after_help = "Examples:\n  vigie-agent terminal refuse ZXTEST000417")]
    Refuse {
        /// Its serial number, as on its label.
        serial: Serial,
    },
}

pub(super) fn run(config: &AgentConfig, args: &TerminalArgs) -> anyhow::Result<ExitCode> {
    match &args.verb {
        TerminalVerb::List { json } => {
            let list: Vec<Shown> = serde_json::from_value(ask(config, &Ask::Terminals)?)?;
            if *json { super::print_json(&list) } else { super::print_line(&text(&list)) }
        }
        TerminalVerb::Admit { serial } => {
            ask(config, &Ask::AdmitTerminal { serial: serial.clone(), is_admitted: true })?;
            super::print_line(&format!("terminal {serial} may deliver; it calls again by itself within about a minute"))
        }
        TerminalVerb::Refuse { serial } => {
            ask(config, &Ask::AdmitTerminal { serial: serial.clone(), is_admitted: false })?;
            super::print_line(&format!("terminal {serial} is refused; it keeps its log"))
        }
    }
}

fn ask(config: &AgentConfig, question: &Ask) -> anyhow::Result<serde_json::Value> {
    let answer = super::runtime()?.block_on(control::ask(&config.socket, question))?;
    answer.ok_or_else(|| {
        anyhow::anyhow!("no agent runs here (nobody answers at {}); start it: vigie-agent run", config.socket.display())
    })
}

fn text(list: &[Shown]) -> String {
    if list.is_empty() {
        return "no terminal called yet, and none is listed".to_owned();
    }
    let line = |known: &Shown| {
        let standing = match known.standing {
            Standing::Admitted if known.is_connected => "connected",
            Standing::Admitted => "away",
            Standing::Pending => "waits to be admitted",
            Standing::Refused => "refused",
        };
        let mut line = format!("{:<20} {standing}", known.serial.as_str());
        if let Some(address) = known.address {
            line.push_str(&format!(", {address}"));
        }
        if let Some(model) = &known.model {
            line.push_str(&format!(", {model}"));
        }
        if let Some(unsent) = known.unsent.filter(|unsent| *unsent > 0) {
            line.push_str(&format!(", {unsent} rows unsent"));
        }
        line
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_terminal_is_one_line_with_what_it_needs() {
        let shown = |serial: &str, standing, is_connected| Shown {
            serial: serial.parse().unwrap(),
            standing,
            is_connected,
            address: Some(std::net::IpAddr::from([10, 0, 0, 7])),
            model: Some("tfs30".to_owned()),
            firmware: None,
            clock_ahead_ms: None,
            unsent: Some(3),
            room: Vec::new(),
            people: 0,
        };
        let list = [shown("ZX1", Standing::Admitted, true), shown("ZX2", Standing::Pending, false)];
        insta::assert_snapshot!(text(&list), @r"
        ZX1                  connected, 10.0.0.7, tfs30, 3 rows unsent
        ZX2                  waits to be admitted, 10.0.0.7, tfs30, 3 rows unsent
        ");
        assert!(text(&[]).contains("no terminal called yet"));
    }
}
