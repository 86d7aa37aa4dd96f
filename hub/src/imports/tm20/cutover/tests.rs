//! A dump goes into the store, once or twice.

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vigie_shared::wire::reading::LogRow;

use super::*;
use crate::imports::tm20::{Terms, read};
use crate::store::attendance::PunchKey;
use crate::store::jobs::JobFilter;
use crate::store::{Connectors as _, Jobs as _, Memory, Numbers as _, Timetable as _};

/// 2031-05-06T20:00:00Z.
const NOW_MS: i64 = 1_935_864_000_000;

fn dump() -> Value {
    let raw = json!({ "enrollid": 7, "time": "2031-05-06 08:01:09", "mode": 1, "inout": 0, "event": 0 });
    json!([
        { "model": "devices.terminal", "pk": 1, "fields": { "sn": "TM20-001" } },
        { "model": "devices.biometricuser", "pk": 1, "fields": { "terminal": 1, "enrollid": 7, "name": "Ama" } },
        { "model": "devices.thirdpartyconfig", "pk": 3, "fields": {
            "name": "Mon Service RH", "base_url": "https://hr.example/", "users_endpoint": "users",
            "attendance_endpoint": "/attendance", "auth_type": "bearer", "auth_token": "hunter2" } },
        { "model": "devices.terminalthirdpartymapping", "pk": 1, "fields": { "terminal": 1, "config": 3 } },
        { "model": "devices.terminalschedule", "pk": 1, "fields": {
            "terminal": 1, "name": "Standard", "weekday": 0, "check_in_time": "08:00", "check_out_time": "17:00" } },
        { "model": "devices.attendancelog", "pk": 1, "fields": {
            "terminal": 1, "enrollid": 7, "time": "2031-05-06T06:01:09Z", "raw_payload": raw, "sync_status": "sent" } },
    ])
}

fn legacy(takes_secrets: bool) -> Legacy {
    let terms = Terms { zone: TimeZone::get("Europe/Paris").unwrap(), takes_secrets, today: date(2031, 5, 6) };
    read(dump().to_string().as_bytes(), &terms).unwrap()
}

#[tokio::test]
async fn everything_is_taken_over_and_a_second_time_changes_nothing() {
    let store = Memory::default();
    take_over(&store, legacy(true), NOW_MS).await.unwrap();

    let (connector, _) = store.connector("mon-service-rh").await.unwrap().unwrap();
    assert!(connector.is_on);
    assert_eq!(connector.base.as_deref(), Some("https://hr.example"));
    assert_eq!(connector.cfg["users_endpoint"], "/users");
    assert_eq!((connector.start_at_ms, connector.interval_ms), (NOW_MS, Some(900_000)));
    connector.mapping().unwrap();
    let secrets = store.connector_secrets("mon-service-rh").await.unwrap();
    assert_eq!(secrets["token"], "hunter2");
    assert_eq!(store.schedules().await.unwrap()[0].days.len(), 1);
    assert_eq!(store.people().await.unwrap()[0].numbers, [("TM20-001".to_owned(), 7)]);
    let before = store.jobs(&JobFilter::default(), None, 100).await.unwrap();

    let report = take_over(&store, legacy(true), NOW_MS + 1).await.unwrap();

    assert_eq!(store.jobs(&JobFilter::default(), None, 100).await.unwrap(), before);
    assert!(report.to_string().contains("stays as it is"), "{report}");
}

#[tokio::test]
async fn programs_find_things_under_the_numbers_that_they_know() {
    let store = Memory::default();
    take_over(&store, legacy(true), NOW_MS).await.unwrap();
    for (of, number, name) in [
        (Numbered::Terminal, 1, "TM20-001"),
        (Numbered::Connector, 3, "mon-service-rh"),
        (Numbered::User, 1, "TM20-001/7"),
        (Numbered::Shift, 1, "TM20-001/1"),
    ] {
        assert_eq!(store.numbered(of, number).await.unwrap().as_deref(), Some(name));
    }
}

#[tokio::test]
async fn a_row_that_comes_again_finds_its_job_done() {
    let store = Memory::default();
    take_over(&store, legacy(true), NOW_MS).await.unwrap();
    let jobs = store.jobs(&JobFilter::default(), None, 100).await.unwrap();
    let sent: Vec<_> = jobs.iter().filter(|job| job.state == JobState::Sent).collect();
    assert_eq!(sent.len(), 1);
    assert!(jobs.iter().all(|job| !job.state.is_open()));

    let local_time = "2031-05-06 08:01:09".to_owned();
    let said =
        LogRow { enrol_id: Some(7), local_time, mode: Some(1), in_out: Some(0), event: Some(0), ..LogRow::default() };
    let silent = LogRow { event: None, ..said.clone() };
    let keys: BTreeSet<RowKey> = jobs.iter().map(|job| job.key).collect();
    assert_eq!(sent[0].key, RowKey(PunchKey::of("TM20-001", &said).0));
    assert!(keys.contains(&RowKey(PunchKey::of("TM20-001", &silent).0)));
}

#[tokio::test]
async fn without_its_secret_a_connector_waits_switched_off() {
    let store = Memory::default();
    let report = take_over(&store, legacy(false), NOW_MS).await.unwrap();
    assert!(!store.connector("mon-service-rh").await.unwrap().unwrap().0.is_on);
    assert!(report.to_string().contains("connector set mon-service-rh"), "{report}");
}

#[test]
fn names_get_the_letters_that_names_have_here() {
    for (old, expected) in [("Mon Service RH", "mon-service-rh"), (" -- ", "legacy"), ("Paie/2", "paie-2")] {
        assert_eq!(name(old), expected);
    }
}
