//! The server over real sockets: the way of a punch, of a stranger, and of connections that end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use vigie_shared::wire::reading::{AlarmKind, Standing};

use super::fake::{Fake, Site};
use super::*;

fn punch() -> serde_json::Value {
    json!({"cmd": "sendlog", "sn": "ZX1", "count": 1, "logindex": 31,
        "record": [{"enrollid": 7, "time": "2026-11-18 08:00:00", "mode": 1, "inout": 0, "event": 0}]})
}

#[tokio::test]
async fn a_punch_is_acknowledged_when_it_is_stored_and_refused_when_it_is_not() {
    let site = Site::open("{}");
    let mut terminal = site.terminal().await;

    site.shelf.refuses.store(true, Ordering::SeqCst);
    terminal.say(&punch()).await;
    assert_eq!(terminal.hear().await.unwrap(), json!({"ret": "sendlog", "result": false, "reason": 1}));
    site.shelf.refuses.store(false, Ordering::SeqCst);
    terminal.say(&punch()).await;
    let acknowledged = terminal.hear().await.unwrap();

    assert_eq!((&acknowledged["result"], &acknowledged["count"]), (&json!(true), &json!(1)));
    assert_eq!(acknowledged["logindex"], 31);
    assert_eq!(site.shelf.rows().len(), 1);
    site.lifecycle.stop();
}

