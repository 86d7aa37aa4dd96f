//! Reads lines of a service's journal or of a log file on the owner's list.
//!
//! The newest lines that fit are answered, in their order; what is too large for a record goes to the hub by
//! HTTPS and is referred to by hash. Bytes that are no text, and those that would move a terminal's cursor, are
//! replaced.

mod select;
mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::Duration;
use vigie_shared::units;
use vigie_shared::wire::command::{ANSWER_BYTES_MAX, GetLogs as Parameters};

use self::select::{Excerpt, Wanted};
use self::source::{LogFile, LogUnit};
use super::common::OWN_UNIT;
use super::{Act, Answer, Context, Failure, Services, Underway};
use crate::hub_https::{HubHttps, Upload as _};

/// Lines if the command does not say how many.
const LINES: u32 = 100;

/// Lines at most.
const LINES_MAX: u32 = 100_000;

/// JSON makes text longer; what is above this is uploaded.
const INLINE_BYTES_MAX: usize = ANSWER_BYTES_MAX / 2;

/// A log that takes longer is too large to search.
const TIME_MAX: Duration = Duration::from_secs(120);

/// The section `commands.get_logs` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Log files that may be read, by the names that commands use.
    pub files: BTreeMap<String, PathBuf>,
    /// Most that one command may read out; never more than 16 MiB.
    #[serde(with = "units::bytes")]
    pub size_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { files: BTreeMap::new(), size_max: 1 << 20 }
    }
}

/// Executes `get_logs`.
struct GetLogs {
    config: Config,
    services: Services,
    hub: Arc<HubHttps>,
    journal_reader: PathBuf,
}

/// Makes the executor.
pub fn new(config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    make(config, context)
}

fn make(config: &Config, context: &Context) -> GetLogs {
    GetLogs {
        config: config.clone(),
        services: context.settings.commands.services.clone(),
        hub: Arc::clone(&context.hub),
        journal_reader: PathBuf::from("journalctl"),
    }
}

#[async_trait]
impl Act for GetLogs {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let wanted = self.wanted(parameters);
        let (name, excerpt) = match (&parameters.service, &parameters.source) {
            (Some(_), Some(_)) => {
                return Err(Failure::Refused("ask for a service or for a source, not both".to_owned()));
            }
            (None, Some(source)) => (source.clone(), self.of_file(source, parameters, wanted).await?),
            (service, None) => {
                let service = service.as_deref().unwrap_or(OWN_UNIT);
                let unit = self.services.unit(service);
                let unit = unit.ok_or_else(|| Failure::Refused(self.services.refusal(service)))?;
                (unit.clone(), self.of_unit(unit, parameters, wanted).await?)
            }
        };
        self.answer(&name, excerpt, underway).await
    }

    fn is_read(&self) -> bool {
        true
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }
}

impl GetLogs {
    fn wanted(&self, parameters: &Parameters) -> Wanted {
        let size_max = self.config.size_max.min(vigie_shared::blob::BLOB_BYTES_MAX as u64);
        let bytes = parameters.size_bytes_max.unwrap_or(size_max).min(size_max);
        Wanted {
            lines_max: parameters.lines.unwrap_or(LINES).min(LINES_MAX) as usize,
            bytes_max: usize::try_from(bytes).unwrap_or(usize::MAX),
            contains: parameters.contains.as_deref().map(str::to_lowercase),
        }
    }

    async fn of_file(&self, name: &str, parameters: &Parameters, wanted: Wanted) -> Result<Excerpt, Failure> {
        let Some(path) = self.config.files.get(name).cloned() else {
            let shown: String = name.chars().take(64).collect();
            let listed: Vec<&str> = self.config.files.keys().map(String::as_str).collect();
            let listed = if listed.is_empty() { "none is".to_owned() } else { listed.join(", ") };
            return Err(Failure::Refused(format!("`{shown}` is no log of this box's list; listed: {listed}")));
        };
        if parameters.since_ms.is_some() || parameters.until_ms.is_some() {
            return Err(Failure::Refused("a file's lines have no times that the box knows; leave them out".to_owned()));
        }
        let read = spawn_blocking(move || LogFile { path }.read(wanted)).await.context("read the log")?;
        Ok(read?)
    }

    async fn of_unit(&self, unit: String, parameters: &Parameters, wanted: Wanted) -> Result<Excerpt, Failure> {
        let (since_ms, until_ms) = (parameters.since_ms, parameters.until_ms);
        let log = LogUnit { program: self.journal_reader.clone(), unit, since_ms, until_ms };
        let read = spawn_blocking(move || log.read(wanted)).await.context("read the journal")?;
        Ok(read?)
    }

    async fn answer(&self, name: &str, excerpt: Excerpt, underway: &Underway) -> Result<Answer, Failure> {
        let Excerpt { lines, text, has_more } = excerpt;
        let more = if has_more { "; there are older ones" } else { "" };
        let said = format!("{lines} lines of {name}{more}");
        if text.len() <= INLINE_BYTES_MAX {
            return Ok(Answer::with(said, json!({ "lines": lines, "has_more": has_more, "text": text })));
        }
        underway.bytes("uploading", 0, Some(text.len() as u64));
        let blob = self.hub.put_blob(text.into_bytes()).await?;
        Ok(Answer::with(said, json!({ "lines": lines, "has_more": has_more, "blob": blob })))
    }
}

#[cfg(test)]
mod tests;
