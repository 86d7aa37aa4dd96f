//! Terminals that ask before they open.

use serde_json::{Value, json};
use vigie_agent::terminals::Limits;
use vigie_shared::wire::reading::LogRow;

use super::super::scene::{Scene, ZX, log, row};
use super::NOW;

/// The box decides who comes in.
const APPROVAL: &str = "approve = true";

#[tokio::test]
async fn case_49_in_approval_mode_who_is_known_and_enabled_comes_in_and_the_decision_is_stored() {
    let scene = Scene::with(APPROVAL, Limits::default());
    let mut line = scene.registered(ZX).await;
    scene
        .enrol(
            &mut line,
            &json!([
                { "enrol_id": 1, "name": "Active" },
                { "enrol_id": 2, "name": "Disabled", "is_enabled": false },
                { "enrol_id": 3, "name": "Expired", "ends": "2031-05-05 23:59:59" }
            ]),
        )
        .await;

    let mut decided = Vec::new();
    for id in [1, 2, 3, 4] {
        let answer = line.ask(log(ZX, &json!([row(id, NOW)]))).await.unwrap();
        decided.push(answer["access"].clone());
    }

    assert_eq!(decided, [1, 0, 0, 0]);
    let stored: Vec<Option<bool>> = scene.rows().iter().map(|row| row.access).collect();
    assert_eq!(stored, [Some(true), Some(false), Some(false), Some(false)]);
}

#[tokio::test]
async fn case_50_a_backlog_opens_no_door_and_is_not_live() {
    let scene = Scene::with(APPROVAL, Limits::default());
    let mut line = scene.registered(ZX).await;
    let rows: Vec<Value> = (1..=40).map(|id| row(id, "2031-05-06 03:00:00")).collect();

    let answer = line.ask(log(ZX, &json!(rows))).await.unwrap();

    assert_eq!((&answer["result"], answer.get("access")), (&json!(true), None), "{answer}");
    assert!(scene.rows().iter().all(|row| row.flags & LogRow::LIVE == 0 && row.access.is_none()));
}
