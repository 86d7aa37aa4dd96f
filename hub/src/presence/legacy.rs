//! The scripts of coworking Metz as they were, defects included: what explains the numbers that they left behind.
//!
//! Their rule: lines of the hours 8 to 21, each time cut to ten minutes, joined with today's owners of the devices, sorted
//! by member and time, a line dropped if it has the time of the line before, the rest counted per member and UTC offset;
//! six are an hour; from half an hour on half a day, from five hours on a day; what is less is not sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::span::Span;
use super::value::Value;

/// Hours whose lines count, by the clock on the wall.
const HOURS: std::ops::RangeInclusive<i8> = 8..=21;

const SLOT_MS: i64 = 10 * 60_000;

/// A time of day as the log wrote it, cut to ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    /// The offset from UTC that stood behind it, seconds.
    pub offset_s: i32,
    /// Tens of minutes since midnight by the clock on the wall.
    pub slot: u16,
}

/// Somebody as the scripts knew the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The person's id.
    pub person: &'a str,
    /// The e-mail address that the scripts sort by.
    pub email: &'a str,
    /// The ticks of a day of each device that the person has today, of lines that the scripts can read.
    pub devices: Vec<BTreeSet<Tick>>,
    /// The ticks of lines that they cannot: they join addresses as texts, in capitals with colons.
    pub misspelt: BTreeSet<Tick>,
}

/// The ticks of a device on a day, as a log in that zone would have them; UTC for a log that writes `Z`.
#[must_use]
pub fn ticks(spans: &[Span], zone: &TimeZone, date: Date) -> BTreeSet<Tick> {
    let mut ticks = BTreeSet::new();
    for span in spans {
        let mut at_ms = span.from_ms;
        while at_ms <= span.to_ms {
            let Ok(moment) = Timestamp::from_millisecond(at_ms) else { break };
            let local = moment.to_zoned(zone.clone());
            let offset_s = local.offset().seconds();
            if local.date() == date && HOURS.contains(&local.hour()) {
                let tens = i32::from(local.hour()) * 6 + i32::from(local.minute()) / 10;
                ticks.insert(Tick { offset_s, slot: tens.unsigned_abs().try_into().unwrap_or(u16::MAX) });
            }
            // The next time that is a whole ten minutes by the clock on the wall.
            let wall_ms = at_ms.saturating_add(i64::from(offset_s) * 1000);
            at_ms = at_ms.saturating_add(SLOT_MS - wall_ms.rem_euclid(SLOT_MS));
        }
    }
    ticks
}

/// What the scripts sent of a day, by person; who is not there got nothing.
#[must_use]
pub fn sent<'a>(members: &[Member<'a>]) -> BTreeMap<&'a str, Value> {
    let mut sent = BTreeMap::new();
    for (member, counts) in counted(members) {
        let last = counts.values().rev().map(|slots| worth(*slots)).find(|value| *value != Value::Zero);
        if let Some(value) = last.filter(|_| !is_filtered(member.email)) {
            sent.insert(member.person, value);
        }
    }
    sent
}

/// Slots of each member by offset, as the scripts counted them.
pub(super) fn counted<'a, 'm>(members: &'m [Member<'a>]) -> Vec<(&'m Member<'a>, BTreeMap<i32, usize>)> {
    let mut sorted: Vec<&Member<'a>> = members.iter().collect();
    sorted.sort_by_key(|member| member.email);
    let mut before: Option<Tick> = None;
    let mut all = Vec::with_capacity(sorted.len());
    for member in sorted {
        let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
        for tick in joined(&member.devices) {
            // The line before may be the last of another member.
            let is_repeated = before == Some(tick);
            *counts.entry(tick.offset_s).or_default() += usize::from(!is_repeated);
            before = Some(tick);
        }
        all.push((member, counts));
    }
    all
}

/// The ticks of several devices, each once.
pub(super) fn joined(devices: &[BTreeSet<Tick>]) -> BTreeSet<Tick> {
    devices.iter().flatten().copied().collect()
}

/// What so many slots are worth.
#[must_use]
pub fn worth(slots: usize) -> Value {
    Value::of_steps(i64::try_from(slots).unwrap_or(i64::MAX), 3, 30)
}

/// Whether the filter for `0.0`, read as a pattern, drops an address: a zero, any character, a zero.
#[must_use]
pub fn is_filtered(email: &str) -> bool {
    let zeros: Vec<usize> = email.chars().enumerate().filter(|(_, letter)| *letter == '0').map(|(at, _)| at).collect();
    zeros.iter().any(|at| zeros.contains(&(at + 2)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(slots: std::ops::Range<u16>) -> BTreeSet<Tick> {
        slots.map(|slot| Tick { offset_s: 3600, slot }).collect()
    }

    fn member<'a>(email: &'a str, devices: Vec<BTreeSet<Tick>>) -> Member<'a> {
        Member { person: email, email, devices, misspelt: BTreeSet::new() }
    }

    #[test]
    fn the_thresholds_are_those_of_hours_with_one_decimal() {
        let values = [2, 3, 29, 30].map(worth);
        assert_eq!(values, [Value::Zero, Value::Half, Value::Half, Value::Full]);
    }

    #[test]
    fn a_neighbour_takes_a_slot_and_the_half_day_vanishes() {
        let members = [member("e", vec![day(72..75)]), member("d", vec![day(69..73)])];
        assert_eq!(sent(&members), BTreeMap::from([("d", Value::Half)]));
        assert_eq!(sent(&members[..1]), BTreeMap::from([("e", Value::Half)]));
    }

    #[test]
    fn an_address_with_two_zeros_is_never_sent() {
        assert!(is_filtered("c1000@example.org") && is_filtered("a0x0@example.org"));
        assert!(!is_filtered("c100@example.org") && !is_filtered("a0xx0@example.org"));
        assert!(sent(&[member("c1000@example.org", vec![day(50..90)])]).is_empty());
    }

    #[test]
    fn of_two_offsets_the_last_wins() {
        let mut ticks = day(50..80);
        ticks.extend((60..70).map(|slot| Tick { offset_s: 7200, slot }));
        assert_eq!(sent(&[member("a", vec![ticks])])["a"], Value::Half);
    }

    #[test]
    fn ticks_are_those_of_the_clock_on_the_wall() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let span = |from: &str, to: &str| Span { from_ms: at(from), to_ms: at(to), sources: 1 };
        let spans = [
            span("2026-06-01T05:55:00Z", "2026-06-01T06:19:00Z"),
            span("2026-06-01T19:59:59Z", "2026-06-01T20:30:00Z"),
        ];
        let slots = |zone: &TimeZone| {
            ticks(&spans, zone, date(2026, 6, 1)).into_iter().map(|tick| tick.slot).collect::<Vec<_>>()
        };
        assert_eq!(slots(&zone), [48, 49, 131]);
        assert_eq!(slots(&TimeZone::UTC), [119, 120, 121, 122, 123]);
    }
}
