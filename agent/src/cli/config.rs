//! `config show|check`: what is in force, and whether it is right.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use vigie_shared::config::Sources;

/// Words after `config`.
#[derive(Args)]
#[command(after_help = "Examples:\n  vigie-agent config check\n  vigie-agent --config ./agent.toml config show")]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Subcommand)]
enum ConfigVerb {
    /// Print every setting in force, defaults included.
    Show {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Name every mistake in the configuration; exit code 78 if there is one.
    Check,
}

pub(super) fn run(sources: &Sources, args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = super::load(sources)?;
    match args.verb {
        ConfigVerb::Show { json: true } => super::print_json(&config),
        ConfigVerb::Show { json: false } => {
            super::print_line(toml::to_string_pretty(&config).context("write TOML")?.trim_end())
        }
        ConfigVerb::Check => super::print_line("the configuration is right"),
    }
}
