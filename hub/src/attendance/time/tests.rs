//! Local times of terminals, honest and not.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::store::contract::attendance::{MORNING, told};

const PARIS: &str = "Europe/Paris";

#[test]
fn a_local_time_is_read_in_its_zone() {
    assert_eq!(moment("2031-05-06 10:00:00", PARIS), Some((MORNING, None)));
    assert_eq!(moment(" 2031-05-06 08:00:00 ", "UTC"), Some((MORNING, None)));
}

#[test]
fn what_is_no_time_is_never_replaced_by_another() {
    for text in
        ["2031-02-30 25:61:00", "", "1700000000", "2031-05-06", "0000-00-00 00:00:00", "now", "2031-05-06T08:00:00Z"]
    {
        assert_eq!(moment(text, "UTC"), None, "{text}");
    }
    assert_eq!(moment("2031-05-06 08:00:00", "Mars/Olympus"), None);
    let nothing = told("ZX1", 7, "2031-02-30 25:61:00", MORNING).punch;
    assert_eq!((nothing.at_ms, nothing.counts, nothing.doubts.as_slice()), (None, false, [Doubt::NoTime].as_slice()));
}

#[test]
fn a_repeated_hour_means_the_first_and_a_skipped_one_moves_on_and_both_say_so() {
    let first = moment("2031-10-26 02:30:00", PARIS).unwrap();
    assert_eq!(first, (moment("2031-10-26 01:30:00", PARIS).unwrap().0 + 60 * MINUTE_MS, Some(Doubt::Ambiguous)));
    let skipped = moment("2031-03-30 02:30:00", PARIS).unwrap();
    assert_eq!(skipped, (moment("2031-03-30 03:30:00", PARIS).unwrap().0, Some(Doubt::Skipped)));
    let punch = told("ZX1", 7, "2031-05-06 08:00:00", MORNING).punch;
    let mut ambiguous = Punch { local_time: "2031-10-26 02:30:00".to_owned(), zone: PARIS.to_owned(), ..punch };
    correct(&mut ambiguous, None, first.0);
    assert!(ambiguous.counts, "an oddity of the calendar excludes nothing");
}

#[test]
fn a_reset_clock_counts_for_nothing_but_its_error_shows_when_it_was() {
    let mut told = told("ZX1", 7, "2000-01-01 00:05:00", MORNING);
    assert_eq!((told.punch.counts, told.punch.doubts.as_slice()), (false, [Doubt::ClockReset].as_slice()));
    let meant_ms = told.punch.meant_ms.unwrap();
    told.correct(Some(meant_ms - MORNING));
    assert_eq!((told.punch.at_ms, told.punch.counts), (Some(MORNING), false));
}

#[test]
fn the_future_is_doubted_beyond_ten_minutes() {
    let doubts = |local: &str| told("ZX1", 7, local, MORNING).punch.doubts;
    assert_eq!(doubts("2032-05-06 08:00:00"), [Doubt::Future]);
    assert_eq!(doubts("2031-05-06 08:10:01"), [Doubt::Future]);
    assert_eq!(doubts("2031-05-06 08:05:00"), []);
    assert_eq!(doubts("2020-05-06 08:05:00"), [Doubt::Ancient]);
    assert_eq!(doubts("2099-12-31 23:59:59"), [Doubt::Future]);
}

#[test]
fn a_measured_error_corrects_but_one_of_days_does_not() {
    let mut told = told("ZX1", 7, "2031-05-06 08:00:00", MORNING);
    told.correct(Some(-9 * 60 * MINUTE_MS));
    assert_eq!(told.punch.at_ms, Some(MORNING + 9 * 60 * MINUTE_MS));
    assert_eq!(told.punch.doubts, [Doubt::Future], "judged by the corrected moment");
    told.correct(Some(30 * DAY_MS));
    assert_eq!((told.punch.at_ms, told.punch.doubts.as_slice()), (Some(MORNING), [].as_slice()));
}

#[test]
fn a_day_begins_where_its_zone_says() {
    let paris = TimeZone::get(PARIS).unwrap();
    let hours =
        |day| (midnight(date(2031, 10, day + 1), &paris) - midnight(date(2031, 10, day), &paris)) / (60 * MINUTE_MS);
    assert_eq!((hours(25), hours(26), hours(27)), (24, 25, 24));
    assert_eq!(super::date(MORNING, &paris), Some(date(2031, 5, 6)));
}

proptest! {
    #[test]
    fn no_text_breaks_it_and_correcting_twice_changes_nothing(text in "\\PC{0,24}", ahead_ms: Option<i64>, told_ms: i64) {
        let mut once = told("ZX1", 7, &text, MORNING).punch;
        correct(&mut once, ahead_ms, told_ms);
        let mut twice = once.clone();
        correct(&mut twice, ahead_ms, told_ms);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(once.local_time, text);
    }

    #[test]
    fn moments_read_back(ms in 0..4_000_000_000i64) {
        let local = jiff::Timestamp::from_second(ms).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
        prop_assert_eq!(moment(&local, "UTC").unwrap().0, ms * 1000);
    }
}
