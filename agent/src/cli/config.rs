//! `config show|check|import`: what is in force, whether it is right, and what the agent before this one had.

mod import;
mod open;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::Value;
use vigie_shared::config::{self, Setting, Sources};

use crate::config::AgentConfig;
use crate::layers::Layers;

/// Words after `config`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent config check\n  vigie-agent config show --origin\n  sudo vigie-agent config import site.conf\n  vigie-agent --config ./agent.toml config show"
)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Subcommand)]
enum ConfigVerb {
    /// Print every setting in force, defaults included.
    Show {
        /// Say of each setting where it comes from: default, file and line, command of the hub, variable.
        #[arg(long)]
        origin: bool,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take over the settings of NEOPRO's agent, its `site.conf`.
    Import(import::ImportArgs),
    /// Name every mistake in the configuration; exit code 78 if there is one.
    Check,
}

pub(super) fn run(sources: &Sources, args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = super::load(sources)?;
    match &args.verb {
        ConfigVerb::Import(args) => import::run(sources, args),
        ConfigVerb::Show { origin: true, json } => show_origins(sources, &config, *json),
        ConfigVerb::Show { json, .. } => {
            let tree = serde_json::to_value(&config).context("write the settings")?;
            if *json { super::print_json(&tree) } else { super::print_line(&as_file(tree)?) }
        }
        ConfigVerb::Check => super::print_line("the configuration is right"),
    }
}

/// The settings as a file has them: what is not set is not there.
fn as_file(mut tree: Value) -> anyhow::Result<String> {
    remove_unset(&mut tree);
    Ok(toml::to_string_pretty(&tree).context("write TOML")?.trim_end().to_owned())
}

fn remove_unset(tree: &mut Value) {
    if let Value::Object(table) = tree {
        table.retain(|_, value| !value.is_null());
        table.values_mut().for_each(remove_unset);
    }
}

fn show_origins(sources: &Sources, config: &AgentConfig, is_json: bool) -> anyhow::Result<ExitCode> {
    let layer = Layers::of(&config.data).in_force(sources);
    let settings = config::origins::<AgentConfig>(sources, layer.as_ref())?;
    if is_json {
        return super::print_json(&settings);
    }
    let names = settings.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
    let lines: Vec<String> = settings
        .iter()
        .map(|Setting { name, value, origin }| format!("{name:names$} = {value}    # {origin}"))
        .collect();
    super::print_line(&lines.join("\n"))
}
