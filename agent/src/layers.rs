//! Settings that the hub made: a layer above the owner's files, on trial until the hub confirms a record made with it.
//!
//! Everything is decided on the disk, so that a power cut at any moment settles right at the next start:
//! `trial.json` is what is being tried and how often the agent started with it; `layer.json` is what stays, and taking
//! its place *is* the decision to keep; `verdict.json` tells a command that asks later. A trial that was started too
//! often without a verdict is undone, as one is that the loader refuses. Without a trial or a layer that can be read,
//! the owner's files count alone: no layer keeps the agent from starting.
//!
//! What only the owner may say never comes from a layer: [`check`] takes what is [`OPEN`] and refuses all else by name.

pub mod trial;

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::config::{self, ConfigErrors, Layer, Sources};
use vigie_shared::file::{make_private_folder, read_json, replace_private, sync_folder};

use crate::config::AgentConfig;
use crate::previous::Previous;

/// Sections that the hub may set; a section that is not named here is the owner's alone.
const OPEN: [&str; 3] = ["log", "queue", "collect"];

/// Settings within the open sections that are the owner's alone: paths, and what is logged in to.
const CLOSED: [&str; 3] = ["collect.leases.files", "collect.drop.folder", "collect.machines"];

/// Starts without a verdict after which a trial is undone.
const STARTS_MAX: u32 = 3;

/// Settings, and the command that brought them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The command's id.
    pub command: String,
    /// The settings, as the configuration file has them.
    pub settings: Value,
}

/// Settings on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What is tried.
    pub made: Made,
    /// How often the agent started with it.
    pub starts: u32,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Verdict {
    command: String,
    /// Why it was undone; none if it was kept.
    undone: Option<String>,
}

/// What became of a command's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nobody decided yet.
    OnTrial,
    /// They are in force.
    Kept,
    /// They were undone; the reason is for people.
    Undone(String),
    /// They never came here, or others came after them.
    Unknown,
}

/// The folder of machine-made settings.
#[derive(Debug, Clone)]
pub struct Layers {
    folder: PathBuf,
}

impl Layers {
    /// Those in an agent's data folder.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("settings") }
    }

    /// The settings that stay; none if there are none, or none that can be read.
    #[must_use]
    pub fn kept(&self) -> Option<Made> {
        self.read("layer.json")
    }

    /// What is on trial.
    #[must_use]
    pub fn trial(&self) -> Option<Trial> {
        self.read("trial.json")
    }

    /// Puts settings on trial, from the next start on.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn propose(&self, made: Made) -> io::Result<()> {
        make_private_folder(&self.folder)?;
        self.write("trial.json", &Trial { made, starts: 0 })
    }

    /// What the agent starts with: finishes what a power cut interrupted, counts this start, undoes what was tried too
    /// often.
    #[must_use]
    pub fn start(&self) -> Option<Trial> {
        let mut trial = self.trial()?;
        let command = trial.made.command.clone();
        if self.kept().is_some_and(|kept| kept.command == command) {
            if let Err(error) = self.end(&command, None) {
                tracing::warn!("that new settings are kept cannot be written: {error}");
            }
            return None;
        }
        if let Some(Verdict { undone: Some(reason), .. }) = self.verdict().filter(|one| one.command == command) {
            self.undo(&command, &reason);
            return None;
        }
        if trial.starts >= STARTS_MAX {
            self.undo(&command, &format!("the agent was started {STARTS_MAX} times with them and proved nothing"));
            return None;
        }
        trial.starts += 1;
        if let Err(error) = self.write("trial.json", &trial) {
            self.undo(&command, &format!("the disk failed: {error}"));
            return None;
        }
        Some(trial)
    }

    /// Keeps what is on trial; what it replaces is put aside.
    ///
    /// # Errors
    ///
    /// Those of the disk; then nothing is decided.
    pub fn keep(&self, made: &Made) -> io::Result<()> {
        if let Some(before) = self.kept() {
            let content = serde_json::to_vec_pretty(&before)?;
            Previous::new(self.folder.join("previous")).keep(&made.command, &content)?;
        }
        self.write("layer.json", made)?;
        self.end(&made.command, None)
    }

    /// Undoes what is on trial. Never fails: with a disk that refuses the reason, the trial goes all the same.
    pub fn undo(&self, command: &str, reason: &str) {
        tracing::warn!(command.id = command, "new settings are undone: {reason}");
        if let Err(error) = self.end(command, Some(reason.to_owned())) {
            tracing::warn!("why settings were undone cannot be written: {error}");
            drop(std::fs::remove_file(self.folder.join("trial.json")));
        }
    }

    /// What became of a command's settings.
    #[must_use]
    pub fn fate(&self, command: &str) -> Fate {
        let is_it = |made: &Made| made.command == command;
        match self.verdict().filter(|verdict| verdict.command == command) {
            Some(Verdict { undone: None, .. }) => Fate::Kept,
            Some(Verdict { undone: Some(reason), .. }) => Fate::Undone(reason),
            None if self.kept().as_ref().is_some_and(is_it) => Fate::Kept,
            None if self.trial().is_some_and(|trial| is_it(&trial.made)) => Fate::OnTrial,
            None => Fate::Unknown,
        }
    }

    /// The layer that counts, for everybody who only looks.
    #[must_use]
    pub fn in_force(&self, sources: &Sources) -> Option<Layer> {
        let made = self.trial().map(|trial| trial.made).or_else(|| self.kept())?;
        check(sources, &made).ok().map(|_| layer(&made))
    }

    fn verdict(&self) -> Option<Verdict> {
        self.read("verdict.json")
    }

    fn end(&self, command: &str, undone: Option<String>) -> io::Result<()> {
        self.write("verdict.json", &Verdict { command: command.to_owned(), undone })?;
        match std::fs::remove_file(self.folder.join("trial.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        sync_folder(&self.folder)
    }

    fn write<T: Serialize>(&self, name: &str, content: &T) -> io::Result<()> {
        replace_private(&self.folder.join(name), &serde_json::to_vec_pretty(content)?)
    }

    /// What cannot be read counts as missing: the owner's files stand without it.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        read_json(&self.folder.join(name))
    }
}

