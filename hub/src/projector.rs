//! Derives from the facts what people look at: devices, strips, metrics, coverage, punches, entries in the diary.
//!
//! Pure: records in, one [`Step`] out, with the cursor that it moves. Each projection is one file and one line
//! in [`PROJECTIONS`]. The store applies a step once, so that nothing counts twice, and dates what was taken by
//! an unsynchronised clock as soon as the boot's anchor is known ([`Step`]). Facts are never changed: to forget
//! every projection and follow the facts again gives the same result, within the retention of the facts.
//!
//! A record that cannot be read is passed over; its bytes stay in the store for a newer program.

use std::collections::BTreeMap;

use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};

use crate::store::facts::StoredRecord;
use crate::store::presence::{Sights, Trace};
use crate::store::projections::{Cursor, Derived, Device, Step, Undated};

mod alarms;
mod anchors;
mod coverage;
mod devices;
pub mod driver;
mod enrolled;
#[cfg(test)]
mod laws;
mod machines;
mod media;
mod metrics;
mod outcomes;
mod punches;
mod software;
mod strips;
mod terminals;

/// One reading as a projection sees it.
struct Seen<'a> {
    site: &'a SiteId,
    queue: QueueId,
    seq: u64,
    reading: &'a Reading,
    /// When the reading was taken, as the box believed, milliseconds since 1970 UTC.
    at_ms: i64,
    /// When the hub received it, milliseconds since 1970 UTC.
    received_ms: i64,
    undated: Option<Undated>,
}

/// A projection: what one reading adds to the step.
type Projection = fn(&Seen<'_>, &mut Draft);

const PROJECTIONS: &[Projection] = &[
    anchors::project,
    metrics::project,
    devices::project,
    coverage::project,
    strips::project,
    alarms::project,
    outcomes::project,
    media::project,
    machines::project,
    software::project,
    punches::project,
    terminals::project,
    enrolled::project,
];

/// What sights are of, and the boot with its believed beginning if they wait for its anchor.
type SightKey = (Trace, String, Option<(BootId, i64)>);

/// A step being collected.
#[derive(Default)]
struct Draft {
    step: Step,
    /// Devices merged within the step, before the store merges them with what it has.
    devices: BTreeMap<(String, Option<BootId>), Derived<Device>>,
    /// Sights of the step, one row for each device or network.
    sights: BTreeMap<SightKey, Derived<Sights>>,
}

/// Where a projector stands in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// Everything through this position has been followed.
    pub through: u64,
}

/// What consecutive records of one queue amount to.
///
/// `held_through` is the position through which the hub holds the queue: the cursor moves there if the records
/// reach it, over gaps. Records that have been followed already are passed over.
#[must_use]
pub fn project(place: &Place, records: &[StoredRecord], held_through: u64, is_last_page: bool) -> Step {
    let mut draft = Draft::default();
    let mut newest: Option<Stamp> = None;
    let mut through = place.through;
    for stored in records.iter().filter(|stored| stored.seq > place.through && stored.seq <= held_through) {
        through = stored.seq;
        let Ok(record) = Record::decode(&stored.bytes) else { continue };
        newest = Some(record.stamp);
        let seen = Seen {
            site: &place.site,
            queue: place.queue,
            seq: stored.seq,
            reading: &record.reading,
            at_ms: record.stamp.wall_ms,
            received_ms: stored.received_ms,
            undated: undated(&record.stamp),
        };
        PROJECTIONS.iter().for_each(|projection| projection(&seen, &mut draft));
    }
    if is_last_page {
        through = through.max(held_through);
    }
    let mut step = draft.step;
    step.devices = draft.devices.into_values().collect();
    step.sights = draft.sights.into_values().collect();
    let Place { site, lane, queue, .. } = place.clone();
    let cursor = Cursor { site, lane, queue, through, complete_ms: newest.map(|stamp| stamp.wall_ms) };
    step.cursors.push(Derived { value: cursor, undated: newest.and_then(|stamp| undated(&stamp)) });
    step
}

/// What a stamp lacks to be sure.
fn undated(stamp: &Stamp) -> Option<Undated> {
    let uptime_ms = i64::try_from(stamp.uptime_ms).unwrap_or(i64::MAX);
    let waits = Undated { boot: stamp.boot, believed_ms: stamp.wall_ms.saturating_sub(uptime_ms) };
    (!stamp.is_synced).then_some(waits)
}

/// The moment that lies this many seconds before another.
fn before(at_ms: i64, ago_s: u32) -> i64 {
    at_ms.saturating_sub(i64::from(ago_s) * 1000)
}
