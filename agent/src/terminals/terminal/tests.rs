//! What is told of rows: how they are grouped, dated, flagged and decided.

use serde_json::json;
use vigie_shared::wire::command::WantedUser;
use vigie_shared::wire::{Record, Stamp};

use super::*;
use crate::terminals::config::Config;

/// 2026-11-20 in the morning.
const NOW: i64 = 1_795_000_000_000;

fn terminal(config: &str) -> Terminal {
    let config: Config = serde_json::from_str(config).unwrap();
    let serial: Serial = "ZX1".parse().unwrap();
    let terms = config.terms(&serial, None, &"Europe/Paris".parse().unwrap());
    Terminal::new(serial, terms)
}

fn pushed(checksum: u32) -> Origin {
    Origin { origin: LogOrigin::Pushed, log_index: Some(3), checksum, flags: 0, is_single: true }
}

fn raw(terminal: &Terminal, enrol_id: u64, moment_ms: i64) -> Box<RawValue> {
    let time = clock::text(terminal.terms.zone.local(moment_ms));
    serde_json::value::to_raw_value(&json!({"enrollid": enrol_id, "time": time, "mode": 1})).unwrap()
}

fn logs(told: Told) -> Vec<TerminalLog> {
    let log = |reading| match reading {
        Reading::TerminalLog(log) => log,
        other => panic!("{other:?}"),
    };
    told.logs.into_iter().map(log).collect()
}

#[test]
fn a_live_row_is_marked_and_a_backlog_is_not() {
    let mut terminal = terminal("{}");
    let rows = [raw(&terminal, 1, NOW - 86_400_000), raw(&terminal, 2, NOW - 2_000)];
    let rows: Vec<&RawValue> = rows.iter().map(AsRef::as_ref).collect();
    let logs = logs(terminal.on_rows(&rows, Origin { is_single: false, ..pushed(1) }, NOW, 0));
    let flags: Vec<u16> = logs[0].rows.iter().map(|row| row.flags).collect();
    assert_eq!(flags, [0, LogRow::LIVE]);
    assert_eq!((logs[0].zone.as_str(), logs[0].log_index, logs[0].clock_ahead_ms), ("Europe/Paris", Some(3), None));
}

#[test]
fn rows_of_before_and_after_a_correction_are_told_apart() {
    let mut terminal = terminal("{}");
    let device = Device { time: Some(terminal.terms.zone.local(NOW - 7_200_000)), ..Device::default() };
    let Some(Reading::Alarm(alarm)) = terminal.on_registered(device, NOW, 0) else { panic!("no alarm") };
    assert!(alarm.text.contains("7200 s behind the box's"), "{}", alarm.text);
    terminal.clock.correct(NOW);

    let rows = [raw(&terminal, 1, NOW - 8_000_000), raw(&terminal, 2, NOW + 1_000)];
    let rows: Vec<&RawValue> = rows.iter().map(AsRef::as_ref).collect();
    let logs = logs(terminal.on_rows(&rows, Origin { is_single: false, ..pushed(1) }, NOW + 2_000, 0));

    let ahead: Vec<Option<i64>> = logs.iter().map(|log| log.clock_ahead_ms).collect();
    assert_eq!(ahead, [Some(-7_200_000), Some(0)]);
}

#[test]
fn ten_thousand_rows_become_records_that_fit() {
    let mut terminal = terminal("{}");
    let row = serde_json::value::to_raw_value(
        &json!({"enrollid": 999_999_999_999_u64, "time": "2026-11-19 08:00:00", "name": "n".repeat(200), "mode": 1}),
    )
    .unwrap();
    let rows: Vec<&RawValue> = std::iter::repeat_n(row.as_ref(), 10_000).collect();
    let told = terminal.on_rows(&rows, Origin { is_single: false, ..pushed(1) }, NOW, 0);
    let stamp = Stamp { boot: vigie_shared::id::BootId([1; 16]), uptime_ms: u64::MAX, wall_ms: NOW, is_synced: true };
    let mut count = 0;
    for reading in told.logs {
        let Reading::TerminalLog(log) = &reading else { panic!("{reading:?}") };
        count += log.rows.len();
        assert!(Record { stamp, reading }.encode().len() <= RECORD_BYTES_MAX);
    }
    assert_eq!(count, 10_000);
}

#[test]
fn only_somebody_who_stands_there_now_is_decided_about() {
    let mut terminal = terminal(r#"{"approve":true}"#);
    terminal.roster.learn(&WantedUser { enrol_id: 1, ..WantedUser::default() });
    terminal.roster.learn(&WantedUser { enrol_id: 2, is_enabled: Some(false), ..WantedUser::default() });
    let decide = |terminal: &mut Terminal, id, moment_ms, is_single| {
        let row = raw(terminal, id, moment_ms);
        let told = terminal.on_rows(&[row.as_ref()], Origin { is_single, ..pushed(u32::MAX) }, NOW, 0);
        let access = told.access;
        assert_eq!(logs(told)[0].rows[0].access, access, "the decision is stored");
        access
    };
    assert_eq!(decide(&mut terminal, 1, NOW, true), Some(true));
    assert_eq!(decide(&mut terminal, 2, NOW, true), Some(false));
    assert_eq!(decide(&mut terminal, 3, NOW, true), Some(false), "nobody knows them");
    assert_eq!(decide(&mut terminal, 0, NOW, true), None, "the door itself");
    assert_eq!(decide(&mut terminal, 1, NOW - 3_600_000, true), None, "an hour ago");
    assert_eq!(decide(&mut terminal, 1, NOW, false), None, "one of many");
}

#[test]
fn a_clock_that_stands_still_marks_rows_and_raises_one_alarm() {
    let mut terminal = terminal("{}");
    let row = raw(&terminal, 1, NOW);
    let mut alarms = 0;
    let mut flags = Vec::new();
    for checksum in 0..10 {
        let told = terminal.on_rows(&[row.as_ref()], pushed(checksum), NOW, u64::from(checksum));
        alarms += told.alarms.len();
        flags.push(logs(told)[0].rows[0].flags & LogRow::FROZEN_CLOCK);
    }
    assert_eq!(flags.iter().filter(|flag| **flag != 0).count(), 8);
    assert_eq!(alarms, 1);
}

#[test]
fn a_state_is_told_when_it_changes_and_now_and_then() {
    let mut terminal = terminal("{}");
    assert!(terminal.state(Standing::Admitted, 0, 3_600_000).is_some());
    terminal.heard_ms = Some(5_000);
    terminal.clock.measured_ms = None;
    assert!(terminal.state(Standing::Admitted, 10_000, 3_600_000).is_none());
    terminal.is_connected = true;
    assert!(terminal.state(Standing::Admitted, 10_000, 3_600_000).is_some());
    assert!(terminal.state(Standing::Admitted, 3_610_000, 3_600_000).is_some());
}