/// What is in force, for everybody who only looks.
///
/// # Errors
///
/// What is wrong with the owner's files.
pub fn load(sources: &Sources) -> Result<AgentConfig, ConfigErrors> {
    let own: AgentConfig = config::load(sources)?;
    let layer = Layers::of(&own.data).in_force(sources);
    Ok(layer.and_then(|layer| config::load_with(sources, Some(&layer)).ok()).unwrap_or(own))
}

/// What the agent runs with, and what of it is on trial.
///
/// # Errors
///
/// What is wrong with the owner's files.
pub fn start(sources: &Sources) -> Result<(AgentConfig, Option<Trial>), ConfigErrors> {
    let own: AgentConfig = config::load(sources)?;
    let layers = Layers::of(&own.data);
    if let Some(trial) = layers.start() {
        match check(sources, &trial.made) {
            Ok(config) => return Ok((config, Some(trial))),
            Err(reason) => layers.undo(&trial.made.command, &reason),
        }
    }
    let Some(kept) = layers.kept() else { return Ok((own, None)) };
    match check(sources, &kept) {
        Ok(config) => Ok((config, None)),
        Err(reason) => {
            tracing::error!("the settings that the hub made are left out: {reason}");
            Ok((own, None))
        }
    }
}

/// What would be in force with these settings.
///
/// # Errors
///
/// A sentence: what is the owner's alone, unknown or wrong in them.
pub fn check(sources: &Sources, made: &Made) -> Result<AgentConfig, String> {
    is_open(&made.settings)?;
    config::load_with(sources, Some(&layer(made))).map_err(|errors| errors.to_string())
}

fn layer(made: &Made) -> Layer {
    Layer { name: format!("command {}", made.command), tree: made.settings.clone() }
}

fn is_open(settings: &Value) -> Result<(), String> {
    let sections = settings.as_object().ok_or_else(|| "the settings are not an object".to_owned())?;
    let local = |key: &str| format!("`{key}` is decided on the box alone; no command can change it");
    if let Some(key) = sections.keys().find(|key| !OPEN.contains(&key.as_str())) {
        return Err(local(key));
    }
    let is_said = |path: &&&str| path.split('.').try_fold(settings, |tree, key| tree.get(key)).is_some();
    match CLOSED.iter().find(is_said) {
        Some(path) => Err(local(path)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
