//! Connectors by the API: what is refused, and that secrets never come back.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Stage};
use crate::store::accounts::Role;

fn new(name: &str) -> Value {
    json!({
        "name": name, "base": "https://hr.example.org", "users_endpoint": "/users", "attendance_endpoint": "/attendance",
        "auth": { "kind": "bearer" }, "secrets": { "token": "s3cret" }, "batch": 50, "interval": "5m",
    })
}

async fn send(stage: &Stage, method: Method, path: &str, body: &Value) -> Answer {
    stage.request(method, path).json(body).role(Role::Owner).send().await
}

#[tokio::test]
async fn a_connector_is_made_shown_changed_and_removed_and_its_secret_never_told() {
    let stage = Stage::new().await;

    let made = send(&stage, Method::POST, "/api/v1/connectors", &new("hr")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(send(&stage, Method::POST, "/api/v1/connectors", &new("hr")).await.status, StatusCode::CONFLICT);
    let change = json!({ "interval": "immediate", "terminals": ["T1"], "is_on": false });
    let changed = send(&stage, Method::PATCH, "/api/v1/connectors/hr", &change).await;
    let shown = stage.get("/api/v1/connectors").role(Role::Viewer).send().await;

    let said: Value = serde_json::from_str(&shown.text).unwrap();
    let one = &said["items"][0];
    assert_eq!(
        (&one["interval"], &one["terminals"], &one["is_on"], &one["batch"]),
        (&json!("immediate"), &json!(["T1"]), &json!(false), &json!(50))
    );
    assert_eq!(one["secrets"], json!(["token"]));
    for answer in [made, changed, shown] {
        assert!(!answer.text.contains("s3cret"));
    }
    assert_eq!(stage.store.connector_secrets("hr").await.unwrap()["token"], "s3cret");
    assert_eq!(
        send(&stage, Method::DELETE, "/api/v1/connectors/hr", &Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(send(&stage, Method::DELETE, "/api/v1/connectors/hr", &Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_its_cure_and_changes_nothing() {
    let stage = Stage::new().await;
    for (key, value, word) in [
        ("name", json!("H R"), "erpnext-paris"),
        ("base", json!("hr.example.org"), "https://"),
        ("secrets", json!({}), "secret.token"),
        ("mapping", json!("sap"), "sap"),
        ("zone", json!("Mars"), "Europe/Paris"),
        ("interval", json!("1s"), "unit"),
        ("batch", json!(0), "1000"),
        ("rate", json!("5"), "50/min"),
        ("mapping_text", json!("[connector]\nname = 1"), "own"),
        ("colour", json!("red"), "colour"),
    ] {
        let mut wrong = new("hr");
        wrong[key] = value;
        let refused = send(&stage, Method::POST, "/api/v1/connectors", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}: {}", refused.text);
        assert!(refused.text.contains(word) || key == "mapping_text", "{key}: {}", refused.text);
    }
    assert!(stage.store.connectors().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_third_party_that_is_not_there_is_said() {
    let stage = Stage::new().await;
    send(&stage, Method::POST, "/api/v1/connectors", &new("hr")).await;
    let looked = send(&stage, Method::POST, "/api/v1/connectors/hr/people", &json!({ "is_preview": true })).await;
    assert_eq!((looked.status, looked.code().as_str()), (StatusCode::CONFLICT, "connector_unfit"));
    assert!(looked.text.contains("nobody is there"), "{}", looked.text);
    let synced = send(&stage, Method::POST, "/api/v1/connectors/hr/sync", &json!({})).await;
    assert_eq!(synced.status, StatusCode::OK, "{}", synced.text);
    let runs = stage.get("/api/v1/connectors/hr/runs").role(Role::Viewer).send().await;
    assert!(runs.text.contains("nobody is there"), "{}", runs.text);
    assert_eq!(
        send(&stage, Method::POST, "/api/v1/connectors/none/sync", &json!({})).await.code(),
        "connector_unknown"
    );
}

#[tokio::test]
async fn what_would_go_to_a_terminal_is_shown_before_anything_goes() {
    use crate::connectors::people::Person;
    use crate::store::contract::attendance::terminal;
    use crate::store::projections::Step;
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    send(&stage, Method::POST, "/api/v1/connectors", &new("hr")).await;
    let terminals = vec![terminal("metz", "T1", 0)];
    stage.store.apply(Step { terminals, ..Step::default() }).await.unwrap();
    let person = Person {
        enrol_id: 7,
        name: None,
        is_enabled: true,
        admin: None,
        weekzone: None,
        group: None,
        remote: Value::Null,
    };
    stage.store.save_people("hr", (&[person], &[]), 1).await.unwrap();

    let path = "/api/v1/connectors/hr/terminals";
    let shown = send(&stage, Method::POST, path, &json!({ "is_preview": true })).await;

    let said: Value = serde_json::from_str(&shown.text).unwrap();
    assert_eq!(
        (&said["items"][0]["terminal"], &said["items"][0]["added"]),
        (&json!("T1"), &json!([7])),
        "{}",
        shown.text
    );
    assert_eq!(said["items"][0]["commands"], json!([]));
    assert_eq!(send(&stage, Method::POST, path, &json!({ "terminals": ["T9"] })).await.code(), "terminal_unknown");
}

#[tokio::test]
async fn people_are_mapped_one_by_one_and_who_waited_for_it_goes() {
    use crate::connectors::job::{JobState, NewJob, Row, RowKey};
    let stage = Stage::new().await;
    send(&stage, Method::POST, "/api/v1/connectors", &new("hr")).await;
    stage.store.add_jobs("hr", &[NewJob::pending(RowKey([1; 16]), 118, Row::default())], 1).await.unwrap();
    let mut waiting = stage.store.due_jobs("hr", 1, 9).await.unwrap();
    waiting[0].state = JobState::Parked;
    stage.store.save_jobs(&waiting).await.unwrap();
    let change = async |numbers: Value| {
        send(&stage, Method::PATCH, "/api/v1/connectors/hr", &json!({ "numbers": numbers })).await
    };

    assert_eq!(change(json!({ "118": 18, "119": 19 })).await.json()["numbers"], json!({ "118": 18, "119": 19 }));
    assert_eq!(change(json!({ "119": null })).await.json()["numbers"], json!({ "118": 18 }));
    assert_eq!(change(json!({ "anna": 1 })).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let jobs = stage.get("/api/v1/jobs").role(Role::Viewer).send().await.json();
    assert_eq!(jobs["items"][0]["state"], "pending", "{jobs}");
}
