//! Lists page by page, as firmwares count them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vigie_tests::terminals::{Dialect, Fault};

use super::super::scene::{Scene, ZX, ask_users};
use super::{populated, running};

/// The people of the list that a command told of, each as often as it was told.
fn told(scene: &Scene) -> Vec<u64> {
    scene.users().into_iter().flat_map(|users| users.rows).map(|user| user.enrol_id).collect()
}

#[tokio::test]
async fn case_64_pages_that_count_themselves_and_end_with_their_last_row_give_all_95_people() {
    let scene = Scene::start();
    let _terminal = running(&scene, populated(95, Dialect::Classic, &[])).await;

    let outcome = scene.begin(&ask_users(ZX)).outcome().await;

    assert_eq!(outcome["state"], "succeeded", "{outcome}");
    assert_eq!(told(&scene), (1..=95).collect::<Vec<u64>>());
}

#[tokio::test]
async fn case_65_a_page_that_counts_all_and_ends_behind_its_last_row_needs_at_most_one_more_question() {
    let scene = Scene::start();
    let faults = [Fault::ToExclusive, Fault::CountTotal];
    let terminal = running(&scene, populated(1, Dialect::Classic, &faults)).await;

    let outcome = scene.begin(&ask_users(ZX)).outcome().await;

    assert_eq!(outcome["state"], "succeeded", "{outcome}");
    assert_eq!(told(&scene), [1]);
    let pages = terminal.with(|device| device.commands.iter().filter(|ask| ask["cmd"] == "getuserlist").count());
    assert!((1..=2).contains(&pages), "{pages} pages");
}

#[tokio::test]
async fn case_66_lists_that_never_end_or_begin_anew_are_stopped() {
    for fault in [Fault::EndlessPages, Fault::PagesRestart] {
        let scene = Scene::start();
        let terminal = running(&scene, populated(95, Dialect::Classic, &[fault])).await;

        let outcome = scene.begin(&ask_users(ZX)).outcome().await;

        let pages = terminal.with(|device| device.commands.iter().filter(|ask| ask["cmd"] == "getuserlist").count());
        assert!(pages < 1_000, "{fault:?}: {pages} pages");
        let people = told(&scene).into_iter().collect::<BTreeSet<u64>>();
        assert!(people.iter().all(|id| (1..=95).contains(id)), "{fault:?}: {outcome}");
    }
}

#[tokio::test]
async fn case_67_a_connection_that_ends_in_the_middle_of_a_list_leaves_no_doubles() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&ask_users(ZX));
    let first = scene.next_command(&mut line, &end).await.unwrap();
    let rows: Vec<Value> = (1..=40).map(|id| json!({ "enrollid": id, "admin": 0, "backupnum": 0 })).collect();
    let page = json!({ "ret": "getuserlist", "result": true, "count": 40, "from": 0, "to": 39, "record": rows });
    line.say(page.to_string()).await.unwrap();
    let second = scene.next_command(&mut line, &end).await.unwrap();
    assert_eq!((&first["stn"], &second["stn"]), (&json!(true), &json!(false)));

    line.reset().unwrap();
    let mut device = populated(95, Dialect::Classic, &[]);
    device.commands.clear();
    let terminal = running(&scene, device).await;
    let mut outcome = end.outcome().await;
    if outcome["state"] != "succeeded" {
        outcome = scene.begin(&ask_users(ZX)).outcome().await;
    }

    assert_eq!(outcome["state"], "succeeded", "{outcome}");
    assert_eq!(told(&scene), (1..=95).collect::<Vec<u64>>(), "each once");
    assert!(terminal.with(|device| device.commands.iter().any(|ask| ask["stn"] == json!(true))));
}
