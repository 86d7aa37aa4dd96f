//! Parameters of the commands about the owner's Macs and PCs.

use serde::{Deserialize, Serialize};

/// Which machines, and what to say on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowMessage {
    /// Serial numbers, names or addresses of the machines; none: all that the box has read.
    #[serde(default)]
    pub machines: Option<Vec<String>>,
    /// The heading, at most 100 characters; more is cut.
    pub title: String,
    /// The message, at most 500 characters; more is cut.
    pub text: String,
    /// Seconds after which it disappears by itself, 5 to 300; a minute if not said.
    #[serde(default)]
    pub give_up_s: Option<u32>,
}
