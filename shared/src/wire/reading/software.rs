//! What is installed on a box.

use serde::{Deserialize, Serialize};

/// Everything that releases can replace on a box; a later list replaces an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftwareList {
    /// The machine's processor, as releases name it.
    pub processor: String,
    /// The agent itself, and what the owner declares.
    pub software: Vec<SoftwareVersion>,
}

/// One software.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftwareVersion {
    /// Its name, as releases have it: [`AGENT`](crate::release::AGENT), or what the owner calls it.
    pub name: String,
    /// Its version; none if it was installed by other means and nobody can tell.
    pub version: Option<String>,
}
