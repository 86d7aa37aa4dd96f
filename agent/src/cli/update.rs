//! `update`: what is installed, install a package by hand, put an earlier version back. Needs no hub and no running agent.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use vigie_shared::package::{MANIFEST_SUFFIX, Manifest};
use vigie_shared::release::{AGENT, ANY_PROCESSOR};
use vigie_shared::version;

use crate::config::AgentConfig;
use crate::privileged::door::RootHelper;
use crate::privileged::{Package, Privileges as _, SOFTWARE_FOLDER, Verb, trial};
use crate::update::alone::Alone;
use crate::update::declared::{self, Silent};
use crate::update::install::{BY_HAND, Installer, Overview};
use crate::update::machine::{Ending, Phase};
use crate::update::place::{Installed, Journal};
use crate::update::{own, trust};

/// Words after `update`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  vigie-agent update list
  vigie-agent update apply player-2.1.3.tar.gz
  vigie-agent update apply neopro.tar.gz --software neopro --version 2.1.3
  vigie-agent update rollback
  vigie-agent update rollback 2 --software neopro --json
  sudo vigie-agent update apply vigie-agent-0.3.0

A manifest, `FILE.release`, is read if it lies beside the package. Exit code 0: done; 1: not done, all is as before.")]
pub(super) struct UpdateArgs {
    #[command(subcommand)]
    verb: UpdateVerb,
    /// Which software: a name of the configuration, or `agent`.
    #[arg(long, global = true, value_name = "NAME")]
    software: Option<String>,
    /// Answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
enum UpdateVerb {
    /// Show what is installed and what can be put back.
    List,
    /// Install a package.
    Apply {
        /// The package.
        file: PathBuf,
        /// Its version, if no manifest says it.
        #[arg(long)]
        version: Option<String>,
    },
    /// Put an earlier version back: what was before the last installation, or the last N.
    Rollback {
        /// How many installations back.
        #[arg(default_value_t = 1)]
        steps: usize,
    },
}

/// The answer to `apply` and `rollback`.
#[derive(Debug, Serialize)]
struct Done {
    software: String,
    from: Option<String>,
    to: String,
    outcome: &'static str,
    detail: String,
}

pub(super) fn run(config: &AgentConfig, args: &UpdateArgs) -> anyhow::Result<ExitCode> {
    if matches!(args.verb, UpdateVerb::List) {
        return list(config, args);
    }
    super::runtime()?.block_on(async {
        let wants_agent = args.software.as_deref().is_some_and(own::is_own);
        let done = match &args.verb {
            UpdateVerb::Apply { file, version } => apply(config, args, file, version.as_deref()).await?,
            UpdateVerb::Rollback { .. } if wants_agent => undo_agent().await?,
            UpdateVerb::Rollback { steps } => roll_back(config, args, *steps).await?,
            UpdateVerb::List => bail!("nothing is to be done"),
        };
        show(&done, args.json)
    })
}

fn list(config: &AgentConfig, args: &UpdateArgs) -> anyhow::Result<ExitCode> {
    let mut all = vec![agent_overview()];
    for name in config.software.keys() {
        all.push(installer(config, name)?.overview(name)?);
    }
    all.retain(|overview| args.software.as_ref().is_none_or(|name| *name == overview.name));
    if args.json {
        return super::print_json(&all);
    }
    for Overview { name, folder, version, under_way, backups } in &all {
        let version = version.as_deref().unwrap_or("of an unknown version");
        let busy = under_way.as_ref().map_or("", |_| "; an installation was interrupted, the next one finishes it");
        super::print_line(&format!("{name} {version} in {}{busy}", folder.display()))?;
        for (number, backup) in backups.iter().enumerate() {
            super::print_line(&format!("  rollback {}: {backup}", number + 1))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn agent_overview() -> Overview {
    let alone = Alone::here();
    let folder = alone.as_ref().map_or_else(|| PathBuf::from(SOFTWARE_FOLDER), |alone| alone.folder().to_owned());
    let under_way = trial::trial(&folder).map(|_| Phase::Proving { interruptions: 0 });
    let before = match &alone {
        Some(alone) => alone.has_previous(),
        None => folder.join("previous").exists() || folder.join("agent").exists(),
    };
    let backups = before.then(|| "the version before".to_owned()).into_iter().collect();
    let version = Some(crate::VERSION.to_owned());
    Overview { name: "agent".to_owned(), folder, version, under_way, backups }
}

async fn apply(config: &AgentConfig, args: &UpdateArgs, file: &Path, version: Option<&str>) -> anyhow::Result<Done> {
    let is = trust::fingerprint(file)?;
    let manifest = match manifest_beside(file)? {
        Some(manifest) => manifest,
        None => Manifest {
            name: named(config, args)?,
            version: version.context("no manifest lies beside the package: say --version")?.to_owned(),
            processor: ANY_PROCESSOR.to_owned(),
            size_bytes: is.size_bytes,
            sha256: is.sha256.clone(),
            signature: None,
        },
    };
    trust::ensure_is(&is, Some(manifest.size_bytes), Some(&manifest.sha256))?;
    manifest.judge(&trust::keys(&config.commands.update_software.release_keys)?, std::env::consts::ARCH)?;
    if own::is_own(&manifest.name) {
        return install_agent(&manifest, file).await;
    }
    let name = args.software.clone().unwrap_or_else(|| manifest.name.clone());
    anyhow::ensure!(name == manifest.name, "the package is {}, not {name}", manifest.name);
    let installer = installer(config, &name)?;
    if let Some(present) = installer.place.installed() {
        let is_older = version::is_older(&manifest.version, &present.version);
        anyhow::ensure!(!is_older, "{} is older than {}; use `update rollback`", manifest.version, present.version);
    }
    let turn = installer.turn()?;
    installer.resume(&turn, &Silent).await?;
    let to = Installed { version: manifest.version, sha256: Some(is.sha256) };
    let (journal, ending) = installer.install(&turn, BY_HAND, (file, to), &Silent).await?;
    Ok(done(&name, journal, ending))
}

async fn roll_back(config: &AgentConfig, args: &UpdateArgs, steps: usize) -> anyhow::Result<Done> {
    let name = named(config, args)?;
    let installer = installer(config, &name)?;
    let turn = installer.turn()?;
    installer.resume(&turn, &Silent).await?;
    let (journal, ending) = installer.roll_back(&turn, BY_HAND, steps, &Silent).await?;
    Ok(done(&name, journal, ending))
}

async fn install_agent(manifest: &Manifest, file: &Path) -> anyhow::Result<Done> {
    let (software, from, to) = (AGENT.to_owned(), Some(crate::VERSION.to_owned()), manifest.version.clone());
    if let Some(alone) = Alone::here() {
        let is_older = version::is_older(&to, crate::VERSION);
        anyhow::ensure!(!is_older, "{to} is older than {}; use `update rollback`", crate::VERSION);
        alone.install(file)?;
        let detail = "in place; restart the agent. No package installed it, so nothing watches the new version: \
                      `update rollback --software agent` goes back";
        return Ok(Done { software, from, to, outcome: "installed", detail: detail.to_owned() });
    }
    let package = Package {
        id: BY_HAND.to_owned(),
        file: std::path::absolute(file).context("name the package")?,
        version: manifest.version.clone(),
        signature: manifest.signature.clone().unwrap_or_default(),
    };
    RootHelper::default().act(Verb::InstallAgent(package)).await?;
    let detail = "in place, on trial; start it: systemctl restart vigie-agent".to_owned();
    Ok(Done { software, from, to, outcome: "on_trial", detail })
}

async fn undo_agent() -> anyhow::Result<Done> {
    let (software, from) = (AGENT.to_owned(), Some(crate::VERSION.to_owned()));
    let detail = if let Some(alone) = Alone::here() {
        alone.undo()?;
        "the version before is in place; restart the agent".to_owned()
    } else {
        RootHelper::default().act(Verb::UndoAgent { reason: "somebody asked for it by hand".to_owned() }).await?;
        "the version before is in place and starts".to_owned()
    };
    Ok(Done { software, from, to: "the version before".to_owned(), outcome: "installed", detail })
}

fn manifest_beside(file: &Path) -> anyhow::Result<Option<Manifest>> {
    let mut path = file.as_os_str().to_owned();
    path.push(MANIFEST_SUFFIX);
    let path = PathBuf::from(path);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("understand {}", path.display())).map(Some)
}

/// The software that was named, or the only one that there is.
fn named(config: &AgentConfig, args: &UpdateArgs) -> anyhow::Result<String> {
    let known = config.software.keys().map(String::as_str).collect::<Vec<_>>();
    match (&args.software, known.as_slice()) {
        (Some(name), _) => Ok(name.clone()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => bail!("no software is declared; write a section [software.NAME] into the configuration"),
        (None, _) => bail!("say which with --software: {}", known.join(", ")),
    }
}

fn installer(config: &AgentConfig, name: &str) -> anyhow::Result<Installer> {
    declared::installer(config, name, Arc::new(RootHelper::default()))
}

fn done(name: &str, journal: Journal, ending: Ending) -> Done {
    let (outcome, detail) = match ending {
        Ending::Kept => ("installed", "it is in place and works; the version before is kept as a backup".to_owned()),
        Ending::Untouched(reason) => ("failed", format!("nothing was changed: {reason}")),
        Ending::TakenBack(reason) => ("rolled_back", format!("all is as it was before: {reason}")),
        Ending::Stuck(reason) => ("failed", format!("{reason}; the next try finishes it")),
    };
    Done { software: name.to_owned(), from: journal.from, to: journal.to.version, outcome, detail }
}

fn show(done: &Done, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        super::print_json(done)?;
    } else {
        super::print_line(&format!("{} {}: {}", done.software, done.to, done.detail))?;
    }
    Ok(if matches!(done.outcome, "installed" | "on_trial") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
