//! Pure: when it is said. A hub that was away says it late, but only within the hour: later nobody should be bothered.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::attendance::time::{at, date};

/// How late it may be said, milliseconds.
pub const LATE_MAX_MS: i64 = 60 * 60 * 1000;

/// A day of the week and a time of that day at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// The day.
    pub day: Weekday,
    /// The time; one that the clocks skip comes as much later, of one that they repeat the first counts.
    pub time: Time,
    /// The place.
    pub zone: TimeZone,
}

/// An occasion to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// The day, by which it is recognised.
    pub date: Date,
    /// When it is over, milliseconds since 1970 UTC.
    pub ends_ms: i64,
}

impl Weekly {
    /// The occasion that a moment lies in.
    #[must_use]
    pub fn occasion(&self, now_ms: i64) -> Option<Occasion> {
        let today = date(now_ms, &self.zone)?;
        // Shortly before midnight the hour reaches into the day after.
        let days = [today.yesterday().ok(), Some(today)];
        days.into_iter().flatten().filter(|day| day.weekday() == self.day).find_map(|date| {
            let begins_ms = at(date.to_datetime(self.time), &self.zone);
            let ends_ms = begins_ms.saturating_add(LATE_MAX_MS);
            (begins_ms..ends_ms).contains(&now_ms).then_some(Occasion { date, ends_ms })
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn weekly(day: Weekday, time: Time) -> Weekly {
        Weekly { day, time, zone: TimeZone::get("Europe/Paris").unwrap() }
    }

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn day(weekly: &Weekly, now: &str) -> Option<Date> {
        weekly.occasion(ms(now)).map(|occasion| occasion.date)
    }

    #[test]
    fn it_is_friday_at_four_at_the_place_and_an_hour_longer() {
        let friday = weekly(Weekday::Friday, time(16, 0, 0, 0));
        assert_eq!(day(&friday, "2026-11-20T14:59:59Z"), None);
        assert_eq!(day(&friday, "2026-11-20T15:00:00Z"), Some(date(2026, 11, 20)));
        assert_eq!(day(&friday, "2026-11-20T15:59:59Z"), Some(date(2026, 11, 20)));
        assert_eq!(day(&friday, "2026-11-20T16:00:00Z"), None, "who was away longer says nothing");
        assert_eq!(day(&friday, "2026-07-17T14:00:00Z"), Some(date(2026, 7, 17)), "summer time");
        assert_eq!(day(&friday, "2026-11-19T15:00:00Z"), None, "a Thursday");
    }

    #[test]
    fn an_hour_that_reaches_into_the_next_day_belongs_to_its_day() {
        let late = weekly(Weekday::Friday, time(23, 30, 0, 0));
        assert_eq!(day(&late, "2026-11-20T23:15:00Z"), Some(date(2026, 11, 20)));
        assert_eq!(day(&late, "2026-11-20T23:30:00Z"), None);
    }

    #[test]
    fn a_time_that_the_clocks_skip_comes_later_and_one_that_they_repeat_once() {
        let night = weekly(Weekday::Sunday, time(2, 30, 0, 0));
        assert_eq!(day(&night, "2026-03-29T01:30:00Z"), Some(date(2026, 3, 29)));
        let minutes =
            (0..6 * 60).filter(|minute| night.occasion(ms("2026-10-24T22:00:00Z") + minute * 60_000).is_some());
        assert_eq!(minutes.count(), 60);
    }

    proptest! {
        #[test]
        fn each_week_has_one_occasion_of_an_hour(week in 0..300i64, hour in 0..24i8, minute in 0..60i8) {
            let weekly = weekly(Weekday::Sunday, time(hour, minute, 0, 0));
            let monday = ms("2024-01-01T12:00:00Z") + week * 7 * 24 * 60 * 60 * 1000;
            let found: Vec<Date> = (0..7 * 24 * 60).filter_map(|minute| weekly.occasion(monday + minute * 60_000)).map(|one| one.date).collect();
            prop_assert_eq!(found.len(), 60);
            prop_assert!(found.iter().all(|date| *date == found[0]));
        }
    }
}
