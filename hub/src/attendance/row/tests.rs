//! Rows of terminals, honest and not.

use vigie_shared::wire::reading::LogOrigin;

use super::*;
use crate::store::attendance::Direction;

const RECEIVED: Arrived = Arrived { told_ms: Some(1_935_820_800_000), received_ms: 1_935_820_800_000 };

fn read(row: &LogRow) -> Punch {
    let log = TerminalLog {
        terminal: "ZX1".to_owned(),
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: None,
        origin: LogOrigin::Pushed,
        log_index: Some(31),
        rows: Vec::new(),
    };
    punch(&"metz".parse().unwrap(), &log, row, RECEIVED).punch
}

fn row(enrol_id: u64, in_out: i32) -> LogRow {
    let local_time = "2031-05-06 09:59:00".to_owned();
    LogRow { enrol_id: Some(enrol_id), in_out: Some(in_out), local_time, ..LogRow::default() }
}

#[test]
fn doors_strangers_and_those_who_did_not_pass_are_no_attendance() {
    for (row, kind) in [
        (row(7, 0), PunchKind::Person),
        (row(0, 1), PunchKind::Door),
        (row(99_999_999, 0), PunchKind::Stranger),
        (row(7, 7), PunchKind::NotPassed),
        (LogRow { access: Some(false), ..row(7, 0) }, PunchKind::NotPassed),
        (LogRow { enrol_id: None, ..row(7, 0) }, PunchKind::Unreadable),
        (LogRow { flags: LogRow::UNREADABLE, ..row(7, 0) }, PunchKind::Unreadable),
        (row(u64::MAX, 0), PunchKind::Unreadable),
    ] {
        let punch = read(&row);
        assert_eq!((punch.kind, punch.counts), (kind, kind == PunchKind::Person), "{row:?}");
    }
}

#[test]
fn a_number_of_twelve_digits_and_numbers_of_no_table_are_kept_as_they_are() {
    let odd = LogRow { mode: Some(77), event: Some(300), verify_mode: Some(13), ..row(999_999_999_999, 6) };
    let punch = read(&odd);
    assert_eq!(punch.enrol_id, Some(999_999_999_999));
    assert_eq!((punch.mode, punch.in_out, punch.event, punch.direction), (Some(77), Some(6), Some(300), None));
}

#[test]
fn a_photo_that_follows_its_row_is_named_by_its_hash() {
    let hash = "ab".repeat(32);
    let with = |image: &str| read(&LogRow { rest: format!(r#"{{"image":{image}}}"#), ..row(7, 0) }).photo;
    assert_eq!(with(&format!(r#"{{"sha256":"{hash}","size_bytes":150000}}"#)), Some(hash));
    for other in [r#""/9j/4AAQ""#, r#"{"sha256":"../../etc","size_bytes":1}"#, r#"{"sha256":7}"#, "null"] {
        assert_eq!(with(other), None, "{other}");
    }
}

#[test]
fn which_way_is_said_only_where_firmwares_agree() {
    let ways: Vec<Option<Direction>> = (0..=6).map(|in_out| read(&row(7, in_out)).direction).collect();
    let (into, out) = (Some(Direction::In), Some(Direction::Out));
    assert_eq!(ways, [into, out, out, into, into, None, None]);
}

#[test]
fn a_frozen_clock_is_said_and_counts() {
    let punch = read(&LogRow { flags: LogRow::FROZEN_CLOCK, ..row(7, 0) });
    assert_eq!((punch.doubts.as_slice(), punch.counts), ([Doubt::FrozenClock].as_slice(), true));
}

#[test]
fn the_terminals_own_name_is_kept_and_bounded() {
    let named = |rest: &str| read(&LogRow { rest: rest.to_owned(), ..row(7, 0) }).name;
    assert_eq!(named(r#"{"name":" <b>Ama</b> "}"#).as_deref(), Some("<b>Ama</b>"));
    assert_eq!(named(r#"{"name":""}"#), None);
    assert_eq!(named("not JSON"), None);
    let long = format!(r#"{{"name":"{}"}}"#, "é".repeat(5_000));
    assert_eq!(named(&long).map(|name| name.chars().count()), Some(NAME_CHARS_MAX));
}
