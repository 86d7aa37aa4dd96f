//! Jobs by the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::connectors::auth::AuthKind;
use crate::connectors::job::{JobState, NewJob, Row, RowKey};
use crate::connectors::settings::tests::connector;
use crate::connectors::settings::{AuthChoice, Connector};
use crate::http::testing::{NOW, Stage};
use crate::store::accounts::Role;

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.store.add_connector(&connector("hr")).await.unwrap();
    let new = |number: u8| {
        let row = Row { at_ms: NOW, terminal: "T1".to_owned(), ..Row::default() };
        NewJob {
            state: if number == 1 { JobState::Dead } else { JobState::Pending },
            ..NewJob::pending(RowKey([number; 16]), 7, row)
        }
    };
    stage.store.add_jobs("hr", &[new(1), new(2), new(3)], NOW).await.unwrap();
    stage
}

async fn get(stage: &Stage, path: &str) -> Value {
    serde_json::from_str(&stage.get(path).role(Role::Viewer).send().await.text).unwrap()
}

#[tokio::test]
async fn jobs_are_listed_page_by_page_and_counted() {
    let stage = stage().await;
    let first = get(&stage, "/api/v1/jobs?limit=2").await;
    let numbers = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|job| job["no"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let second = get(&stage, &format!("/api/v1/jobs?limit=2&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((numbers(&first), numbers(&second)), (vec![3, 2], vec![1]));
    assert_eq!(numbers(&get(&stage, "/api/v1/jobs?state=dead&connector=hr&person=7").await), [1]);
    let stats = get(&stage, "/api/v1/jobs/stats").await;
    assert_eq!((&stats["all"]["pending"], &stats["connectors"]["hr"]["dead"]), (&json!(2), &json!(1)));
    assert_eq!(get(&stage, "/api/v1/jobs?state=lost").await["code"], "invalid");
}

#[tokio::test]
async fn a_job_shows_operators_what_is_sent_with_the_names_of_secrets_and_viewers_only_how_it_stands() {
    let stage = stage().await;
    let auth = Some(AuthChoice { kind: AuthKind::Bearer, header: None });
    let numbers = std::collections::BTreeMap::from([(7, 18)]);
    stage.store.put_connector(&Connector { auth, numbers, ..connector("hr") }).await.unwrap();
    let secret = [("token".to_owned(), Some("hush-hush".to_owned()))].into_iter().collect();
    stage.store.put_connector_secrets("hr", &secret).await.unwrap();

    let operator = stage.get("/api/v1/jobs/1").role(Role::Operator).send().await;
    let viewer = get(&stage, "/api/v1/jobs/1").await;

    let request = &operator.json()["requests"][0];
    assert_eq!(request["call"]["path"], "/api/attendance");
    assert_eq!(request["call"]["body"]["attendance"][0]["enrollid"], 18, "by the number there");
    assert!(operator.text.contains("<secret.token>") && !operator.text.contains("hush"), "{}", operator.text);
    assert!(viewer["requests"].is_null() && viewer["state"] == "dead", "{viewer}");
}

#[tokio::test]
async fn people_retry_and_skip_with_a_reason() {
    let stage = stage().await;
    let post = |path: &'static str, body: Value| {
        let ask = stage.post(path).json(&body).role(Role::Operator);
        async move { ask.send().await }
    };
    let retried = post("/api/v1/jobs/1/retry", json!({})).await;
    assert!(retried.status == StatusCode::OK && retried.text.contains("pending"), "{}", retried.text);
    let skipped = post("/api/v1/jobs/2/skip", json!({ "reason": "entered by hand" })).await;
    assert!(skipped.text.contains("skipped by operator: entered by hand"), "{}", skipped.text);
    assert_eq!(post("/api/v1/jobs/2/skip", json!({ "reason": "again" })).await.status, StatusCode::CONFLICT);
    assert_eq!(post("/api/v1/jobs/2/skip", json!({ "reason": "" })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(post("/api/v1/jobs/99/retry", json!({})).await.status, StatusCode::NOT_FOUND);
    let viewer = stage.request(Method::POST, "/api/v1/jobs/1/retry").json(&json!({})).role(Role::Viewer).send().await;
    assert_eq!(viewer.status, StatusCode::FORBIDDEN);
}
