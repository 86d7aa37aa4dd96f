//! What a step must know of the boxes.

use std::collections::BTreeMap;

use vigie_shared::id::SiteId;

use crate::store::commands::CommandState;

/// What surrounds a rollout.
#[derive(Debug, Clone)]
pub struct Around {
    /// Every site that there is.
    pub boxes: BTreeMap<SiteId, Known>,
    /// Boxes that the hub lets be updated at once.
    pub batch_max: usize,
    /// The time, milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// What is known of one box.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether it can hear.
    pub is_connected: bool,
    /// Whether its site was revoked.
    pub is_revoked: bool,
    /// Why it cannot get the version, if so: no package for its processor, no such software there.
    pub obstacle: Option<String>,
    /// The version that it runs, as far as it told.
    pub version: Option<String>,
    /// The version that it must stay at.
    pub pinned: Option<String>,
    /// The command of its last attempt; none if none was stored.
    pub command: Option<Ordered>,
}

/// A command that a rollout gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// How far it is.
    pub state: CommandState,
    /// Whether it ended because nobody began it in time.
    pub is_expired: bool,
    /// What was done, or why not.
    pub detail: String,
}
