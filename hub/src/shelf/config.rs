//! Settings of a shelf.

use serde::{Deserialize, Serialize};
use vigie_shared::units;

/// Sections `media` and `releases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShelfConfig {
    /// Most bytes of all that lies there together.
    #[serde(with = "units::bytes")]
    pub quota: u64,
    /// Largest content.
    #[serde(with = "units::bytes")]
    pub file_size_max: u64,
}

impl Default for ShelfConfig {
    fn default() -> Self {
        Self { quota: 20 << 30, file_size_max: 4 << 30 }
    }
}
