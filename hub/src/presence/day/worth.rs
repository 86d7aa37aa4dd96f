//! From sessions and slots to a value, by the rule of a policy.

use jiff::civil::Date;

use super::history::Found;
use crate::attendance::time::at;
use crate::presence::policy::Rule;
use crate::presence::stretch::{Stretch, clipped, total_ms, union};
use crate::presence::value::Value;

/// A stretch that was cut at the last millisecond before a border is a whole one: this is added before minutes are counted.
const CUT_MS: i64 = 999;

const MINUTE_MS: i64 = 60_000;

/// The sessions of a site within its window, in order and apart.
pub(super) fn timed(found: &Found<'_>) -> Vec<Stretch> {
    let within = found.sessions.iter().filter_map(|session| session.stretch().within(found.here.window));
    union(within.collect(), 0)
}

/// The sessions of all sites, united.
pub(super) fn whole(found: &[Found<'_>]) -> Vec<Stretch> {
    union(found.iter().flat_map(timed).collect(), 0)
}

/// Whole minutes of stretches together.
pub(super) fn minutes(stretches: &[Stretch]) -> i64 {
    total_ms(stretches).saturating_add(CUT_MS).div_euclid(MINUTE_MS)
}

/// When sessions of two sites were at once.
pub(super) fn at_once(found: &[Found<'_>]) -> Vec<Stretch> {
    let timed: Vec<Vec<Stretch>> = found.iter().map(timed).collect();
    let mut both = Vec::new();
    for (at, one) in timed.iter().enumerate() {
        for other in timed.iter().skip(at + 1) {
            both.extend(one.iter().flat_map(|stretch| clipped(other, *stretch)).filter(|both| both.length_ms() > 0));
        }
    }
    union(both, 0)
}

/// What a day is worth.
pub(super) fn value(rule: Rule, slots: usize, found: &[Found<'_>], date: Date) -> Value {
    match rule {
        Rule::Slots10 { half_slots, full_slots } => {
            let slots = i64::try_from(slots).unwrap_or(i64::MAX);
            Value::of_steps(slots, half_slots.into(), full_slots.into())
        }
        Rule::Minutes { half_min, full_min } => {
            Value::of_steps(minutes(&whole(found)), half_min.into(), full_min.into())
        }
        Rule::Blocks { half_min, full_min } => {
            let whole = whole(found);
            let block = whole.first().zip(whole.last());
            let block = block.map(|(first, last)| Stretch { from_ms: first.from_ms, to_ms: last.to_ms });
            Value::of_steps(minutes(block.as_slice()), half_min.into(), full_min.into())
        }
        Rule::Halves { noon, least_min } => {
            let counts = |half: fn(Stretch, i64) -> Stretch| {
                let of_site = |found: &Found<'_>| {
                    let noon_ms = at(date.to_datetime(noon), &found.here.place.zone);
                    clipped(&timed(found), half(found.here.window, noon_ms)).collect::<Vec<_>>()
                };
                let both = union(found.iter().flat_map(of_site).collect(), 0);
                i64::from(minutes(&both) >= i64::from(least_min))
            };
            let morning = counts(|window, noon_ms| Stretch { to_ms: noon_ms, ..window });
            let afternoon = counts(|window, noon_ms| Stretch { from_ms: noon_ms, ..window });
            Value::of_steps(morning + afternoon, 1, 2)
        }
    }
}
