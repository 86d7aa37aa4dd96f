//! When a site's days are closed: at a time of its own clock, later if the hub was not there then.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::attendance::time::{at, date};
use crate::attendance::window::next;

/// Days that are closed after a time without a hub, and in which late facts are looked for: what a box holds back for
/// longer is found when somebody asks for those days.
pub const CATCH_UP_DAYS: i64 = 40;

/// The days of a site that are to be closed, oldest first: those that are over or whose time has come, that are not
/// closed, and not before `since`.
#[must_use]
pub fn due(closed: &BTreeSet<Date>, since: Date, (close_at, zone): (Time, &TimeZone), now_ms: i64) -> Vec<Date> {
    let Some(today) = date(now_ms, zone) else { return Vec::new() };
    let oldest = today.checked_sub(CATCH_UP_DAYS.days()).unwrap_or(today).max(since);
    let all = std::iter::successors(Some(oldest), |date| Some(next(*date)).filter(|after| after > date));
    let has_come = |date: &Date| at(date.to_datetime(close_at), zone) <= now_ms;
    all.take_while(|date| *date <= today).filter(has_come).filter(|date| !closed.contains(date)).collect()
}

/// Whether a daily time lies between two moments: after the first, not after the second.
#[must_use]
pub fn is_between(daily: Time, zone: &TimeZone, (before_ms, now_ms): (i64, i64)) -> bool {
    date(now_ms, zone).is_some_and(|today| {
        let eve = today.yesterday().unwrap_or(today);
        [eve, today]
            .into_iter()
            .map(|day| at(day.to_datetime(daily), zone))
            .any(|at_ms| before_ms < at_ms && at_ms <= now_ms)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    const CLOSE: Time = time(22, 15, 0, 0);

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_day_is_closed_at_its_time_in_the_sites_zone_and_once() {
        let since = date(2026, 11, 20);
        let due_at =
            |closed: &[Date], now: &str| due(&closed.iter().copied().collect(), since, (CLOSE, &paris()), ms(now));
        assert_eq!(due_at(&[], "2026-11-20T21:14:59Z"), Vec::<Date>::new());
        assert_eq!(due_at(&[], "2026-11-20T21:15:00Z"), [since]);
        assert_eq!(due_at(&[since], "2026-11-20T23:59:00Z"), Vec::<Date>::new());
    }

    #[test]
    fn after_a_time_without_a_hub_the_days_that_were_missed_are_closed() {
        let closed = BTreeSet::from([date(2026, 11, 17), date(2026, 11, 19)]);
        let found = due(&closed, date(2026, 11, 16), (CLOSE, &paris()), ms("2026-11-20T03:00:00Z"));
        assert_eq!(found, [date(2026, 11, 16), date(2026, 11, 18)]);
        let long_ago = due(&BTreeSet::new(), date(2020, 1, 1), (CLOSE, &paris()), ms("2026-11-20T03:00:00Z"));
        assert_eq!(long_ago.len(), 40);
    }

    #[test]
    fn a_time_that_the_clocks_skip_or_repeat_comes_once_a_day() {
        let night = time(2, 30, 0, 0);
        for (day, count) in [("2026-03-29", 1), ("2026-10-25", 1), ("2026-06-01", 1)] {
            let start = ms(&format!("{day}T00:00:00+02:00"));
            let found = (0..24 * 60).filter(|minute| {
                let now_ms = start + minute * 60_000;
                is_between(night, &paris(), (now_ms - 60_000, now_ms))
            });
            assert_eq!(found.count(), count, "{day}");
        }
    }
}
