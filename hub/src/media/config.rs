//! Settings of the media.

use serde::{Deserialize, Serialize};
use vigie_shared::units;

/// Section `media`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Most bytes of all media together.
    #[serde(with = "units::bytes")]
    pub quota: u64,
    /// Largest medium.
    #[serde(with = "units::bytes")]
    pub file_size_max: u64,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { quota: 20 << 30, file_size_max: 4 << 30 }
    }
}
