//! Settings of `deploy_video`.

use serde::{Deserialize, Serialize};
use vigie_shared::units;

use crate::download::source::AllowedHosts;

/// The section `commands.deploy_video` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest file that is fetched.
    #[serde(with = "units::bytes")]
    pub max_download_size: u64,
    /// Space on the disk that is left to others.
    #[serde(with = "units::bytes")]
    pub free_bytes_min: u64,
    /// The hosts from which videos may be fetched, besides the hub.
    pub allowed_hosts: AllowedHosts,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_download_size: 1 << 30, free_bytes_min: 256 << 20, allowed_hosts: AllowedHosts::default() }
    }
}
