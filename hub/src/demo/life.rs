//! What boxes of the demo see, tick by tick. Pure: the same seed, place and moment give the same readings.

mod clocks;
mod host;
mod lan;
mod machines;
pub(super) mod screens;

use std::collections::BTreeMap;

use vigie_shared::pseudonym::Pseudonym;
use vigie_shared::wire::reading::{HostSample, Reading};

use super::people::{Resident, everybody};
use super::places::{Place, Trouble};

/// How often boxes look, milliseconds.
pub(super) const TICK_MS: i64 = 5 * 60 * 1000;

/// Ticks of an hour, and of a day.
const HOUR: i64 = 12;
const DAY: i64 = 288;

/// How long before the demo's beginning a box stood still, and for how long: whole hours.
const STILL_AGO_HOURS: i64 = 20;
const STILL_HOURS: i64 = 3;

/// How long the silent box has been silent.
const SILENT_MS: i64 = 26 * 60 * 60 * 1000;

/// Everything that follows from the seed and from when the demo was begun.
pub(super) struct World {
    /// What is drawn follows from it.
    pub(super) seed: u64,
    /// When history begins, milliseconds since 1970 UTC.
    pub(super) from_ms: i64,
    /// When the demo was begun, and history ends.
    pub(super) until_ms: i64,
    /// Everybody.
    pub(super) people: Vec<Resident>,
    /// What registered devices are called, by person.
    pub(super) devices: BTreeMap<String, Pseudonym>,
    /// The SHA-256 and size of each video, by name.
    pub(super) videos: BTreeMap<&'static str, ([u8; 32], u64)>,
}

impl World {
    /// The world of a seed, with a history between two moments.
    pub(super) fn new(seed: u64, (from_ms, until_ms): (i64, i64)) -> Self {
        let from_ms = from_ms.div_euclid(TICK_MS) * TICK_MS;
        Self { seed, from_ms, until_ms, people: everybody(), devices: BTreeMap::new(), videos: BTreeMap::new() }
    }

    /// When a place's box was last heard in history, milliseconds since 1970 UTC.
    pub(super) fn heard_ms(&self, place: &Place) -> i64 {
        match place.trouble {
            Trouble::Silent => self.until_ms - SILENT_MS,
            Trouble::None | Trouble::FullDisk | Trouble::StoodStill => self.until_ms,
        }
    }

    /// The ticks of a place's history.
    pub(super) fn ticks(&self, place: &Place) -> impl Iterator<Item = i64> + use<> {
        let still = (place.trouble == Trouble::StoodStill).then(|| self.still_ms());
        let all = (self.from_ms..=self.heard_ms(place)).step_by(usize::try_from(TICK_MS).unwrap_or(usize::MAX));
        all.filter(move |tick_ms| still.is_none_or(|(from_ms, to_ms)| *tick_ms <= from_ms || to_ms < *tick_ms))
    }

    /// From when to when a box stood still, by whole hours, so that what was told of the hour before is not cut.
    fn still_ms(&self) -> (i64, i64) {
        let hour_ms = HOUR * TICK_MS;
        let from_ms = (self.until_ms - STILL_AGO_HOURS * hour_ms).div_euclid(hour_ms) * hour_ms;
        (from_ms, from_ms + STILL_HOURS * hour_ms)
    }

    /// What a place's box notes at a tick.
    pub(super) fn told(&self, place: &Place, tick_ms: i64) -> Vec<Reading> {
        let mut all = Vec::new();
        all.extend(self.sample(place, tick_ms).map(Reading::Host));
        all.extend(lan::told(self, place, tick_ms));
        all.extend(clocks::told(self, place, tick_ms));
        all.extend(machines::told(self, place, tick_ms));
        all.extend(screens::told(self, place, tick_ms));
        all
    }

    /// The machine's own figures at a tick: each quarter of an hour in history, each tick since.
    fn sample(&self, place: &Place, tick_ms: i64) -> Option<HostSample> {
        let is_due = tick_ms > self.until_ms || (tick_ms / TICK_MS) % 3 == 0;
        is_due.then(|| host::sample(self, place, tick_ms))
    }

    /// The machine's own figures at a moment.
    pub(super) fn host(&self, place: &Place, at_ms: i64) -> HostSample {
        host::sample(self, place, at_ms)
    }

    /// Somebody passes the door at a moment.
    pub(super) fn passage(&self, at_ms: i64) -> Reading {
        clocks::passage(self, at_ms)
    }

    /// When a place's machine started, milliseconds since 1970 UTC.
    pub(super) fn boot_ms(&self) -> i64 {
        self.from_ms - 3 * 24 * 60 * 60 * 1000
    }

    fn is_first(&self, tick_ms: i64) -> bool {
        tick_ms == self.from_ms
    }
}

/// Whether a tick is one of those that come once in so many.
fn is_due(tick_ms: i64, every: i64) -> bool {
    (tick_ms / TICK_MS) % every == 0
}

#[cfg(test)]
mod tests;
