//! The routes of commands.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use crate::http::testing::{NOW, Stage};
use crate::store::accounts::Role;
use crate::store::commands::{CommandState, Move, Told};
use crate::store::projections::Step;

const ID: &str = "00112233445566778899aabbccddeeff";

async fn give(stage: &Stage, body: Value) -> Value {
    let made = stage.post("/api/v1/sites/metz/commands").json(&body).role(Role::Operator).send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()
}

#[tokio::test]
async fn a_command_is_stored_before_anything_else_and_shown() {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    let body = json!({ "id": ID, "type": "restart_service", "data": { "service": "neopro-app" }, "expires": "2h" });

    let made = give(&stage, body).await;

    insta::assert_json_snapshot!(made);
    let stored = stage.store.command(&metz, ID.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.expires_ms), (CommandState::Waiting, NOW + 7_200_000));
    let shown = stage.get(&format!("/api/v1/sites/metz/commands/{ID}")).role(Role::Operator).send().await.json();
    assert_eq!(shown, made);
}

#[tokio::test]
async fn asking_twice_under_one_id_gives_one_command() {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let first = give(&stage, json!({ "id": ID, "type": "reboot" })).await;
    assert_eq!(give(&stage, json!({ "id": ID, "type": "reboot" })).await, first);
    let other = json!({ "id": ID, "type": "get_system_info" });
    let answer = stage.post("/api/v1/sites/metz/commands").json(&other).role(Role::Operator).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "command_exists"));
    let list = stage.get("/api/v1/sites/metz/commands").role(Role::Operator).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_what_was_not_sent_can_be_taken_back_and_what_ended_can_be_repeated() {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    give(&stage, json!({ "id": ID, "type": "reboot" })).await;
    let path = format!("/api/v1/sites/metz/commands/{ID}");
    let cancel = || stage.post(&format!("{path}/cancel")).role(Role::Operator).send();

    let cancelled = cancel().await.json();
    assert_eq!((cancelled["state"].as_str(), cancelled["is_over"].as_bool()), (Some("cancelled"), Some(true)));
    let again = cancel().await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "command_sent"));

    let retried = stage.post(&format!("{path}/retry")).role(Role::Operator).send().await;
    assert_eq!(retried.status, StatusCode::CREATED);
    assert_eq!((retried.json()["retry_of"].as_str(), retried.json()["state"].as_str()), (Some(ID), Some("waiting")));
    let id = retried.json()["id"].as_str().unwrap().parse().unwrap();
    let sent = Move {
        site: metz,
        id,
        from: &[CommandState::Waiting],
        to: CommandState::Sent,
        detail: String::new(),
        at_ms: NOW,
    };
    assert!(stage.store.move_command(&sent).await.unwrap());
    let late = stage.post(&format!("/api/v1/sites/metz/commands/{id}/cancel")).role(Role::Operator).send().await;
    assert_eq!(late.code(), "command_sent");
}

#[tokio::test]
async fn the_boxs_answer_is_shown_as_json() {
    let stage = Stage::new().await;
    let site = stage.add_site("metz", "Metz").await;
    give(&stage, json!({ "id": ID, "type": "get_system_info" })).await;
    let outcome = CommandOutcome {
        id: ID.parse().unwrap(),
        state: OutcomeState::Succeeded,
        detail: "a Raspberry Pi".to_owned(),
        answer: Some(r#"{"model":"Raspberry Pi 4"}"#.to_owned()),
    };
    let told = Told { site, at_ms: NOW, outcome };
    stage.store.apply(Step { outcomes: vec![told], ..Step::default() }).await.unwrap();
    let shown = stage.get(&format!("/api/v1/sites/metz/commands/{ID}")).role(Role::Operator).send().await.json();
    assert_eq!(
        (shown["state"].as_str(), shown["answer"]["model"].as_str()),
        (Some("succeeded"), Some("Raspberry Pi 4"))
    );
    let events = stage.get(&format!("/api/v1/sites/metz/commands/{ID}/events")).role(Role::Operator).send().await;
    assert!(events.text.contains("event: command") && events.text.contains("\"is_over\":true"), "{}", events.text);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    for (body, expected) in [
        (json!({ "type": "dance" }), "unknown command `dance`"),
        (json!({ "type": "reboot", "data": { "force": true } }), "unknown field `force`"),
        (json!({ "type": "restart_service" }), "missing field `service`"),
        (json!({ "type": "reboot", "expires": "90d" }), "expires"),
        (json!({ "type": "reboot", "id": "7" }), "command id"),
        (
            json!({ "type": "set_terminal_zone", "data": { "terminal": "ZX1", "zone": "Mars/Base" } }),
            "`Mars/Base` is no IANA time zone",
        ),
        (json!({ "type": "reboot", "colour": "red" }), "colour"),
        (json!({ "type": "update_config", "data": { "configuration": { "a": "x".repeat(40_000) } } }), "40"),
    ] {
        let answer = stage.post("/api/v1/sites/metz/commands").json(&body).role(Role::Operator).send().await;
        assert!(answer.status.is_client_error(), "{body}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(expected), "{body}: {}", answer.text);
    }
    stage.store.revoke_site(&metz, NOW).await.unwrap();
    let body = json!({ "type": "reboot" });
    let revoked = stage.post("/api/v1/sites/metz/commands").json(&body).role(Role::Operator).send().await;
    assert_eq!(revoked.code(), "site_revoked");
    let nowhere = stage.post("/api/v1/sites/brest/commands").json(&body).role(Role::Operator).send().await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(stage.store.commands(&metz, None, 9).await.unwrap().is_empty());
}