#[tokio::test]
async fn the_answer_to_a_registration_brings_the_time_of_the_terminals_zone() {
    let site = Site::open(r#"{"terminal":{"ZX1":{"zone":"Asia/Kolkata"}}}"#);
    let mut terminal = Fake::call(site.terminals.address().unwrap()).await;
    terminal.say(&json!({"cmd": "reg", "sn": "ZX1"})).await;
    let answer = terminal.hear().await.unwrap();
    assert_eq!(answer["cloudtime"], "2026-11-18 16:36:40");
    assert_eq!(answer["nosenduser"], false);
    site.lifecycle.stop();
}

#[tokio::test]
async fn a_stranger_waits_until_somebody_admits_it() {
    let site = Site::open("{}");
    let mut stranger = Fake::call(site.terminals.address().unwrap()).await;
    stranger.say(&json!({"cmd": "reg", "sn": "ZX9"})).await;
    assert_eq!(stranger.hear().await.unwrap()["result"], false);
    stranger.say(&json!({"cmd": "sendlog", "sn": "ZX9", "count": 1, "record": []})).await;
    assert_eq!(stranger.hear().await.unwrap()["result"], false);
    let pending = site.terminals.list().into_iter().find(|known| known.serial.as_str() == "ZX9").unwrap();
    assert_eq!(pending.standing, Standing::Pending);

    site.terminals.admit(&"ZX9".parse().unwrap(), true).await.unwrap();
    stranger.say(&json!({"cmd": "reg", "sn": "ZX9"})).await;

    assert_eq!(stranger.hear().await.unwrap()["result"], true);
    assert!(site.shelf.rows().is_empty());
    site.lifecycle.stop();
}

/// The zone of a terminal as it was told last.
fn told_zone(site: &Site, serial: &str) -> Option<String> {
    let zone = |reading| match reading {
        Reading::TerminalState(state) if state.terminal == serial => Some(state.zone),
        _ => None,
    };
    site.shelf.readings().into_iter().filter_map(zone).next_back()
}

#[tokio::test]
async fn a_stranger_is_told_with_the_zone_that_would_hold_for_it() {
    let site = Site::open(r#"{"zone":"Europe/Lisbon","terminal":{"ZX8":{"zone":"Asia/Kolkata"}}}"#);
    for (serial, zone) in [("ZX8", "Asia/Kolkata"), ("ZX9", "Europe/Lisbon")] {
        let mut stranger = Fake::call(site.terminals.address().unwrap()).await;
        stranger.say(&json!({"cmd": "reg", "sn": serial})).await;
        assert_eq!(stranger.hear().await.unwrap()["result"], false);
        assert_eq!(told_zone(&site, serial).as_deref(), Some(zone));
    }
    site.lifecycle.stop();
}

#[tokio::test]
async fn a_terminal_is_read_in_the_zone_that_somebody_named_unless_the_owner_did() {
    let site = Site::open(r#"{"terminal":{"ZX2":{"zone":"Asia/Kolkata"}}}"#);
    let mut terminal = site.terminal().await;
    let (zx1, zx2): (Serial, Serial) = ("ZX1".parse().unwrap(), "ZX2".parse().unwrap());
    let tokyo: clock::Zone = "Asia/Tokyo".parse().unwrap();

    site.terminals.set_zone(&zx1, Some(tokyo.clone())).await.unwrap();

    assert_eq!(told_zone(&site, "ZX1").as_deref(), Some("Asia/Tokyo"));
    terminal.say(&punch()).await;
    assert_eq!(terminal.hear().await.unwrap()["result"], true);
    let zones = site.shelf.readings().into_iter().filter_map(|reading| match reading {
        Reading::TerminalLog(log) => Some(log.zone),
        _ => None,
    });
    assert_eq!(zones.collect::<Vec<_>>(), ["Asia/Tokyo"]);
    let ended = site.terminals.set_zone(&zx2, Some(tokyo)).await;
    assert!(
        matches!(&ended, Err(DecideError::Refused(why)) if why.contains("terminals.terminal.ZX2.zone")),
        "{ended:?}"
    );
    assert_eq!(site.terminals.set_zone(&zx1, None).await.unwrap().name(), "Europe/Paris");
    site.lifecycle.stop();
}

#[tokio::test]
async fn a_newer_connection_takes_the_place_of_an_older_one_and_stays() {
    let site = Site::open("{}");
    let mut older = site.terminal().await;
    let mut newer = site.terminal().await;
    assert_eq!(older.close_code().await, Some(1000));
    newer.say(&punch()).await;
    assert_eq!(newer.hear().await.unwrap()["result"], true);
    assert!(site.terminals.list()[0].is_connected);
    site.lifecycle.stop();
}

#[tokio::test]
async fn a_message_that_is_too_large_is_told_with_its_cure() {
    let site = Site::open(r#"{"message_max":"64KiB"}"#);
    let mut terminal = site.terminal().await;
    terminal.say(&json!({"cmd": "sendlog", "pad": "x".repeat(70_000)})).await;
    assert_eq!(terminal.close_code().await, Some(1009));
    let again = site.terminal().await;
    drop(again);
    let alarms = site.shelf.readings().into_iter().filter_map(|reading| match reading {
        Reading::Alarm(alarm) => Some(alarm),
        _ => None,
    });
    let alarm = alarms.into_iter().find(|alarm| alarm.kind == AlarmKind::TerminalUnruly).unwrap();
    assert!(alarm.text.contains("ZX1") && alarm.text.contains("message_max"), "{}", alarm.text);
    site.lifecycle.stop();
}

#[tokio::test]
async fn whoever_does_not_register_is_cut_off_and_whoever_is_no_terminal_too() {
    let limits = Limits { register_within: Duration::from_millis(50), ..Limits::default() };
    let site = Site::with("{}", limits);
    let mut silent = Fake::call(site.terminals.address().unwrap()).await;
    assert_eq!(silent.close_code().await, Some(1008));
    let mut other = Fake::call(site.terminals.address().unwrap()).await;
    for _ in 0..=Limits::default().violations_max {
        other.say_bytes(b"hello").await;
    }
    assert_eq!(other.close_code().await, Some(1008));
    site.lifecycle.stop();
}

#[tokio::test]
async fn what_nobody_understands_is_kept_without_its_secrets_and_acknowledged() {
    let site = Site::open("{}");
    let mut terminal = site.terminal().await;
    terminal.say(&json!({"cmd": "sendgps", "location": "1,2", "pin": "1234", "record": "secret"})).await;
    assert_eq!(terminal.hear().await.unwrap(), json!({"ret": "sendgps", "result": true}));
    assert_eq!(site.shelf.rows()[0].rest, r#"{"cmd":"sendgps","location":"1,2"}"#);
    site.lifecycle.stop();
}

#[tokio::test]
async fn templates_are_thrown_away_and_people_are_told() {
    let site = Site::open("{}");
    let mut terminal = site.terminal().await;
    let user =
        json!({"cmd": "senduser", "enrollid": 7, "name": "Ama", "backupnum": 0, "admin": "0", "record": "00c5(200)"});
    terminal.say(&user).await;
    assert_eq!(terminal.hear().await.unwrap()["result"], true);
    let row = site.shelf.users()[0].rows[0].clone();
    assert_eq!((row.enrol_id, row.name.as_deref(), row.admin, row.record), (7, Some("Ama"), Some(0), None));
    site.lifecycle.stop();
}
