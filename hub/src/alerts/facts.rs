//! Pure: what is known of sites, boxes, terminals, machines and third parties at one moment.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::BatteryState;
use vigie_shared::wire::{Heartbeat, LaneDepth};

use super::alert::Mark;

/// A box that was heard within this time is known: three of its heartbeats.
pub const KNOWN_MS: i64 = 90 * 1000;

/// Everything that rules look at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The moment, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// When the hub began to listen: nobody can be called silent for what was before.
    pub listening_since_ms: i64,
    /// Sites that may deliver.
    pub sites: BTreeMap<SiteId, SiteFacts>,
    /// Third parties.
    pub connectors: Vec<ConnectorFacts>,
    /// The zone of what is at no site.
    pub zone: TimeZone,
}

/// What is known of one site and its box.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// The site's name.
    pub name: String,
    /// Its zone.
    pub zone: TimeZone,
    /// Whether it ever delivered anything.
    pub has_delivered: bool,
    /// When its box was last heard, milliseconds since 1970 UTC; none if it was not since the hub's start.
    pub heard_ms: Option<i64>,
    /// When the newest of its facts happened, milliseconds since 1970 UTC.
    pub newest_ms: Option<i64>,
    /// Everything that happened before this moment has arrived, in every lane; none if nobody can say.
    pub complete_ms: Option<i64>,
    /// What the hub holds of it.
    pub mark: Mark,
    /// Whether two boxes present its identity.
    pub is_cloned: bool,
    /// Its last pulse.
    pub pulse: Option<Heartbeat>,
    /// When its certificate ends, milliseconds since 1970 UTC.
    pub certificate_ends_ms: Option<i64>,
    /// How much room its fullest disk had, by the hour, oldest first.
    pub disk_hours: Vec<DiskHour>,
    /// Networks that it watches.
    pub networks: Vec<NetworkFacts>,
    /// Time clocks that it admitted.
    pub terminals: Vec<TerminalFacts>,
    /// Macs and PCs that it reads.
    pub machines: Vec<MachineFacts>,
    /// Updates that were undone, the newest of each kind.
    pub undone: Vec<UndoneUpdate>,
    /// Alarms that its box raised lately, the newest of each kind.
    pub alarms: Vec<Alarm>,
}

/// How much room the fullest disk of a box had in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskHour {
    /// The hour's beginning, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The least that was left, bytes.
    pub free_bytes: u64,
}

/// A network that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkFacts {
    /// Its name.
    pub name: String,
    /// Since when its observer is blind, milliseconds since 1970 UTC; none if it sees.
    pub blind_since_ms: Option<i64>,
    /// Why.
    pub reason: String,
}

/// A time clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TerminalFacts {
    /// Its serial number.
    pub serial: String,
    /// When it was last heard, milliseconds since 1970 UTC.
    pub heard_ms: Option<i64>,
    /// Whether it is connected to its box.
    pub is_connected: bool,
    /// How far its clock was ahead when last measured, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// Rows of its log that nobody acknowledged, by its own count.
    pub unsent: Option<u64>,
    /// Its memories.
    pub memories: Vec<MemoryFacts>,
}

/// One memory of a time clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryFacts {
    /// What it holds: `log`, `users`….
    pub what: String,
    /// How many it holds.
    pub used: u64,
    /// How many it can hold.
    pub capacity: u64,
    /// When it will be full, milliseconds since 1970 UTC; none if it does not fill.
    pub full_ms: Option<i64>,
}

/// A Mac or PC, as it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFacts {
    /// What stays the same wherever it is.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// When it was last read, milliseconds since 1970 UTC.
    pub read_ms: i64,
    /// Bytes that are free on the disk of the users' files.
    pub free_bytes: Option<u64>,
    /// Its battery; none if it has none.
    pub battery: Option<BatteryFacts>,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatteryFacts {
    /// Charge, 0 to 100.
    pub percent: u8,
    /// Whether the machine hangs on the mains.
    pub is_plugged: bool,
    /// What it does.
    pub state: BatteryState,
}

/// An update that was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneUpdate {
    /// The kind of its command.
    pub kind: String,
    /// When that was told, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Why, in the box's words.
    pub detail: String,
}

/// An alarm of a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What happened, as the diary calls it.
    pub kind: String,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What happened, what is safe, what to do, in the box's words.
    pub text: String,
}

/// A third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorFacts {
    /// Its name.
    pub name: String,
    /// Why it stopped and since when, milliseconds since 1970 UTC, if it has.
    pub stopped: Option<(String, i64)>,
    /// Rows that were tried in vain and wait for the next try.
    pub failed: u64,
    /// When a row last passed, milliseconds since 1970 UTC.
    pub passed_ms: Option<i64>,
}

impl Default for Facts {
    fn default() -> Self {
        let (sites, connectors) = (BTreeMap::new(), Vec::new());
        Self { now_ms: 0, listening_since_ms: 0, sites, connectors, zone: TimeZone::UTC }
    }
}

impl Default for SiteFacts {
    fn default() -> Self {
        Self {
            name: String::new(),
            zone: TimeZone::UTC,
            has_delivered: false,
            heard_ms: None,
            newest_ms: None,
            complete_ms: None,
            mark: Mark::default(),
            is_cloned: false,
            pulse: None,
            certificate_ends_ms: None,
            disk_hours: Vec::new(),
            networks: Vec::new(),
            terminals: Vec::new(),
            machines: Vec::new(),
            undone: Vec::new(),
            alarms: Vec::new(),
        }
    }
}

impl SiteFacts {
    /// Whether its box is heard at a moment, so that what it says of itself is true of that moment.
    #[must_use]
    pub fn is_known(&self, now_ms: i64) -> bool {
        self.heard_ms.is_some_and(|heard_ms| now_ms.saturating_sub(heard_ms) <= KNOWN_MS)
    }

    /// What waits in each of its lanes.
    pub fn lanes(&self) -> impl Iterator<Item = &LaneDepth> {
        self.pulse.iter().flat_map(|pulse| &pulse.lanes)
    }
}
