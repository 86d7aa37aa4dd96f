//! Installs another version of the agent or of the owner's software, and undoes it if it does not work.
//!
//! What is fetched is verified before anything is touched. The order of an installation and what an interruption means is
//! in [`crate::update`]; this file turns a command into it, and its ending into an outcome.

mod agent;
mod package;
mod software;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vigie_shared::units;
use vigie_shared::wire::command::{UpdateSoftware as Parameters, When};

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::download::Fetcher;
use crate::download::source::AllowedHosts;
use crate::update::own::{self, Own};

/// A large package on a slow line, a slow disk, and an agent on trial; everything in it has limits of its own.
const TIME_MAX: Duration = Duration::from_secs(4 * 3600);

/// The section `commands.update_software` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the hub may update this box at all.
    pub enabled: bool,
    /// The hour in which updates that can wait begin, 0 to 23, in the machine's time zone.
    pub auto_update_hour: u8,
    /// The largest package that is fetched.
    #[serde(with = "units::bytes")]
    pub package_size_max: u64,
    /// The hosts from which packages may be fetched, besides the hub.
    pub allowed_hosts: AllowedHosts,
    /// The owner's release keys: with a key here, only what it signed is taken.
    pub release_keys: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            auto_update_hour: 3,
            package_size_max: 1 << 30,
            allowed_hosts: AllowedHosts::default(),
            release_keys: PathBuf::from("/etc/vigie/release-keys"),
        }
    }
}

/// Executes `update_software`.
struct UpdateSoftware {
    config: Config,
    context: Context,
    own: Own,
    fetcher: Fetcher,
}

/// Makes the executor.
pub fn new(config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    UpdateSoftware::new(config, context, Own::default())
}

#[async_trait]
impl Act for UpdateSoftware {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        self.ensure_enabled()?;
        match self.target(parameters)? {
            Target::Agent => self.run_agent(parameters, underway).await,
            Target::Software(name) => self.run_software(&name, parameters, underway).await,
        }
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        self.ensure_enabled()?;
        let target = self.target(parameters)?;
        let free = crate::space::free_bytes(&self.context.data)
            .map_err(|error| Failure::Failed(format!("ask how full the disk is: {error}")))?;
        let size = parameters.size_bytes.map_or_else(|| "an unknown number of".to_owned(), |size| size.to_string());
        let (name, present, services) = match &target {
            Target::Agent => {
                if let Some(objection) = self.own.objection(&parameters.version) {
                    return Err(Failure::Refused(objection));
                }
                ("agent", Some(self.own.version().to_owned()), Vec::new())
            }
            Target::Software(name) => {
                let installer = self.installer(name)?;
                let present = installer.place.installed().map(|installed| installed.version);
                let services = self.context.settings.software.get(name).map(|software| software.services.clone());
                software::ensure_not_older(&parameters.version, present.as_deref())?;
                (name.as_str(), present, services.unwrap_or_default())
            }
        };
        let version = &parameters.version;
        let stop = if services.is_empty() { "no service".to_owned() } else { services.join(", ") };
        let text = format!(
            "{name} {version} would come instead of {}: {size} bytes to fetch, {free} bytes free; {stop} would stand \
             meanwhile; people present: unknown",
            present.as_deref().unwrap_or("an unknown version"),
        );
        let (bytes, presence) = (parameters.size_bytes, "unknown");
        Ok(Answer::with(
            text,
            json!({ "target": name, "from": present, "to": version, "package_bytes": bytes, "free_bytes": free,
                "services": services, "presence": presence }),
        ))
    }

    async fn settle(&self, parameters: &Parameters, past: &Past, underway: &Underway) -> Settled {
        let settled = match self.target(parameters) {
            Ok(Target::Agent) => self.settle_agent(parameters, past, underway).await,
            Ok(Target::Software(name)) => self.settle_software(&name, parameters, past, underway).await,
            Err(failure) => Err(failure),
        };
        settled.unwrap_or_else(|failure| Settled::Ended(Err(failure)))
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        let hour = self.config.auto_update_hour;
        let is_time = parameters.when == When::Now || self.hour() == Some(hour);
        (!is_time).then(|| format!("it waits for the hour that the owner prefers, {hour}:00 local time"))
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }
}

/// What is to be updated.
enum Target {
    Agent,
    Software(String),
}

impl UpdateSoftware {
    fn new(config: &Config, context: &Context, own: Own) -> Self {
        let fetcher = Fetcher::new(Arc::clone(&context.hub), config.allowed_hosts.clone());
        Self { config: config.clone(), context: context.clone(), own, fetcher }
    }

    fn ensure_enabled(&self) -> Result<(), Failure> {
        if self.config.enabled {
            return Ok(());
        }
        Err(Failure::Refused(
            "this box's owner does not let it be updated (commands.update_software.enabled)".to_owned(),
        ))
    }

    /// The target by its name, or the only software that there is.
    fn target(&self, parameters: &Parameters) -> Result<Target, Failure> {
        let declared = &self.context.settings.software;
        let known = || declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match &parameters.target {
            Some(name) if own::is_own(name) => Ok(Target::Agent),
            Some(name) if declared.contains_key(name) => Ok(Target::Software(name.clone())),
            Some(name) => Err(Failure::Refused(format!(
                "`{name}` is no software of this box; known are agent, {}; its owner declares [software.{name}]",
                known()
            ))),
            None if declared.len() == 1 => Ok(Target::Software(known())),
            None if declared.is_empty() => Err(Failure::Refused(
                "this box's owner declares no software; he writes a section [software.NAME]".to_owned(),
            )),
            None => Err(Failure::Refused(format!("say which software: {}", known()))),
        }
    }

    fn hour(&self) -> Option<u8> {
        let now = Timestamp::from_millisecond(self.context.time.trusted_now_ms()).ok()?;
        u8::try_from(now.to_zoned(TimeZone::system()).hour()).ok()
    }
}
