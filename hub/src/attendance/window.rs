//! Which stretch of time belongs to which day, so that a shift over midnight is one day and each moment belongs to one.

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::plan::{Schedule, Shift};
use super::time::{at, midnight};

/// Beside a day off, what lies this long around a shift still belongs to the shift.
const AROUND_MS: i64 = 4 * 60 * 60 * 1000;

/// A day's stretch of time, milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end, which belongs to the next day.
    pub to_ms: i64,
    /// The shift planned for the day, holiday or not.
    pub shift: Option<(i64, i64)>,
    /// The break planned within it.
    pub pause: Option<(i64, i64)>,
}

impl Window {
    /// Whether a moment belongs to the day.
    #[must_use]
    pub fn holds(&self, at_ms: i64) -> bool {
        (self.from_ms..self.to_ms).contains(&at_ms)
    }
}

/// The stretch of a day. Days of one schedule and zone meet without a gap and without overlapping.
#[must_use]
pub fn window(schedule: &Schedule, date: Date, zone: &TimeZone) -> Window {
    let planned = schedule.shift(date);
    Window {
        from_ms: border(schedule, date, zone),
        to_ms: border(schedule, next(date), zone),
        shift: planned.map(|shift| span(shift, date, zone)),
        pause: planned.and_then(|shift| pause(shift, date, zone)),
    }
}

/// Where the day before ends and a day begins. A day off gives way where the shifts beside it reach over it.
fn border(schedule: &Schedule, date: Date, zone: &TimeZone) -> i64 {
    wish(schedule, date, zone).min(wish(schedule, next(date), zone))
}

/// Where a day would begin: midway between two shifts, at midnight between two days off, never after the day itself.
fn wish(schedule: &Schedule, date: Date, zone: &TimeZone) -> i64 {
    let midnight_ms = midnight(date, zone);
    let ended_ms = previous(date).and_then(|before| Some(span(schedule.shift(before)?, before, zone).1));
    let starts_ms = schedule.shift(date).map(|shift| span(shift, date, zone).0);
    let begins_ms = match (ended_ms, starts_ms) {
        (Some(ended_ms), Some(starts_ms)) => ended_ms.midpoint(starts_ms),
        (Some(ended_ms), None) => midnight_ms.max(ended_ms.saturating_add(AROUND_MS)),
        (None, Some(starts_ms)) => midnight_ms.min(starts_ms.saturating_sub(AROUND_MS)),
        (None, None) => midnight_ms,
    };
    begins_ms.min(midnight(next(date), zone))
}

/// When a shift begins and ends, milliseconds since 1970 UTC.
fn span(shift: &Shift, date: Date, zone: &TimeZone) -> (i64, i64) {
    let starts_ms = at(date.to_datetime(shift.starts), zone);
    (starts_ms, after(shift, date, shift.ends, zone).max(starts_ms))
}

/// When the break of a shift begins and ends.
fn pause(shift: &Shift, date: Date, zone: &TimeZone) -> Option<(i64, i64)> {
    let (from, to) = shift.pause?;
    let from_ms = after(shift, date, from, zone);
    Some((from_ms, after(shift, date, to, zone).max(from_ms)))
}

/// A time of a shift: what is not after its beginning lies on the day after, if the shift goes over midnight.
fn after(shift: &Shift, date: Date, time: Time, zone: &TimeZone) -> i64 {
    let date = if shift.is_overnight() && time <= shift.starts { next(date) } else { date };
    at(date.to_datetime(time), zone)
}

/// The day after; the last day of the calendar is its own.
#[must_use]
pub fn next(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(Date::MAX)
}

fn previous(date: Date) -> Option<Date> {
    date.checked_sub(1.day()).ok()
}
