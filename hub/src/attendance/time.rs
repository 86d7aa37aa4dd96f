//! From a terminal's local time to a moment, and what is odd about it. The terminal's own words are never changed.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::store::attendance::{Doubt, Punch};

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A row may lie this far in the future before it is doubted: clocks of boxes and terminals differ by minutes.
pub const FUTURE_MAX_MS: i64 = 10 * MINUTE_MS;

/// Terminals hold some hundred thousand rows: no honest one holds rows older than this.
pub const AGE_MAX_MS: i64 = 10 * 365 * DAY_MS;

/// A clock that drifts, or stands in another zone, is wrong by less than this; beyond, it was set by hand or reset
/// somewhere among the rows, and nobody can tell which of them it falsified.
pub const CORRECTION_MAX_MS: i64 = DAY_MS;

/// Years in which clocks begin that have lost their time.
const RESET_YEARS: [i16; 2] = [1970, 2000];

/// The moment that a local time means, milliseconds since 1970 UTC, and what is odd about it; none if it is no time.
///
/// Of a time that happened twice, the first is meant; a time that was skipped moves on by the length of the gap.
#[must_use]
pub fn moment(local_time: &str, zone: &str) -> Option<(i64, Option<Doubt>)> {
    let local = read(local_time)?;
    let zone = TimeZone::get(zone).ok()?;
    let meant = zone.to_ambiguous_timestamp(local);
    let doubt = match meant.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Fold { .. } => Some(Doubt::Ambiguous),
        AmbiguousOffset::Gap { .. } => Some(Doubt::Skipped),
    };
    Some((meant.compatible().ok()?.as_millisecond(), doubt))
}

/// A local time as terminals write it, and nothing else: `2031-05-06` alone would become midnight.
fn read(local_time: &str) -> Option<DateTime> {
    DateTime::strptime("%Y-%m-%d %H:%M:%S", local_time.trim()).ok()
}

/// The moment at which a day begins at a place, milliseconds since 1970 UTC; where midnight is skipped, what comes
/// instead.
#[must_use]
pub fn midnight(date: Date, zone: &TimeZone) -> i64 {
    at(date.to_datetime(jiff::civil::Time::midnight()), zone)
}

/// The moment of a local time at a place, by the same rules as [`moment`]; saturates at the ends of time.
#[must_use]
pub fn at(local: DateTime, zone: &TimeZone) -> i64 {
    zone.to_ambiguous_timestamp(local).compatible().map_or(i64::MAX, |moment| moment.as_millisecond())
}

/// The date at a place, at a moment.
#[must_use]
pub fn date(at_ms: i64, zone: &TimeZone) -> Option<Date> {
    let moment = jiff::Timestamp::from_millisecond(at_ms).ok()?;
    Some(moment.to_zoned(zone.clone()).date())
}

/// Finds a row's moment, corrects it by the error of the terminal's clock, and says what is odd about the row.
///
/// `told_ms` is the latest moment that it can have happened at.
pub fn correct(punch: &mut Punch, ahead_ms: Option<i64>, told_ms: i64) {
    punch.doubts.retain(|doubt| *doubt == Doubt::FrozenClock);
    let Some((meant_ms, oddity)) = moment(&punch.local_time, &punch.zone) else {
        (punch.meant_ms, punch.at_ms, punch.counts) = (None, None, false);
        punch.doubts.push(Doubt::NoTime);
        return;
    };
    let was_reset = read(&punch.local_time).is_some_and(|local| RESET_YEARS.contains(&local.year()));
    let usable_ms = ahead_ms.filter(|ahead_ms| was_reset || ahead_ms.abs() <= CORRECTION_MAX_MS);
    let at_ms = meant_ms.saturating_sub(usable_ms.unwrap_or(0));
    (punch.meant_ms, punch.at_ms) = (Some(meant_ms), Some(at_ms));
    let oddities = [
        was_reset.then_some(Doubt::ClockReset),
        (at_ms > told_ms.saturating_add(FUTURE_MAX_MS)).then_some(Doubt::Future),
        (!was_reset && at_ms < told_ms.saturating_sub(AGE_MAX_MS)).then_some(Doubt::Ancient),
        oddity,
    ];
    punch.doubts.extend(oddities.into_iter().flatten());
    punch.counts = punch.counts_by_itself();
}

#[cfg(test)]
mod tests;
