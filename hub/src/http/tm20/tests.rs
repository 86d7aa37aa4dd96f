//! The old server's paths: numbers, words and refusals. The guide's own calls are in the crossing tests.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::connectors::people::Person;
use crate::http::testing::{Answer, Stage};
use crate::store::accounts::Role;
use crate::store::contract::attendance::terminal;
use crate::store::projections::Step;

/// A hub with two time clocks.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let terminals = vec![terminal("metz", "TM20-001", 0), terminal("metz", "TM20-002", 0)];
    stage.store.apply(Step { terminals, ..Step::default() }).await.unwrap();
    stage
}

async fn send(stage: &Stage, method: Method, path: &str, body: &Value) -> Answer {
    stage.request(method, &format!("/devices/api/{path}")).json(body).role(Role::Owner).send().await
}

async fn post(stage: &Stage, path: &str, body: &Value) -> Answer {
    send(stage, Method::POST, path, body).await
}

fn hours(weekday: i8) -> Value {
    json!({ "name": "Horaire", "weekday": weekday, "check_in_time": "08:00", "check_out_time": "17:00:00",
            "break_start_time": "12:00", "break_end_time": "13:00", "tolerance_minutes": 15 })
}

#[tokio::test]
async fn a_third_party_is_a_connector_whose_token_is_never_told() {
    let stage = stage().await;
    let new = json!({ "name": "Mon Service RH", "base_url": "https://api.example.com", "auth_type": "bearer",
                      "users_endpoint": "/employees", "attendance_endpoint": "/attendance", "auth_token": "s3cret",
                      "sync_interval_minutes": 5, "is_nice": true });

    let made = post(&stage, "third-party-configs/", &new).await;

    assert_eq!((made.status, &made.json()["id"]), (StatusCode::CREATED, &json!(1)), "{}", made.text);
    assert!(!made.text.contains("s3cret"));
    assert_eq!(stage.store.connector_secrets("mon-service-rh").await.unwrap()["token"], "s3cret");
    let (kept, _) = stage.store.connector("mon-service-rh").await.unwrap().unwrap();
    assert_eq!((kept.interval_ms, kept.is_on), (Some(300_000), true));
    assert_eq!(post(&stage, "third-party-configs/", &new).await.status, StatusCode::CONFLICT);
    let listed = send(&stage, Method::GET, "third-party-configs/", &Value::Null).await;
    assert_eq!(listed.json()["results"][0]["auth_type"], "bearer");
}

#[tokio::test]
async fn hours_of_monday_are_those_of_weekday_0_and_only_of_that_terminal() {
    let stage = stage().await;
    let path = "terminals/1/schedules/";
    assert_eq!(post(&stage, path, &hours(0)).await.status, StatusCode::CREATED);
    let friday = post(&stage, path, &hours(4)).await.json();
    assert_eq!((&friday["id"], &friday["weekday"], &friday["terminal"]), (&json!(2), &json!(4), &json!(1)));
    assert_eq!(post(&stage, "terminals/2/schedules/", &hours(0)).await.status, StatusCode::CREATED);

    let schedules = stage.store.schedules().await.unwrap();

    let weeks: Vec<(&str, Vec<i8>)> =
        schedules.iter().map(|one| (one.name.as_str(), one.days.keys().copied().collect())).collect();
    assert_eq!(weeks, [("Horaire", vec![1, 5]), ("Horaire (TM20-002)", vec![1])]);
    let again = post(&stage, path, &hours(0)).await.json();
    assert_eq!(again["id"], json!(1), "the same weekday is the same row");
    assert_eq!(send(&stage, Method::GET, path, &Value::Null).await.json()["count"], 2);
}

#[tokio::test]
async fn a_terminal_leaves_a_shared_schedule_with_hours_of_its_own() {
    let stage = stage().await;
    post(&stage, "terminals/1/schedules/", &hours(0)).await;
    let mut shared = stage.store.schedules().await.unwrap().remove(0);
    shared.terminals.push("TM20-002".to_owned());
    stage.store.put_schedule(&shared).await.unwrap();

    post(&stage, "terminals/2/schedules/", &hours(5)).await;

    let schedules = stage.store.schedules().await.unwrap();
    assert_eq!((&schedules[0].terminals[..], schedules[0].days.len()), (&["TM20-001".to_owned()][..], 1));
    assert_eq!((&schedules[1].terminals[..], schedules[1].days.len()), (&["TM20-002".to_owned()][..], 2));
}

