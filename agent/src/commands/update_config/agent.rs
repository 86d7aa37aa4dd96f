//! The agent's own settings: checked by the real loader, put on trial, the agent started anew with them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::commands::{Answer, Failure, Past, Settled, Underway};
use crate::config::AgentConfig;
use crate::layers::trial::Upkeep;
use crate::layers::{self, Fate, Made};
use crate::queue::quota::Load;
use crate::queue::volume::{DiskVolume, Volume as _};

/// The settings in force, and what may change them.
pub(super) struct AgentSettings {
    settings: Arc<AgentConfig>,
    upkeep: Option<Upkeep>,
}

impl AgentSettings {
    pub(super) fn new(settings: Arc<AgentConfig>, upkeep: Option<Upkeep>) -> Self {
        Self { settings, upkeep }
    }

    /// Says which settings would change.
    pub(super) fn preview(&self, configuration: &str) -> Result<Answer, Failure> {
        let (_, _, changes) = self.checked(configuration, "preview")?;
        let names: Vec<&str> = changes.keys().map(String::as_str).collect();
        let text = match names.is_empty() {
            true => "nothing would change".to_owned(),
            false => format!("the agent would be started anew and try: {}", names.join(", ")),
        };
        Ok(Answer::with(text, json!({ "changes": changes })))
    }

    /// Puts them on trial and starts the agent anew; the end is [`AgentSettings::settle`]'s.
    pub(super) async fn try_out(&self, configuration: &str, underway: &Underway) -> Result<Answer, Failure> {
        let (upkeep, made, changes) = self.checked(configuration, &underway.id().to_string())?;
        if upkeep.layers.trial().is_some() {
            return Err(Failure::Refused("other settings are still on trial".to_owned()));
        }
        let is_kept = upkeep.layers.kept().is_some_and(|kept| kept.settings == made.settings);
        if is_kept && changes.is_empty() {
            return Ok(Answer::said("these settings are in force already"));
        }
        underway.note(json!({ "proposed": true })).await?;
        let proposed = upkeep.layers.propose(made);
        proposed.map_err(|error| Failure::Failed(format!("the settings could not be written: {error}")))?;
        underway.stage("starting anew with the new settings");
        upkeep.restart();
        std::future::pending().await
    }

    /// Waits for the end of the trial.
    pub(super) async fn settle(&self, past: &Past, underway: &Underway) -> Settled {
        let Some(upkeep) = &self.upkeep else { return Settled::Unknown(foreign()) };
        underway.stage("the new settings are on trial");
        match upkeep.fate(&underway.id().to_string()).await {
            Fate::Kept => Settled::Ended(Ok(Answer::said(
                "the new settings are in force: the hub confirmed a record made with them",
            ))),
            Fate::Undone(reason) => {
                Settled::Ended(Err(Failure::RolledBack(format!("the settings are as before: {reason}"))))
            }
            Fate::OnTrial | Fate::Unknown if past.note.is_none() => Settled::Again,
            Fate::OnTrial | Fate::Unknown => Settled::Ended(Err(Failure::RolledBack(
                "the settings are as before: the agent was stopped before it could try the new ones".to_owned(),
            ))),
        }
    }

    /// The settings if they may be tried, and what they would change.
    fn checked(&self, configuration: &str, command: &str) -> Result<(&Upkeep, Made, Map<String, Value>), Failure> {
        let upkeep = self.upkeep.as_ref().ok_or_else(|| Failure::Refused(foreign()))?;
        let refused = |reason: String| Failure::Refused(format!("these settings cannot be tried: {reason}"));
        let settings: Value = serde_json::from_str(configuration).map_err(|error| refused(error.to_string()))?;
        let made = Made { command: command.to_owned(), settings };
        let then = layers::check(&upkeep.sources, &made).map_err(refused)?;
        has_room(&then).map_err(refused)?;
        let mut changes = Map::new();
        let tree = |config: &AgentConfig| serde_json::to_value(config).map_err(anyhow::Error::from);
        differences(&tree(&self.settings)?, &tree(&then)?, "", &mut changes);
        Ok((upkeep, made, changes))
    }
}

/// Whether an empty ledger would take a record with these settings: the other lanes take some even without room, and
/// their receipts would prove nothing about punches.
fn has_room(config: &AgentConfig) -> Result<(), String> {
    let free = DiskVolume::new(&config.queue_folder()).and_then(|volume| volume.free());
    let free = free.map_err(|error| format!("the disk's free space cannot be asked: {error}"))?;
    let (empty, one) = (Load { records: 0, bytes: 0 }, Load { records: 1, bytes: 1 });
    match config.queue.quota().shortage(empty, one, free) {
        Some(shortage) => Err(format!("the queue would take nothing with `queue` like this: {shortage}")),
        None => Ok(()),
    }
}

fn foreign() -> String {
    "this agent runs inside another program, which alone has its settings".to_owned()
}

/// Every setting that differs, by its name: what it was and what it would be.
fn differences(now: &Value, then: &Value, path: &str, changes: &mut Map<String, Value>) {
    if let (Value::Object(now), Value::Object(then)) = (now, then) {
        let keys = now.keys().chain(then.keys().filter(|key| !now.contains_key(*key)));
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let of = |tree: &serde_json::Map<String, Value>| tree.get(key).cloned().unwrap_or(Value::Null);
            differences(&of(now), &of(then), &path, changes);
        }
    } else if now != then {
        changes.insert(path.to_owned(), json!({ "now": now, "then": then }));
    }
}
