//! Mistakes that somebody might make in counting days, planted at the seams of the computation to see the laws fail.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{FIRST, LAST, key};
use crate::attendance::book::dates;
use crate::presence::Strip;
use crate::presence::coverage::Coverage;
use crate::presence::day::Day;
use crate::presence::policy::{Policy, Rule};
use crate::presence::scene::{Scene, paris};
use crate::presence::span::union;
use crate::presence::window::Window;

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// What a batch says of a device's day takes the place of what was known.
    LastBatchWins,
    /// Times at two sites are added, not united.
    SitesAdded,
    /// Slots of two devices are added, not united.
    DevicesAdded,
    /// A day is computed from one device.
    OneDeviceAlone,
    /// A device is always its owner's of today.
    OwnerOfToday,
    /// Days are those of UTC.
    UtcDays,
    /// Only the strip that has the day's own date is read.
    OneStripOnly,
    /// The window is not looked at.
    AllHours,
    /// "More than" where the rule says "from".
    OneSlotMore,
    /// Slots are told apart by the clock on the wall.
    WallClockSlots,
    /// A session ends when its grace does.
    GraceAdded,
    /// Nobody is ever blind.
    NeverBlind,
    /// Whoever says nothing was blind.
    AlwaysBlind,
}

impl Mistake {
    /// Every mistake.
    pub(super) const ALL: [Self; 13] = [
        Self::LastBatchWins,
        Self::SitesAdded,
        Self::DevicesAdded,
        Self::OneDeviceAlone,
        Self::OwnerOfToday,
        Self::UtcDays,
        Self::OneStripOnly,
        Self::AllHours,
        Self::OneSlotMore,
        Self::WallClockSlots,
        Self::GraceAdded,
        Self::NeverBlind,
        Self::AlwaysBlind,
    ];

    /// What the computation is given wrongly.
    fn before(self, scene: &mut Scene, policy: &mut Policy) {
        let places = scene.places.values_mut();
        match self {
            Self::OneDeviceAlone => scene.ownerships.truncate(1),
            Self::OwnerOfToday => {
                scene.ownerships.iter_mut().for_each(|owned| (owned.from_ms, owned.to_ms) = (0, None));
            }
            Self::UtcDays => places.for_each(|place| place.zone = TimeZone::UTC),
            Self::NeverBlind => places.for_each(|place| place.coverage = Coverage::always()),
            Self::AlwaysBlind => places.for_each(|place| place.coverage = Coverage::default()),
            Self::AllHours => policy.window = Window::WHOLE,
            Self::OneSlotMore => {
                if let Rule::Slots10 { half_slots, full_slots } = &mut policy.rule {
                    (*half_slots, *full_slots) = (*half_slots + 1, *full_slots + 1);
                }
            }
            _ => {}
        }
    }

    /// What is done wrongly with a day.
    fn after(self, day: &mut Day, policy: &Policy) {
        match self {
            Self::SitesAdded => day.minutes = day.sites.iter().map(|site| site.minutes).sum(),
            Self::WallClockSlots => {
                let shown = |at_ms: i64| jiff::Timestamp::from_millisecond(at_ms).unwrap().to_zoned(paris()).datetime();
                day.slots.sort_by_key(|slot| shown(slot.at_ms));
                day.slots.dedup_by_key(|slot| shown(slot.at_ms));
            }
            Self::GraceAdded => {
                let sessions = day.sites.iter_mut().flat_map(|site| &mut site.sessions);
                sessions.for_each(|session| session.to_ms += policy.grace_ms());
            }
            _ => {}
        }
    }
}

/// The days that are computed, with a mistake.
pub(super) fn days(scene: &Scene, strips: &[Strip], policy: &Policy, mistake: Option<Mistake>) -> Vec<Day> {
    let (mut scene, mut policy) = (scene.clone(), policy.clone());
    if let Some(mistake) = mistake {
        mistake.before(&mut scene, &mut policy);
    }
    let mut days = match mistake {
        Some(Mistake::OneStripOnly) => {
            dates(FIRST, LAST).map(|date| one_strip(&scene, strips, &policy, date)).collect()
        }
        Some(Mistake::DevicesAdded) => added(&scene, strips, &policy),
        _ => scene.days_of(strips, &policy, FIRST, LAST),
    };
    if let Some(mistake) = mistake {
        days.iter_mut().for_each(|day| mistake.after(day, &policy));
    }
    days
}

fn one_strip(scene: &Scene, strips: &[Strip], policy: &Policy, date: Date) -> Day {
    let own: Vec<Strip> = strips.iter().filter(|strip| strip.date == date).cloned().collect();
    scene.days_of(&own, policy, date, date).remove(0)
}

fn added(scene: &Scene, strips: &[Strip], policy: &Policy) -> Vec<Day> {
    let mut days = scene.days_of(strips, policy, FIRST, LAST);
    days.iter_mut().for_each(|day| day.slots.clear());
    for owned in &scene.ownerships {
        let alone = Scene { ownerships: vec![owned.clone()], ..scene.clone() };
        for (day, own) in days.iter_mut().zip(alone.days_of(strips, policy, FIRST, LAST)) {
            day.slots.extend(own.slots);
        }
    }
    days
}

/// A strip that a batch brings, and what is known of its day, as a store unites them.
pub(super) fn unite(known: &mut Strip, fresh: Strip, mistake: Option<Mistake>) {
    debug_assert_eq!(key(known), key(&fresh));
    if mistake == Some(Mistake::LastBatchWins) {
        known.spans.clear();
    }
    known.spans.extend(fresh.spans);
    known.spans = union(std::mem::take(&mut known.spans));
}
