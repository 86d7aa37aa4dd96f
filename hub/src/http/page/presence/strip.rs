//! Pure: the day strip: 144 slots of ten minutes, and in which of them each device was seen.

use jiff::tz::TimeZone;

use crate::presence::day::{Day, SLOT_MS};

/// Slots of a usual day: days on which clocks change have six more or fewer.
pub(super) const SLOTS: i64 = 144;

/// Consecutive slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The first of them, from midnight.
    pub(super) from: i64,
    /// How many.
    pub(super) length: i64,
}

/// One device of the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) device: String,
    pub(super) site: String,
    /// Slots in which it was seen.
    pub(super) count: usize,
    pub(super) runs: Vec<Run>,
}

/// An hour's mark under the strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) hour: i64,
    pub(super) slot: i64,
}

/// Every device of a day, in the day's order.
pub(super) fn tracks(day: &Day, zone: &TimeZone) -> Vec<Track> {
    let midnight_ms = crate::attendance::time::midnight(day.date, zone);
    let of_device = |(number, device): (usize, &crate::presence::day::SeenDevice)| {
        let is_seen =
            |slot: &&crate::presence::day::Slot| slot.seen.iter().any(|(seen, _)| usize::from(*seen) == number);
        let slots: Vec<i64> = day
            .slots
            .iter()
            .filter(is_seen)
            .map(|slot| slot.at_ms.saturating_sub(midnight_ms).div_euclid(SLOT_MS))
            .collect();
        Track { device: device.device.clone(), site: device.site.to_string(), count: slots.len(), runs: runs(&slots) }
    };
    day.devices.iter().enumerate().map(of_device).collect()
}

/// Slots in their order as stretches.
pub(super) fn runs(slots: &[i64]) -> Vec<Run> {
    slots.iter().fold(Vec::new(), |mut runs: Vec<Run>, slot| {
        match runs.last_mut() {
            Some(last) if last.from + last.length == *slot => last.length += 1,
            _ => runs.push(Run { from: *slot, length: 1 }),
        }
        runs
    })
}

/// Every third hour.
pub(super) fn hours() -> impl Iterator<Item = Hour> {
    (0..8).map(|third| Hour { hour: third * 3, slot: third * 18 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_are_one_stretch() {
        assert_eq!(runs(&[3, 4, 5, 9]), [Run { from: 3, length: 3 }, Run { from: 9, length: 1 }]);
        assert_eq!(runs(&[]), []);
    }

    proptest! {
        #[test]
        fn stretches_hold_every_slot_once(slots in prop::collection::btree_set(0_i64..150, 0..150)) {
            let slots: Vec<i64> = slots.into_iter().collect();
            let told: Vec<i64> = runs(&slots).iter().flat_map(|run| run.from..run.from + run.length).collect();
            prop_assert_eq!(told, slots);
        }
    }
}
