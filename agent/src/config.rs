//! Everything that an owner can set on a box. Each part's section stands beside the part.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vigie_shared::telemetry::LogFile;

use crate::app::AppConfig;
use crate::collectors::CollectConfig;
use crate::commands::CommandsConfig;
use crate::journal::QueueConfig;
use crate::local_page;
use crate::naming;
use crate::pairing;
use crate::terminals;
use crate::update::settings::Software;

/// Environment variables that begin like this override the file: `VIGIE_AGENT__COLLECT__LAN__INVENTORY=true`.
pub const ENV_PREFIX: &str = "VIGIE_AGENT__";

/// The agent's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// Where the agent keeps its identity and its queue.
    pub data: PathBuf,
    /// The socket by which the command line asks a running agent.
    pub socket: PathBuf,
    /// How much to log: `error`, `warn`, `info`, `debug`, `trace`, or a filter.
    pub log: String,
    /// A log file besides the journal.
    pub log_file: LogFile,
    /// The hub.
    pub hub: HubConfig,
    /// The durable queue.
    pub queue: QueueConfig,
    /// What may be said about the devices on the LAN.
    pub devices: naming::Config,
    /// The page for the person on site.
    pub local_page: local_page::Config,
    /// The page by which people's devices say whose they are.
    pub pairing: pairing::Config,
    /// The collectors.
    pub collect: CollectConfig,
    /// The time clocks that deliver here.
    pub terminals: terminals::Config,
    /// The local application that shows the videos.
    pub app: AppConfig,
    /// What the hub may ask of this box.
    pub commands: CommandsConfig,
    /// The owner's software that may be updated, by the name that it has there.
    pub software: BTreeMap<String, Software>,
}

/// The section `hub`. Its address is not here: it comes with the registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Whether the agent calls its hub; without it the box collects only, and delivers once this is on again.
    pub enabled: bool,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/vigie/agent"),
            socket: PathBuf::from("/run/vigie/agent.sock"),
            log: "info".to_owned(),
            log_file: LogFile::default(),
            hub: HubConfig::default(),
            queue: QueueConfig::default(),
            devices: naming::Config::default(),
            local_page: local_page::Config::default(),
            pairing: pairing::Config::default(),
            collect: CollectConfig::default(),
            terminals: terminals::Config::default(),
            app: AppConfig::default(),
            commands: CommandsConfig::default(),
            software: BTreeMap::new(),
        }
    }
}

impl AgentConfig {
    /// Settings of an agent that keeps everything in one folder, as `vigie-hub up` and tests want it. It has no local
    /// page: it may be one of several on its machine.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        let local_page = local_page::Config { enabled: false, ..local_page::Config::default() };
        Self { socket: folder.join("agent.sock"), data: folder, local_page, ..Self::default() }
    }

    /// The folder of the box's identity.
    #[must_use]
    pub fn identity_folder(&self) -> PathBuf {
        self.data.join("identity")
    }

    /// The folder of the book of commands.
    #[must_use]
    pub fn book_folder(&self) -> PathBuf {
        self.data.join("commands").join("book")
    }

    /// The folder of the queue's lanes.
    #[must_use]
    pub fn queue_folder(&self) -> PathBuf {
        self.data.join("queue")
    }
}
