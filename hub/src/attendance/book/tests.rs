//! Whose days, and how sure they are.

use jiff::civil::{date, time};

use super::*;
use crate::attendance::Shift;
use crate::attendance::day::Finding;
use crate::store::contract::attendance::{MORNING, told};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A Tuesday; [`MORNING`] is its 8 o'clock.
const TUESDAY: Date = date(2031, 5, 6);

fn schedule(name: &str, terminals: &[&str]) -> Schedule {
    let shift = Shift { starts: time(8, 0, 0, 0), ends: time(16, 0, 0, 0), pause: None, tolerance_min: 10 };
    let terminals = terminals.iter().map(|terminal| (*terminal).to_owned()).collect();
    Schedule { terminals, days: [(2, shift)].into(), ..Schedule::empty(name) }
}

fn books(complete_ms: Option<i64>) -> Books {
    let clock = Clock { zone: "UTC".to_owned(), complete_ms, gaps_ms: Vec::new() };
    let terminals = ["ZX1", "ZX2"].map(|terminal| (terminal.to_owned(), clock.clone()));
    Books { schedules: vec![schedule("office", &["ZX1", "ZX2"])], terminals: terminals.into(), ..Books::default() }
}

fn punch(terminal: &str, enrol_id: u64, hour: i64) -> Punch {
    told(terminal, enrol_id, &format!("2031-05-06 {hour:02}:00:00"), MORNING + hour * HOUR_MS).punch
}

fn tuesday(books: &Books, punches: &[Punch]) -> Vec<PersonDay> {
    books.days(punches, &[], (TUESDAY, TUESDAY), i64::MAX)
}

#[test]
fn one_number_on_two_terminals_is_two_people_unless_somebody_says_otherwise() {
    let punches = [punch("ZX1", 7, 8), punch("ZX2", 7, 16)];
    let mut books = books(None);
    let apart = tuesday(&books, &punches);
    assert_eq!(apart.len(), 2);
    assert!(apart.iter().all(|one| matches!(one.day.findings.as_slice(), [Finding::MissingPunch { .. }, ..])));

    books.schedules[0].has_common_numbers = true;
    let common = tuesday(&books, &punches);
    assert_eq!((common.len(), &common[0].who), (1, &Who::Number(None, 7)));
    assert_eq!(common[0].day.findings, [Finding::OnTime]);

    let numbers = vec![("ZX1".to_owned(), 7), ("ZX2".to_owned(), 7)];
    books.people.push(Person { id: "e1".to_owned(), name: "Ama".to_owned(), numbers });
    let named = tuesday(&books, &punches);
    assert_eq!((named.len(), &named[0].who, named[0].name.as_deref()), (1, &Who::Person("e1".to_owned()), Some("Ama")));
}

#[test]
fn whoever_is_enrolled_and_does_not_come_is_absent_where_somebody_is_expected() {
    let enrolled = [Enrolment { terminal: "ZX1".to_owned(), enrol_id: 9, name: Some("Bo".to_owned()) }];
    let days = books(None).days(&[], &enrolled, (date(2031, 5, 5), date(2031, 5, 8)), i64::MAX);
    assert_eq!(days.len(), 1, "the days off are left out");
    assert_eq!((days[0].day.date, days[0].day.findings.as_slice()), (TUESDAY, [Finding::Absent].as_slice()));
    let mut books = books(None);
    books.holidays.push(Holiday { date: TUESDAY, schedule: None, name: "1 mai".to_owned() });
    let days = books.days(&[], &enrolled, (TUESDAY, TUESDAY), i64::MAX);
    assert_eq!(days[0].day.findings, [Finding::Holiday]);
}

#[test]
fn a_terminal_without_a_schedule_shows_who_was_there() {
    let mut books = books(None);
    books.schedules.clear();
    let days = tuesday(&books, &[punch("ZX1", 7, 8), punch("ZX1", 7, 12)]);
    assert_eq!((days[0].plan.as_str(), days[0].schedule.as_deref()), ("terminal ZX1", None));
    assert_eq!(
        (days[0].day.findings.as_slice(), days[0].day.worked_ms),
        ([Finding::OutsideSchedule].as_slice(), 4 * HOUR_MS)
    );
}

#[test]
fn a_day_is_final_once_everything_of_its_terminals_has_arrived() {
    let punches = [punch("ZX1", 7, 8), punch("ZX1", 7, 16)];
    let mark = |books: &Books| tuesday(books, &punches)[0].mark;
    let over_ms = MORNING + 40 * HOUR_MS;
    assert_eq!(mark(&books(None)), Mark::Provisional);
    assert_eq!(mark(&books(Some(MORNING))), Mark::Provisional);
    assert_eq!(mark(&books(Some(over_ms))), Mark::Final);
    let mut one_is_cut_off = books(Some(over_ms));
    one_is_cut_off.terminals.get_mut("ZX2").unwrap().complete_ms = Some(MORNING);
    assert_eq!(mark(&one_is_cut_off), Mark::Provisional);
    let mut has_hole = books(Some(over_ms));
    has_hole.terminals.get_mut("ZX1").unwrap().gaps_ms.push(MORNING + HOUR_MS);
    assert_eq!(mark(&has_hole), Mark::Provisional);
}

#[test]
fn what_arrives_or_is_decided_after_a_day_was_final_amends_it() {
    let mut books = books(Some(MORNING + 40 * HOUR_MS));
    let (key, closed_ms) = ("office UTC".to_owned(), MORNING + 30 * HOUR_MS);
    assert!(books.ripe(TUESDAY, TUESDAY).contains(&(key.clone(), TUESDAY)));
    books.closed.insert((key, TUESDAY), closed_ms);
    assert_eq!(books.ripe(TUESDAY, TUESDAY), []);
    let punches = [punch("ZX1", 7, 8), punch("ZX1", 7, 16)];
    assert_eq!(tuesday(&books, &punches)[0].mark, Mark::Final);
    let late = Punch { received_ms: closed_ms + 1, ..punch("ZX1", 7, 12) };
    assert_eq!(tuesday(&books, &[punches.as_slice(), &[late]].concat())[0].mark, Mark::Amended);

    let dropped = Punch { counts: false, ..punches[1].clone() };
    books.decided.insert(dropped.key, closed_ms + 1);
    let amended = tuesday(&books, &[punches[0].clone(), dropped]);
    assert_eq!(amended[0].mark, Mark::Amended, "a row that somebody refused is missed");
    assert_eq!(amended[0].day.strip.len(), 1);
}
