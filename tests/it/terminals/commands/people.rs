//! People on a terminal: put there, changed, and taken away.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vigie_tests::terminals::{Dialect, Fault};

use super::super::scene::{Scene, ZX, done};
use super::{person, populated, running, set, texts};

#[tokio::test]
async fn case_68_names_and_locks_go_in_the_numbers_that_a_terminal_takes() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let users: Vec<Value> = (1..=120)
        .map(|id| match id {
            1..=95 => json!({ "enrol_id": id, "name": format!("Person {id}"), "weekzone": 2, "group": 1 }),
            _ => json!({ "enrol_id": id, "name": format!("Person {id}") }),
        })
        .collect();

    let end = scene.begin(&set(&json!(users)));
    let asked = scene.serve(&mut line, &end, |command| Some(done(command))).await;

    assert_eq!(end.outcome().await["state"], "succeeded");
    let mut sizes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for command in &asked {
        if let Some(rows) = command["record"].as_array() {
            assert_eq!(command["count"], rows.len());
            sizes.entry(command["cmd"].as_str().unwrap()).or_default().push(rows.len());
        }
    }
    assert_eq!(sizes.get("setusername"), Some(&vec![50, 50, 20]));
    assert_eq!(sizes.get("setuserlock"), Some(&vec![40, 40, 15]));
}

#[tokio::test]
async fn case_69_who_is_still_there_after_deleting_is_deleted_piece_by_piece_and_the_end_is_told_truly() {
    let delete = json!({ "type": "delete_terminal_users", "data": { "terminal": ZX, "enrol_ids": [7] } });
    let scene = Scene::start();
    let terminal = running(&scene, populated(9, Dialect::Classic, &[Fault::DeletesNothing])).await;
    let outcome = scene.begin(&delete).outcome().await;
    let slots: Vec<i64> = terminal.with(|device| {
        let deletes = device.commands.iter().filter(|ask| ask["cmd"] == "deleteuser");
        deletes.filter_map(|ask| ask["backupnum"].as_i64()).collect()
    });
    assert_eq!(slots.first(), Some(&13));
    assert!(slots.contains(&12) && slots.contains(&0), "{slots:?}");
    assert!(terminal.with(|device| device.memory.users.get(&7).is_none_or(|user| user.records.is_empty())));
    assert_eq!(outcome["state"], "succeeded", "{outcome}");

    let stubborn = Scene::start();
    let mut line = stubborn.registered(ZX).await;
    let end = stubborn.begin(&delete);
    stubborn
        .serve(&mut line, &end, |command| match command["cmd"].as_str() {
            Some("getuserinfo") => Some(person(command, 7, "Still here")),
            _ => Some(done(command)),
        })
        .await;
    let outcome = end.outcome().await.to_string();
    assert!(outcome.contains("not confirmed"), "{outcome}");
}

#[tokio::test]
async fn case_70_a_refused_photo_is_explained_in_words() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&set(&json!([{ "enrol_id": 7, "slot": 50, "record": "/9j/4AAQ" }])));

    scene
        .serve(&mut line, &end, |command| match command["cmd"].as_str() {
            Some("setuserinfo") => Some(json!({ "ret": "setuserinfo", "result": false, "reason": 6 })),
            _ => Some(done(command)),
        })
        .await;

    let outcome = end.outcome().await;
    assert!(outcome.to_string().contains("several faces"), "{outcome}");
}

#[tokio::test]
async fn case_73_names_go_to_the_terminal_as_they_are_written() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    let texts = texts(&scene, &mut line, &set(&json!([{ "enrol_id": 7, "name": "Éloïse 张伟" }]))).await;

    assert!(texts.iter().any(|text| text.contains("\"Éloïse 张伟\"")), "{texts:?}");
}

#[tokio::test]
async fn case_74_a_password_that_begins_with_zeros_is_sent_as_a_number_with_a_warning() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&set(&json!([{ "enrol_id": 7, "slot": 10, "record": "00123456" }])));

    let asked = scene.serve(&mut line, &end, |command| Some(done(command))).await;

    let sent = asked.iter().find(|command| command["cmd"] == "setuserinfo").map(|command| command["record"].clone());
    let outcome = end.outcome().await;
    assert!(sent.is_none_or(|record| record == json!(123_456)), "{asked:?}");
    assert!(
        outcome["text"].as_str().unwrap().contains("zero") || outcome["answer"].to_string().contains("zero"),
        "{outcome}"
    );
}
