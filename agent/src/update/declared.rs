//! From the owner's declaration to an installer; and what is to be finished when the agent starts.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;

use super::install::{BY_HAND, Hears, Installer};
use super::place::Journal;
use crate::config::AgentConfig;
use crate::privileged::Privileges;

/// The installer of a declared software.
///
/// # Errors
///
/// If it is not declared, or one of its services is not on the owner's list.
pub fn installer(config: &AgentConfig, name: &str, privileges: Arc<dyn Privileges>) -> anyhow::Result<Installer> {
    let software = config.software.get(name).cloned();
    let software = software.with_context(|| format!("`{name}` is not declared; its owner writes [software.{name}]"))?;
    let unit = |service: &String| {
        let unit = config.commands.services.unit(service);
        unit.with_context(|| format!("the service `{service}` is not on this box's list, commands.services"))
    };
    let units = software.services.iter().map(unit).collect::<anyhow::Result<_>>()?;
    Ok(Installer::new(software, units, privileges))
}

/// Finishes what was begun by hand and interrupted, as by a power cut. What a command began, the command finishes.
///
/// # Errors
///
/// None: what cannot be finished is logged and stays for the next start.
pub async fn repair(config: Arc<AgentConfig>, privileges: Arc<dyn Privileges>) -> anyhow::Result<()> {
    for name in config.software.keys() {
        if let Err(error) = repair_one(&config, name, Arc::clone(&privileges)).await {
            tracing::warn!(software = name, "an interrupted installation could not be finished: {error:#}");
        }
    }
    Ok(())
}

async fn repair_one(config: &AgentConfig, name: &str, privileges: Arc<dyn Privileges>) -> anyhow::Result<()> {
    let installer = installer(config, name, privileges)?;
    if installer.place.journal()?.is_none_or(|journal| journal.id != BY_HAND) {
        return Ok(());
    }
    let turn = installer.turn()?;
    if let Some((_, ending)) = installer.resume(&turn, &Silent).await? {
        tracing::info!(software = name, "an interrupted installation was finished: {ending:?}");
    }
    Ok(())
}

/// For installations that no command asked for: the journal in the folder is enough.
pub struct Silent;

#[async_trait]
impl Hears for Silent {
    async fn phase(&self, _journal: &Journal) -> anyhow::Result<()> {
        Ok(())
    }
}
