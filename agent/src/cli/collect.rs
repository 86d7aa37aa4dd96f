//! `collect NAME --once`: what one collector sees, without a hub.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::AgentConfig;

/// Words after `collect`.
#[derive(Args)]
#[command(after_help = "Examples:\n  vigie-agent collect host --once\n  vigie-agent collect lan --once --json")]
pub(super) struct CollectArgs {
    /// Which collector.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(crate::collectors::CATALOGUE.iter().map(|(name, _)| *name)))]
    name: String,
    /// Look once and end; the only way so far, spelled out so that scripts say what they mean.
    #[arg(long, required = true)]
    once: bool,
    /// Print compact JSON, one reading per line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &AgentConfig, args: &CollectArgs) -> anyhow::Result<ExitCode> {
    vigie_shared::telemetry::start("warn")?;
    super::runtime()?.block_on(async {
        let context = crate::standalone(config);
        let collector = crate::collectors::build_one(&args.name, &config.collect, &context);
        let mut collector = collector.context("find the collector")?;
        for reading in collector.once().await? {
            if args.json {
                super::print_line(&serde_json::to_string(&reading)?)?;
            } else {
                super::print_json(&reading)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