#[tokio::test]
async fn hours_go_to_the_terminal_for_one_weekday_or_for_all() {
    let stage = stage().await;
    let path = "terminals/1/schedules/sync/";
    assert_eq!(post(&stage, path, &json!({})).await.code(), "schedule_missing");
    for weekday in [0, 1] {
        post(&stage, "terminals/1/schedules/", &hours(weekday)).await;
    }
    for (wish, count) in [(json!({ "schedule_id": 2 }), 1), (json!({ "schedule_id": null }), 2), (json!({}), 2)] {
        let pushed = post(&stage, path, &wish).await;
        assert_eq!(pushed.json()["commands"].as_array().unwrap().len(), count, "{}", pushed.text);
    }
    assert_eq!(post(&stage, path, &json!({ "schedule_id": 9 })).await.code(), "schedule_unknown");
}

#[tokio::test]
async fn people_go_to_a_terminal_by_their_numbers_there() {
    let stage = stage().await;
    let new = json!({ "name": "hr", "base_url": "https://api.example.com", "users_endpoint": "/u",
                      "attendance_endpoint": "/a", "auth_token": "t" });
    post(&stage, "third-party-configs/", &new).await;
    let person = |enrol_id| Person {
        enrol_id,
        name: None,
        is_enabled: true,
        admin: None,
        weekzone: None,
        group: None,
        remote: Value::Null,
    };
    stage.store.save_people("hr", (&[person(70), person(80)], &[]), 1).await.unwrap();
    let path = "sync/users/to-terminal/";

    let all = post(&stage, path, &json!({ "terminal_id": 1, "user_ids": null })).await.json();
    let one = post(&stage, path, &json!({ "terminal_id": 1, "user_ids": [2] })).await.json();

    assert_eq!((&all["count"], &one["count"]), (&json!(2), &json!(1)));
    let id = one["commands"][0].as_str().unwrap().parse().unwrap();
    let command = stage.store.command(&"metz".parse().unwrap(), id).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&command.body).into_owned();
    assert!(said.contains("TM20-001"), "{said}");
    assert_eq!(post(&stage, path, &json!({ "terminal_id": 1, "user_ids": [9] })).await.code(), "person_unknown");
}

#[tokio::test]
async fn what_is_wrong_is_said_as_everywhere_and_changes_nothing() {
    let stage = stage().await;
    for (path, body, code) in [
        ("terminals/1/schedules/", hours(7), "invalid"),
        ("terminals/9/schedules/", hours(0), "terminal_unknown"),
        ("terminals/x/schedules/", hours(0), "terminal_unknown"),
        (
            "terminals/1/schedules/",
            json!({ "name": "x", "weekday": 0, "check_in_time": "8h", "check_out_time": "9" }),
            "invalid",
        ),
        ("sync/users/from-third-party/", json!({ "terminal_id": 1, "config_id": 1 }), "connector_unknown"),
        ("sync/users/from-third-party/", json!({ "terminal_id": "1" }), "invalid"),
        ("attendance/manual-sync/", json!({ "config_id": 1 }), "connector_unknown"),
        ("third-party-configs/", json!({ "name": "x", "base_url": "api.example.com" }), "invalid"),
        ("third-party-configs/", json!({ "name": "x", "base_url": "https://a", "timeout_seconds": 0 }), "invalid"),
        ("nothing/", json!({}), "not_found"),
    ] {
        assert_eq!(post(&stage, path, &body).await.code(), code, "{path} {body}");
    }
    let wrong = send(&stage, Method::GET, "attendance/sync-status/?status=odd", &Value::Null).await;
    assert_eq!(wrong.code(), "invalid");
    assert!(stage.store.schedules().await.unwrap().is_empty());
    assert!(stage.store.connectors().await.unwrap().is_empty());
}
