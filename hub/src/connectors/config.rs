//! What an owner sets for all connectors, in `hub.toml`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

use super::wait::Patience;

/// The section `connectors` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectorsConfig {
    /// Hosts, addresses and networks that connectors, webhooks and the dead-man ping may call although they are on this machine or a private
    /// network; only these may be called without TLS.
    pub allow: Vec<String>,
    /// Wait after the first failure of a row; it doubles with each.
    #[serde(with = "units::duration")]
    pub retry_min: Duration,
    /// Longest wait, and how often everything is looked over.
    #[serde(with = "units::duration")]
    pub retry_max: Duration,
    /// How often people are read from third parties.
    #[serde(with = "units::duration")]
    pub people_every: Duration,
}

impl Default for ConnectorsConfig {
    fn default() -> Self {
        let Patience { retry_min, retry_max } = Patience::default();
        Self { allow: Vec::new(), retry_min, retry_max, people_every: Duration::from_secs(15 * 60) }
    }
}

impl ConnectorsConfig {
    /// Between which bounds tries are repeated.
    #[must_use]
    pub fn patience(&self) -> Patience {
        Patience { retry_min: self.retry_min, retry_max: self.retry_max }
    }
}
