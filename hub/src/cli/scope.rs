//! What holds for every verb: which hub is meant, and how to print.

use std::path::PathBuf;

use clap::Args;
use vigie_shared::config::{self, Sources};

use super::client::{Hub, HubError};
use crate::config::{CONFIG_FILE, ENV_PREFIX, HubConfig};
use crate::http::serve::socket_path;

/// The data folder of a hub that was started from where somebody stands.
const DATA_HERE: &str = "vigie-data";

/// What holds for every verb.
#[derive(Debug, Clone, Args)]
pub struct Scope {
    /// Data folder of the hub [default: /var/lib/vigie/hub if it exists, else ./vigie-data].
    #[arg(long, global = true, value_name = "FOLDER", env = "VIGIE_HUB_DATA")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: /etc/vigie/hub.toml if it exists].
    #[arg(long, global = true, value_name = "FILE", env = "VIGIE_HUB_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print JSON, as the HTTP API has it, instead of text.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Scope {
    /// Where the configuration comes from.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources {
            is_required: self.config.is_some(),
            file: self.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG_FILE)),
            env_prefix: ENV_PREFIX,
        }
    }

    /// The data folder that is meant: as said, as configured, of an installed hub, or here.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        if let Some(data) = &self.data {
            return data.clone();
        }
        let sources = self.sources();
        if sources.file.exists()
            && let Ok(config) = config::load::<HubConfig>(&sources)
        {
            return config.data;
        }
        let installed = HubConfig::default().data;
        if installed.is_dir() { installed } else { PathBuf::from(DATA_HERE) }
    }

    /// Speaks with the hub of this data folder.
    pub(super) fn hub(&self) -> Result<Hub, HubError> {
        Hub::new(&socket_path(&self.data()))
    }
}
