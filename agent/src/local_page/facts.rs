//! What the page shows: plain data, ages instead of times, so that a reader with a wrong clock is not misled.

use serde::Serialize;
use vigie_shared::wire::Lane;

use crate::status::Status;

/// How the box is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The agent's version.
    pub version: String,
    /// Whose box this is; none if it was never registered.
    pub site: Option<String>,
    /// The hub's address; none if it was never registered.
    pub hub: Option<String>,
    /// The way to the hub.
    pub connection: Connection,
    /// How long ago the hub last confirmed records, seconds.
    pub last_receipt_s: Option<u64>,
    /// What waits for the hub.
    pub lanes: Vec<LaneFact>,
    /// Time clocks that are configured here.
    pub terminals: Vec<TerminalFact>,
    /// What somebody should look at.
    pub troubles: Vec<Trouble>,
    /// What is going on that a power cut would spoil; empty: the box may be unplugged.
    pub work: Vec<Work>,
}

/// The way to the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// It answers.
    Connected {
        /// For so long, seconds.
        for_s: u64,
    },
    /// It does not.
    Lost {
        /// For so long, seconds; none: not since the agent started.
        for_s: Option<u64>,
        /// What stood in the way the last time, in the words of the program.
        cause: Option<String>,
    },
    /// The box was never registered.
    Unregistered,
    /// The owner lets it collect only.
    Off,
}

/// One lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneFact {
    /// Which.
    pub lane: Lane,
    /// Records that wait for the hub.
    pub waiting: u64,
    /// Age of the oldest, seconds; 0 if none waits.
    pub oldest_s: u64,
}

/// One time clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TerminalFact {
    /// Its name or serial number.
    pub name: String,
    /// How long ago it last spoke, seconds; none if it never did.
    pub heard_s: Option<u64>,
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// There is hardly room on the disk.
    DiskFull {
        /// Bytes that are free.
        free_bytes: u64,
    },
    /// The time is not confirmed by a trusted source.
    ClockNotSet,
    /// A lane was found damaged and set aside, or cannot be opened.
    LaneDamaged {
        /// Which.
        lane: Lane,
    },
    /// A lane was full and gave up its oldest records.
    LaneDropped {
        /// Which.
        lane: Lane,
        /// How many.
        records: u64,
    },
}

/// Something that a power cut would spoil.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// A command of the hub.
    Command {
        /// Which.
        name: String,
    },
    /// A new version of the agent that has not proved itself yet.
    Trial {
        /// Which.
        version: String,
    },
}

/// What is found beside the status, by looking at the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Free bytes on the disk under the queue, if that is too little.
    pub too_little_room: Option<u64>,
    /// Lanes of which damaged remains lie aside.
    pub damaged: Vec<Lane>,
    /// What is going on.
    pub work: Vec<Work>,
}

impl Facts {
    /// Puts together what is known at `now_ms`, milliseconds since 1970 UTC.
    #[must_use]
    pub fn new(status: Status, is_hub_wanted: bool, found: Found, now_ms: i64) -> Self {
        let ago_s = |ms: i64| u64::try_from(now_ms.saturating_sub(ms) / 1000).unwrap_or(0);
        let Status { version, site, hub, link, lanes, is_clock_synced, .. } = status;
        let connection = match (link.connected_since_ms, &site) {
            (Some(since_ms), _) => Connection::Connected { for_s: ago_s(since_ms) },
            (None, None) => Connection::Unregistered,
            (None, Some(_)) if !is_hub_wanted => Connection::Off,
            (None, Some(_)) => Connection::Lost { for_s: link.lost_ms.map(ago_s), cause: link.last_error },
        };
        let mut troubles: Vec<Trouble> =
            found.too_little_room.map(|free_bytes| Trouble::DiskFull { free_bytes }).into_iter().collect();
        troubles.extend((!is_clock_synced).then_some(Trouble::ClockNotSet));
        let is_damaged = |lane: &Lane| found.damaged.contains(lane) || lanes.iter().all(|depth| depth.lane != *lane);
        troubles.extend(Lane::ALL.into_iter().filter(is_damaged).map(|lane| Trouble::LaneDamaged { lane }));
        // Once the lane is empty the hub knows of the gap, and nobody here can do anything about it.
        let dropped = lanes.iter().filter(|lane| lane.dropped > 0 && lane.waiting > 0);
        troubles.extend(dropped.map(|lane| Trouble::LaneDropped { lane: lane.lane, records: lane.dropped }));
        let waiting = |depth: vigie_shared::wire::LaneDepth| LaneFact {
            lane: depth.lane,
            waiting: depth.waiting,
            oldest_s: depth.oldest_s,
        };
        Self {
            version,
            site: site.map(|site| site.to_string()),
            hub,
            connection,
            last_receipt_s: link.last_receipt_ms.map(ago_s),
            lanes: lanes.into_iter().map(waiting).collect(),
            terminals: Vec::new(),
            troubles,
            work: found.work,
        }
    }
}
