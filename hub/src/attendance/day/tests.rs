//! Days of one person, and laws that hold for all days.

use std::collections::BTreeMap;

use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::attendance::time::at;
use crate::attendance::window::window;

/// A Monday.
const MONDAY: Date = date(2031, 5, 5);
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn office() -> Shift {
    let pause = Some((time(12, 0, 0, 0), time(13, 0, 0, 0)));
    Shift { starts: time(8, 0, 0, 0), ends: time(17, 0, 0, 0), pause, tolerance_min: 15 }
}

fn night() -> Shift {
    Shift { starts: time(22, 0, 0, 0), ends: time(6, 0, 0, 0), pause: None, tolerance_min: 5 }
}

/// The same shift from Monday to Friday.
fn weekdays(shift: Shift) -> Schedule {
    Schedule { days: (1..=5).map(|day| (day, shift)).collect(), ..Schedule::empty("office") }
}

fn row(on: Date, (hour, minute): (i8, i8), direction: Option<Direction>) -> Row {
    let at_ms = at(on.to_datetime(time(hour, minute, 0, 0)), &paris());
    let mut key = [0; 16];
    key[..8].copy_from_slice(&at_ms.to_be_bytes());
    Row { key: PunchKey(key), at_ms, known_ms: at_ms, direction, terminal: "ZX1".to_owned() }
}

fn judged(schedule: &Schedule, on: Date, rows: &[Row], now_ms: i64) -> Day {
    let window = window(schedule, on, &paris());
    judge(Judged { date: on, schedule, shift: schedule.shift(on), is_holiday: false, window }, rows, now_ms)
}

/// What a finished Monday in an office was, with punches that alternate.
fn monday(times: &[(i8, i8)]) -> Day {
    let rows: Vec<Row> = times.iter().map(|time| row(MONDAY, *time, None)).collect();
    judged(&weekdays(office()), MONDAY, &rows, i64::MAX)
}

#[test]
fn a_day_is_on_time_within_its_tolerance() {
    let day = monday(&[(8, 15), (17, 0)]);
    assert_eq!(day.findings, [Finding::OnTime]);
    assert_eq!(day.worked_ms, 7 * HOUR_MS + 45 * MINUTE_MS, "the break that nobody punched for is taken off");
    assert_eq!(monday(&[(7, 30), (12, 5), (12, 55), (16, 45)]).findings, [Finding::OnTime]);
}

#[test]
fn whoever_comes_late_leaves_early_or_stays_away_is_told_by_how_much() {
    assert_eq!(monday(&[(8, 16), (17, 0)]).findings, [Finding::Late { minutes: 16 }]);
    assert_eq!(monday(&[(8, 0), (16, 30)]).findings, [Finding::LeftEarly { minutes: 30 }]);
    assert_eq!(monday(&[(8, 0), (12, 0), (13, 40), (17, 0)]).findings, [Finding::LateFromBreak { minutes: 40 }]);
    assert_eq!(
        monday(&[(9, 0), (15, 0)]).findings,
        [Finding::Late { minutes: 60 }, Finding::LeftEarly { minutes: 120 }]
    );
    assert_eq!(monday(&[]).findings, [Finding::Absent]);
}

#[test]
fn a_punch_that_is_missing_is_named_and_makes_no_hours() {
    let day = monday(&[(8, 0)]);
    assert_eq!(day.findings, [Finding::MissingPunch { direction: Direction::Out }]);
    assert_eq!(day.worked_ms, 0);
    let rows = [row(MONDAY, (8, 0), Some(Direction::Out)), row(MONDAY, (9, 0), Some(Direction::In))];
    let day = judged(&weekdays(office()), MONDAY, &rows, i64::MAX);
    let both = [Direction::In, Direction::Out].map(|direction| Finding::MissingPunch { direction });
    assert!(both.iter().all(|finding| day.findings.contains(finding)), "{:?}", day.findings);
}

#[test]
fn while_a_day_goes_on_nothing_is_missing_yet() {
    let rows = [row(MONDAY, (8, 0), None)];
    let noon = row(MONDAY, (12, 0), None).at_ms;
    let day = judged(&weekdays(office()), MONDAY, &rows, noon);
    assert_eq!((day.findings.as_slice(), day.is_present), ([Finding::Pending].as_slice(), true));
    assert_eq!(judged(&weekdays(office()), MONDAY, &[], noon).findings, [Finding::Pending]);
    let late = judged(&weekdays(office()), MONDAY, &[row(MONDAY, (9, 0), None)], noon);
    assert_eq!(late.findings, [Finding::Late { minutes: 60 }]);
}

#[test]
fn days_off_and_holidays_expect_nobody() {
    let sunday = date(2031, 5, 4);
    assert_eq!(judged(&weekdays(office()), sunday, &[], i64::MAX).findings, [Finding::Off]);
    let rows = [row(sunday, (10, 0), None), row(sunday, (11, 0), None)];
    let day = judged(&weekdays(office()), sunday, &rows, i64::MAX);
    assert_eq!((day.findings.as_slice(), day.worked_ms), ([Finding::OutsideSchedule].as_slice(), HOUR_MS));
    let schedule = weekdays(office());
    let window = window(&schedule, MONDAY, &paris());
    let holiday = Judged { date: MONDAY, schedule: &schedule, shift: None, is_holiday: true, window };
    assert_eq!(judge(holiday, &[], i64::MAX).findings, [Finding::Holiday]);
    assert_eq!(monday(&[(18, 0), (19, 0)]).findings, [Finding::OutsideSchedule]);
}

