//! How the agent is doing at this moment: written by its parts, read by `vigie-agent status`.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::wire::LaneDepth;

/// What the uplink says about the way to the hub. Clones share it.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<Link>>);

/// The way to the hub.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Since when the hub answers, milliseconds since 1970 UTC; none while it does not.
    pub connected_since_ms: Option<i64>,
    /// Since when it does not answer any more; none if it never did since the agent started.
    #[serde(default)]
    pub lost_ms: Option<i64>,
    /// When the hub last confirmed that it holds records.
    pub last_receipt_ms: Option<i64>,
    /// Why the last connection ended or could not be made.
    pub last_error: Option<String>,
    /// Connections tried since the agent started.
    pub attempts: u64,
}

/// Everything that `status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Whose box this is; none if it was never registered.
    pub site: Option<SiteId>,
    /// The hub's address; none if it was never registered.
    pub hub: Option<String>,
    /// The way to the hub.
    pub link: Link,
    /// What waits, per lane.
    pub lanes: Vec<LaneDepth>,
    /// Whether the clock is set from a trusted source.
    pub is_clock_synced: bool,
    /// The collectors that run.
    pub collectors: Vec<String>,
    /// Time clocks; none if the box takes none.
    #[serde(default)]
    pub terminals: Option<TerminalCount>,
}

/// How many time clocks there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalCount {
    /// Those that may deliver.
    pub admitted: usize,
    /// Of those, connected.
    pub connected: usize,
    /// Those that wait for somebody to admit them.
    pub pending: usize,
}

impl Board {
    /// The way to the hub as it is.
    #[must_use]
    pub fn link(&self) -> Link {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is known of the way to the hub.
    pub fn change(&self, change: impl FnOnce(&mut Link)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
