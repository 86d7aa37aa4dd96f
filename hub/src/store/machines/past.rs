//! Pure: a machine's past: of each hour what it measured last, of each day what changes slowly, and what changed.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::{MachineDisk, MemoryPressure};

use super::Read;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What a machine measured last in an hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hour {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The position of that word in its queue.
    pub seq: u64,
    /// The size of its disk, bytes.
    pub disk_total_bytes: Option<u64>,
    /// Bytes of it that were free.
    pub disk_free_bytes: Option<u64>,
    /// Memory in use, bytes.
    pub memory_used_bytes: Option<u64>,
    /// How short of memory it was.
    pub memory_pressure: Option<MemoryPressure>,
    /// Its battery.
    pub battery: Option<Charge>,
}

/// How full a battery was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Charge {
    /// Charge, 0 to 100.
    pub percent: u8,
    /// Whether the machine hung on the mains.
    pub is_plugged: bool,
}

/// What of a machine changes slowly, as it was told last in a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The position of that word in its queue.
    pub seq: u64,
    /// At which site it was.
    pub site: SiteId,
    /// Under which address.
    pub ip: IpAddr,
    /// The name its user gave it.
    pub computer_name: Option<String>,
    /// The name it had on networks.
    pub host_name: Option<String>,
    /// The system's version.
    pub os_version: Option<String>,
    /// The system's build.
    pub os_build: Option<String>,
    /// Memory, bytes.
    pub memory_bytes: Option<u64>,
    /// The size of its disk, bytes.
    pub disk_total_bytes: Option<u64>,
    /// What its battery could still hold of what it held when new, in thousandths.
    pub battery_health_permille: Option<u16>,
    /// Charge cycles.
    pub battery_cycles: Option<u32>,
    /// The system's word for the battery's condition.
    pub battery_condition: Option<String>,
}

/// Something about a machine that became another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When the new value was first told, milliseconds since 1970 UTC; within a day it may have been earlier.
    pub at_ms: i64,
    /// What, as the field of [`Day`] is called.
    pub what: &'static str,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

impl Hour {
    /// The hour, counted from 1970 UTC, that a moment lies in.
    #[must_use]
    pub fn slot(at_ms: i64) -> i64 {
        at_ms.div_euclid(HOUR_MS)
    }

    /// What a word says of its hour.
    pub(super) fn of(read: &Read) -> Self {
        let facts = &read.facts;
        let disk: Option<MachineDisk> = facts.disk;
        Self {
            at_ms: read.at_ms,
            seq: read.seq,
            disk_total_bytes: disk.map(|disk| disk.total_bytes),
            disk_free_bytes: disk.map(|disk| disk.free_bytes),
            memory_used_bytes: facts.memory_used_bytes,
            memory_pressure: facts.memory_pressure,
            battery: facts.battery.as_ref().map(|one| Charge { percent: one.percent, is_plugged: one.is_plugged }),
        }
    }
}

impl Day {
    /// The day, counted from 1970 UTC, that a moment lies in.
    #[must_use]
    pub fn slot(at_ms: i64) -> i64 {
        at_ms.div_euclid(DAY_MS)
    }

    /// What a word says of its day.
    pub(super) fn of(read: &Read) -> Self {
        let facts = &read.facts;
        let battery = facts.battery.as_ref();
        Self {
            at_ms: read.at_ms,
            seq: read.seq,
            site: read.site.clone(),
            ip: read.ip,
            computer_name: facts.computer_name.clone(),
            host_name: facts.host_name.clone(),
            os_version: facts.os_version.clone(),
            os_build: facts.os_build.clone(),
            memory_bytes: facts.memory_bytes,
            disk_total_bytes: facts.disk.map(|disk| disk.total_bytes),
            battery_health_permille: battery.and_then(|battery| battery.health_permille),
            battery_cycles: battery.and_then(|battery| battery.cycles),
            battery_condition: battery.and_then(|battery| battery.condition.clone()),
        }
    }

    /// Its values that are worth a line when they change. Health and cycles of a battery change all the time: they are
    /// read from the days.
    fn values(&self) -> [(&'static str, Option<String>); 9] {
        let text = |value: &Option<String>| value.clone();
        let bytes = |value: Option<u64>| value.map(|bytes| bytes.to_string());
        [
            ("site", Some(self.site.to_string())),
            ("ip", Some(self.ip.to_string())),
            ("computer_name", text(&self.computer_name)),
            ("host_name", text(&self.host_name)),
            ("os_version", text(&self.os_version)),
            ("os_build", text(&self.os_build)),
            ("memory_bytes", bytes(self.memory_bytes)),
            ("disk_total_bytes", bytes(self.disk_total_bytes)),
            ("battery_condition", text(&self.battery_condition)),
        ]
    }
}

/// What changed from one day to the next, newest first. A value that was not told once is no change.
#[must_use]
pub fn changes(days: &[Day]) -> Vec<Change> {
    let mut days = days.iter();
    let Some(first) = days.next() else { return Vec::new() };
    let mut known = first.values();
    let mut changes = Vec::new();
    for day in days {
        for ((what, old), (_, new)) in known.iter_mut().zip(day.values()) {
            if new.is_none() || *old == new {
                continue;
            }
            let from = std::mem::replace(old, new.clone());
            changes.push(Change { at_ms: day.at_ms, what, from, to: new });
        }
    }
    changes.reverse();
    changes
}
