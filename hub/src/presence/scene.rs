//! What tests of presence need: sites that see everything unless told otherwise, devices, and sights by the minute.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::Source;

use super::coverage::Coverage;
use super::day::{Day, days};
use super::facts::{Facts, Place};
use super::policy::Policy;
use super::span::{Span, union};
use super::window::Window;
use super::{Counts, Ownership, Strip};
use crate::attendance::time::at;
use crate::store::projections::CoverageSpan;

pub(crate) const MINUTE_MS: i64 = 60_000;

/// Long after every day of a test.
pub(crate) const LATER_MS: i64 = 2_000_000_000_000;

/// A sight: where, which device, when, and how.
pub(crate) type Seen = (SiteId, String, i64, u16);

/// One person's world.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) seen: Vec<Seen>,
    pub(crate) ownerships: Vec<Ownership>,
    pub(crate) closings: Vec<i64>,
    pub(crate) places: BTreeMap<SiteId, Place>,
}

pub(crate) fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

pub(crate) fn site(name: &str) -> SiteId {
    name.parse().unwrap()
}

/// A local time of Paris, as `2026-06-01 08:00` or `2026-06-01 08:00:30`.
pub(crate) fn local(text: &str) -> i64 {
    let text = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    at(text.parse::<DateTime>().unwrap(), &paris())
}

/// A moment of UTC, as `2026-10-25T00:30:00Z`.
pub(crate) fn utc(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// A policy that comes with the hub.
pub(crate) fn policy(name: &str) -> Policy {
    Policy::shipped().into_iter().find(|policy| policy.name == name).unwrap()
}

/// The same over the whole day.
pub(crate) fn whole_day(name: &str) -> Policy {
    Policy { window: Window::WHOLE, ..policy(name) }
}

/// Observers that could see in these stretches of local time.
pub(crate) fn clear(stretches: &[(&str, &str)]) -> Coverage {
    let span = |(from, to): &(&str, &str)| CoverageSpan {
        network: "lan".to_owned(),
        from_ms: local(from),
        to_ms: local(to),
        blind: None,
    };
    Coverage::new(&stretches.iter().map(span).collect::<Vec<_>>())
}

/// Strips of sights, as a store that merges them keeps them.
pub(crate) fn strips(seen: &[Seen]) -> Vec<Strip> {
    let mut days: BTreeMap<(SiteId, String, Date), Vec<Span>> = BTreeMap::new();
    for (site, device, at_ms, sources) in seen {
        let date = crate::attendance::time::date(*at_ms, &TimeZone::UTC).unwrap();
        let span = Span { from_ms: *at_ms, to_ms: *at_ms, sources: *sources };
        days.entry((site.clone(), device.clone(), date)).or_default().push(span);
    }
    days.into_iter().map(|((site, device, date), spans)| Strip { site, device, date, spans: union(spans) }).collect()
}

impl Scene {
    /// A site `metz` in Paris that always saw everything and told it, and a person without devices.
    pub(crate) fn new() -> Self {
        let mut scene = Self { seen: vec![], ownerships: vec![], closings: vec![], places: BTreeMap::new() };
        scene.place("metz", Coverage::always());
        scene
    }

    pub(crate) fn place(&mut self, name: &str, coverage: Coverage) {
        let place = Place { zone: paris(), coverage, complete_ms: Some(LATER_MS) };
        self.places.insert(site(name), place);
    }

    /// Gives the person a device for ever.
    pub(crate) fn own(&mut self, place: &str, device: &str) -> &mut Ownership {
        self.ownerships.push(Ownership {
            device: device.to_owned(),
            site: Some(site(place)),
            person: "ada".to_owned(),
            from_ms: 0,
            to_ms: None,
            counts: Counts::Yes,
            grace_min: None,
        });
        self.ownerships.last_mut().unwrap()
    }

    /// A sight by a weak source at a moment.
    pub(crate) fn sight(&mut self, place: &str, device: &str, at_ms: i64) {
        self.seen.push((site(place), device.to_owned(), at_ms, Source::ArpReply.bit()));
    }

    /// Sights by the minute, from one moment through another.
    pub(crate) fn minutes(&mut self, place: &str, device: &str, (from_ms, to_ms): (i64, i64)) {
        for minute in 0..=(to_ms - from_ms) / MINUTE_MS {
            self.sight(place, device, from_ms + minute * MINUTE_MS);
        }
    }

    /// A person with a phone that `metz` saw by the minute in these stretches of local time.
    pub(crate) fn phone(stretches: &[(&str, &str)]) -> Self {
        let mut scene = Self::new();
        scene.own("metz", "phone");
        for (from, to) in stretches {
            scene.minutes("metz", "phone", (local(from), local(to)));
        }
        scene
    }

    /// The days from one through another under a policy, when everything has happened.
    pub(crate) fn days(&self, policy: &Policy, from: Date, through: Date) -> Vec<Day> {
        self.days_of(&strips(&self.seen), policy, from, through)
    }

    pub(crate) fn days_of(&self, strips: &[Strip], policy: &Policy, from: Date, through: Date) -> Vec<Day> {
        days(self.facts(strips), policy, (from, through), LATER_MS)
    }

    pub(crate) fn facts<'a>(&'a self, strips: &'a [Strip]) -> Facts<'a> {
        Facts { strips, ownerships: &self.ownerships, closings: &self.closings, places: &self.places }
    }

    pub(crate) fn day(&self, policy: &Policy, date: Date) -> Day {
        self.days(policy, date, date).remove(0)
    }
}
