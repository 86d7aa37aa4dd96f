//! Durable first, then acknowledged: once, through failing disks, kills and repetitions.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use vigie_agent::terminals::Limits;
use vigie_shared::wire::reading::{AlarmKind, LogRow};

use super::super::scene::{Mood, OTHER, Scene, ZX, ask_users, log, registration, row};
use super::{NOW, with};

#[tokio::test]
async fn case_17_one_live_row_is_stored_once_and_then_acknowledged_with_count_and_logindex() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    scene.ledger.mood(Mood::Waiting);

    line.say(log(ZX, &json!([row(7, NOW)]))).await.unwrap();
    scene.until("the row at the ledger", |scene| scene.ledger.asked() > 0).await;
    assert!(timeout(Duration::from_millis(50), line.json()).await.is_err(), "it is not durable yet");
    scene.ledger.mood(Mood::Willing);
    let answer = line.json().await.unwrap();

    assert_eq!((&answer["ret"], &answer["result"]), (&json!("sendlog"), &json!(true)));
    assert_eq!((&answer["count"], &answer["logindex"]), (&json!(1), &json!(31)));
    let rows = scene.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].enrol_id, rows[0].local_time.as_str(), rows[0].mode), (Some(7), NOW, Some(1)));
    assert_ne!(rows[0].flags & LogRow::LIVE, 0);
    assert_eq!((scene.logs()[0].terminal.as_str(), scene.logs()[0].zone.as_str()), (ZX, "Europe/Paris"));
}

#[tokio::test]
async fn case_18_a_failing_disk_refuses_and_the_same_rows_are_stored_once_afterwards() {
    for mood in [Mood::Failing, Mood::Full] {
        let scene = Scene::start();
        let mut line = scene.registered(ZX).await;
        scene.ledger.mood(mood);

        let refused = line.ask(log(ZX, &json!([row(7, NOW)]))).await.unwrap();
        assert_eq!((&refused["ret"], &refused["result"]), (&json!("sendlog"), &json!(false)), "{mood:?}");
        assert!(scene.logs().is_empty(), "{mood:?}");
        scene.ledger.mood(Mood::Willing);
        let answer = line.ask(log(ZX, &json!([row(7, NOW)]))).await.unwrap();

        assert_eq!(answer["result"], true, "{mood:?}");
        assert_eq!(scene.rows().len(), 1, "{mood:?}");
    }
}

#[tokio::test]
async fn case_19_a_kill_between_commit_and_acknowledgement_makes_no_second_punch() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    scene.ledger.mood(Mood::Mute);
    line.say(log(ZX, &json!([row(7, NOW)]))).await.unwrap();
    scene.until("the commit", |scene| scene.rows().len() == 1).await;

    let scene = scene.killed_and_started();
    line.closed().await.unwrap();
    let answer = scene.registered(ZX).await.ask(log(ZX, &json!([row(7, NOW)]))).await.unwrap();

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(1)));
    assert_eq!(scene.punches().len(), 1);
}

#[tokio::test]
async fn case_20_the_same_message_five_times_is_acknowledged_five_times_and_is_one_punch_each() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    for _ in 0..5 {
        let answer = line.ask(log(ZX, &json!([row(7, NOW), row(8, NOW)]))).await.unwrap();
        assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)));
    }

    assert_eq!(scene.punches().len(), 2);
}

#[tokio::test]
async fn case_21_rows_that_repeat_within_a_message_collapse_and_all_are_acknowledged() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    let answer = line.ask(log(ZX, &json!([row(7, NOW), row(8, NOW), row(7, NOW)]))).await.unwrap();

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(3)));
    assert_eq!(scene.punches().len(), 2);
}

#[tokio::test]
async fn case_22_ten_thousand_rows_in_one_message_are_all_stored_with_one_acknowledgement() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let rows: Vec<Value> = (0..10_000).map(|id| row(1 + id, "2031-05-05 17:00:00")).collect();

    // A terminal is patient for 20 s.
    let answer = timeout(Duration::from_secs(20), line.ask(log(ZX, &json!(rows)))).await.unwrap().unwrap();

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(10_000)));
    assert_eq!(scene.punches().len(), 10_000);
    line.settled().await.unwrap();
    assert!(scene.logs().len() > 1, "one record of the queue cannot hold them");
}

#[tokio::test]
async fn case_23_a_message_over_the_limit_ends_the_connection_with_1009_and_an_alarm_that_names_the_terminal() {
    let scene = Scene::with("message_max = \"64KiB\"", Limits::default());
    let mut line = scene.registered(ZX).await;

    line.say(log(ZX, &json!([with(&json!({ "image": "A".repeat(100_000) }))]))).await.unwrap();

    assert_eq!(line.closed().await.unwrap(), Some(1009));
    scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalUnruly, ZX)).await;
    assert_eq!(scene.dial().await.ask(registration(ZX)).await.unwrap()["result"], true);
}

#[tokio::test]
async fn case_42_numbers_of_messages_that_begin_anew_hide_no_rows() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    for (index, id) in [(40, 7), (0, 8), (1, 9)] {
        let mut message: Value = serde_json::from_str(&log(ZX, &json!([row(id, NOW)]))).unwrap();
        message["logindex"] = json!(index);
        let answer = line.ask(message.to_string()).await.unwrap();
        assert_eq!((&answer["result"], &answer["logindex"]), (&json!(true), &json!(index)));
    }

    assert_eq!(scene.punches().len(), 3);
}

#[tokio::test]
async fn case_43_the_same_person_and_time_on_two_terminals_are_two_punches() {
    let scene = Scene::start();
    let (mut one, mut other) = (scene.registered(ZX).await, scene.registered(OTHER).await);

    assert_eq!(one.ask(log(ZX, &json!([row(7, NOW)]))).await.unwrap()["result"], true);
    assert_eq!(other.ask(log(OTHER, &json!([row(7, NOW)]))).await.unwrap()["result"], true);

    assert_eq!(scene.punches().len(), 2);
}

#[tokio::test]
async fn case_52_rows_that_come_while_a_command_is_in_flight_disturb_neither() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&ask_users(ZX));
    let command = scene.next_command(&mut line, &end).await.unwrap();

    let acknowledged = line.ask(log(ZX, &json!([row(7, NOW)]))).await.unwrap();
    let page = json!({ "ret": command["cmd"], "result": true, "count": 1, "from": 0, "to": 0,
        "record": [{ "enrollid": 7, "admin": 0, "backupnum": 0 }] });
    line.say(page.to_string()).await.unwrap();
    while let Some(more) = scene.next_command(&mut line, &end).await {
        let empty = json!({ "ret": more["cmd"], "result": true, "count": 0, "from": 1, "to": 1, "record": [] });
        line.say(empty.to_string()).await.unwrap();
    }

    assert_eq!((&acknowledged["ret"], &acknowledged["result"]), (&json!("sendlog"), &json!(true)));
    assert_eq!(end.outcome().await["state"], "succeeded");
    assert_eq!(scene.rows().len(), 1);
}
