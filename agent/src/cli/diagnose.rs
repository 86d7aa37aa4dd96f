//! `diagnose`: one line per thing that can be wrong, each with its cure.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use vigie_shared::config::Sources;

use crate::config::AgentConfig;
use crate::diagnosis::{self, Check, Health};

/// Words after `diagnose`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent diagnose\n  vigie-agent diagnose --json\n\nExit code 0: nothing is wrong; 1: something is."
)]
pub(super) struct DiagnoseArgs {
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    is_healthy: bool,
    checks: Vec<Check>,
}

pub(super) fn run(sources: &Sources, args: &DiagnoseArgs) -> anyhow::Result<ExitCode> {
    let checks = match vigie_shared::config::load::<AgentConfig>(sources) {
        Ok(config) => super::runtime()?.block_on(diagnosis::run(&config)),
        Err(errors) => vec![diagnosis::wrong_config(&errors)],
    };
    let report = Report { is_healthy: checks.iter().all(|check| check.health != Health::Wrong), checks };
    if args.json {
        super::print_json(&report)?;
    } else {
        super::print_line(&text(&report))?;
    }
    Ok(if report.is_healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let mark = match check.health {
            Health::Good => "ok   ",
            Health::Doubtful => "?    ",
            Health::Wrong => "WRONG",
        };
        text.push_str(&format!("{mark} {:<9} {}\n", check.name, check.finding));
        if let Some(cure) = &check.cure {
            text.push_str(&format!("      {:<9} → {cure}\n", ""));
        }
    }
    text.push_str(if report.is_healthy {
        "Nothing is wrong."
    } else {
        "Something is wrong; the arrows say what to do."
    });
    text
}