#[test]
fn the_terminal_says_which_way_unless_the_schedule_does_not_believe_it() {
    let rows = [row(MONDAY, (8, 0), Some(Direction::In)), row(MONDAY, (17, 0), Some(Direction::In))];
    let believed = judged(&weekdays(office()), MONDAY, &rows, i64::MAX);
    assert!(believed.findings.contains(&Finding::MissingPunch { direction: Direction::Out }));
    assert!(believed.strip.iter().all(|step| step.rule == Rule::TerminalSays));
    let schedule = Schedule { directions: Directions::Alternate, ..weekdays(office()) };
    let day = judged(&schedule, MONDAY, &rows, i64::MAX);
    assert_eq!(day.findings, [Finding::OnTime]);
    assert_eq!(day.strip.iter().map(|step| step.rule).collect::<Vec<_>>(), [Rule::Begins, Rule::Alternates]);
}

#[test]
fn touching_the_reader_twice_is_coming_once() {
    let mut rows = vec![row(MONDAY, (8, 0), None), row(MONDAY, (17, 0), None)];
    let twice = Row { key: PunchKey([9; 16]), at_ms: rows[0].at_ms + 20_000, ..rows[0].clone() };
    rows.push(twice);
    let day = judged(&weekdays(office()), MONDAY, &rows, i64::MAX);
    assert_eq!(day.findings, [Finding::OnTime]);
    let rules: Vec<Rule> = day.strip.iter().map(|step| step.rule).collect();
    assert_eq!(rules, [Rule::Begins, Rule::Repeats, Rule::Alternates]);
}

#[test]
fn a_shift_over_midnight_is_one_day() {
    let schedule = weekdays(night());
    let tuesday = date(2031, 5, 6);
    let rows = [row(MONDAY, (21, 58), None), row(tuesday, (6, 3), None), row(tuesday, (22, 20), None)];
    let day = judged(&schedule, MONDAY, &rows, i64::MAX);
    assert_eq!((day.findings.as_slice(), day.worked_ms), ([Finding::OnTime].as_slice(), 8 * HOUR_MS + 5 * MINUTE_MS));
    let next = judged(&schedule, tuesday, &rows, i64::MAX);
    assert!(next.findings.contains(&Finding::Late { minutes: 20 }), "{:?}", next.findings);
}

#[test]
fn a_night_in_which_the_clocks_change_has_the_hours_that_passed() {
    let schedule = Schedule { days: (1..=7).map(|day| (day, night())).collect(), ..Schedule::empty("night") };
    for (evening, hours) in [(date(2031, 10, 25), 9), (date(2031, 3, 29), 7), (date(2031, 6, 1), 8)] {
        let morning = crate::attendance::window::next(evening);
        let rows = [row(evening, (22, 0), None), row(morning, (6, 0), None)];
        let day = judged(&schedule, evening, &rows, i64::MAX);
        assert_eq!(
            (day.findings.as_slice(), day.worked_ms),
            ([Finding::OnTime].as_slice(), hours * HOUR_MS),
            "{evening}"
        );
    }
}

fn any_shift() -> impl Strategy<Value = Shift> {
    (0..24i8, 0..24i8, 0..60u16, prop::option::of((0..24i8, 0..24i8))).prop_map(
        |(starts, ends, tolerance_min, pause)| {
            let at = |hour| time(hour, 0, 0, 0);
            Shift {
                starts: at(starts),
                ends: at(ends),
                pause: pause.map(|(from, to)| (at(from), at(to))),
                tolerance_min,
            }
        },
    )
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let days = prop::collection::btree_map(1..=7i8, any_shift(), 0..7);
    (days, any::<bool>(), 0..300u16).prop_map(|(days, alternates, repeat_s): (BTreeMap<i8, Shift>, bool, u16)| {
        let directions = if alternates { Directions::Alternate } else { Directions::Terminal };
        Schedule { days, directions, repeat_s, ..Schedule::empty("any") }
    })
}

/// Rows around the change of clocks in autumn.
fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let way = prop::option::of(prop_oneof![Just(Direction::In), Just(Direction::Out)]);
    let one = (0..5 * 24 * 60i64, way, any::<[u8; 16]>()).prop_map(|(minute, direction, key)| {
        let at_ms = at(date(2031, 10, 24).at(0, 0, 0, 0), &paris()) + minute * MINUTE_MS;
        Row { key: PunchKey(key), at_ms, known_ms: 0, direction, terminal: "ZX1".to_owned() }
    });
    prop::collection::vec(one, 0..24)
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_of_rows_changes_a_day(
        schedule in any_schedule(),
        (rows, shuffled) in any_rows().prop_flat_map(|rows| {
            let twice = [rows.clone(), rows.clone()].concat();
            (Just(rows), Just(twice).prop_shuffle())
        }),
        now: i64,
    ) {
        let on = date(2031, 10, 26);
        prop_assert_eq!(judged(&schedule, on, &rows, now), judged(&schedule, on, &shuffled, now));
    }

    #[test]
    fn hours_are_never_negative_and_never_more_than_the_day_has(schedule in any_schedule(), rows in any_rows(), now: i64) {
        for day in 24..29 {
            let day = judged(&schedule, date(2031, 10, day), &rows, now);
            prop_assert!(day.worked_ms >= 0 && day.worked_ms <= day.window.to_ms - day.window.from_ms);
            prop_assert!(!day.findings.is_empty());
        }
    }

    #[test]
    fn every_moment_belongs_to_one_day(schedule in any_schedule(), minute in 0..3 * 24 * 60i64) {
        let at_ms = at(date(2031, 10, 25).at(0, 0, 0, 0), &paris()) + minute * MINUTE_MS;
        let holders = (22..32).filter(|day| window(&schedule, date(2031, 10, *day), &paris()).holds(at_ms)).count();
        prop_assert_eq!(holders, 1);
    }
}
