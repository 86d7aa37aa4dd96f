//! How many are here, without saying who. Numbers below [`TOLD_FROM`] would say who, and are not told.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use vigie_shared::wire::reading::Sighting;

use super::online::Limits;
use super::span::Span;
use crate::store::projections::{Device, DeviceKind};

/// The smallest number that is told.
pub const TOLD_FROM: u32 = 5;

const HOUR_MS: i64 = 60 * 60_000;

/// A number of people or devices; written as a number, or as null if it is too small to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crowd {
    /// Fewer than [`TOLD_FROM`], perhaps nobody.
    Few,
    /// So many.
    Counted(u32),
}

impl Crowd {
    /// A number, if it may be told.
    #[must_use]
    pub fn of(count: usize) -> Self {
        match u32::try_from(count).unwrap_or(u32::MAX) {
            count @ TOLD_FROM.. => Self::Counted(count),
            _ => Self::Few,
        }
    }

    /// The number as it is told to somebody: whoever may see everybody's days may know how few they are.
    #[must_use]
    pub fn told_to(count: usize, sees_everybody: bool) -> Option<u32> {
        if sees_everybody { u32::try_from(count).ok() } else { Self::of(count).told() }
    }

    /// The number, if it may be told.
    #[must_use]
    pub fn told(self) -> Option<u32> {
        match self {
            Self::Few => None,
            Self::Counted(count) => Some(count),
        }
    }
}

impl Serialize for Crowd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.told().serialize(serializer)
    }
}

/// Passing devices that are here: their names die with the day, so they can be counted and nothing else.
#[must_use]
pub fn passing<'a>(devices: impl IntoIterator<Item = &'a Device>, limits: Limits, now_ms: i64) -> Crowd {
    let is_here = |device: &&Device| {
        let is_person = device.kind == DeviceKind::Passing && device.flags & Sighting::INFRASTRUCTURE == 0;
        is_person && now_ms.saturating_sub(device.last_seen_ms) <= limits.lan_ms
    };
    Crowd::of(devices.into_iter().filter(is_here).count())
}

/// How many devices there were in each hour from one moment on; each device brings its own spans.
#[must_use]
pub fn hourly<'a>(devices: impl IntoIterator<Item = &'a [Span]>, from_ms: i64, hours: u16) -> Vec<(i64, Crowd)> {
    let mut counts: BTreeMap<i64, usize> = (0..i64::from(hours)).map(|hour| (hour, 0)).collect();
    for spans in devices {
        let hour_of = |at_ms: i64| at_ms.saturating_sub(from_ms).div_euclid(HOUR_MS);
        let seen =
            spans.iter().flat_map(|span| hour_of(span.from_ms).max(0)..=hour_of(span.to_ms).min(i64::from(hours)));
        let mut seen: Vec<i64> = seen.collect();
        seen.sort_unstable();
        seen.dedup();
        for hour in seen {
            if let Some(count) = counts.get_mut(&hour) {
                *count += 1;
            }
        }
    }
    counts.into_iter().map(|(hour, count)| (from_ms.saturating_add(hour * HOUR_MS), Crowd::of(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(kind: DeviceKind, last_seen_ms: i64, flags: u8) -> Device {
        Device {
            site: "metz".parse().unwrap(),
            id: String::new(),
            kind,
            ip: None,
            name: None,
            first_seen_ms: 0,
            last_seen_ms,
            sightings: 1,
            sources: 1,
            flags,
        }
    }

    #[test]
    fn only_passing_people_of_the_last_minutes_count_and_few_are_not_told() {
        let mut devices = vec![device(DeviceKind::Passing, 0, 0); 4];
        devices.push(device(DeviceKind::Known, 0, 0));
        devices.push(device(DeviceKind::Passing, 0, Sighting::INFRASTRUCTURE));
        devices.push(device(DeviceKind::Passing, -1, 0));
        let limits = Limits::default();

        assert_eq!(passing(&devices, limits, limits.lan_ms), Crowd::Few);
        assert_eq!(passing(&devices, limits, limits.lan_ms - 1), Crowd::Counted(5));
        assert_eq!(serde_json::to_string(&[Crowd::Few, Crowd::Counted(5)]).unwrap(), "[null,5]");
    }

    #[test]
    fn a_device_counts_once_in_each_hour_that_it_was_seen_in() {
        let span = |from: i64, to: i64| Span { from_ms: from * 60_000, to_ms: to * 60_000, sources: 1 };
        let one = [span(-30, 10), span(20, 70)];
        let devices = vec![one.as_slice(); 5];

        let hours = hourly(devices, 0, 3);

        assert_eq!(hours, [(0, Crowd::Counted(5)), (HOUR_MS, Crowd::Counted(5)), (2 * HOUR_MS, Crowd::Few)]);
    }
}
