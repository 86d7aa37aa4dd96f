//! Alerts over the API, with the real lookout behind it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vigie_shared::clock::Clock as _;

use crate::fleet::BoxNow;
use crate::http::testing::{Stage, live};
use crate::store::accounts::Role;

/// A hub with a box that is heard and hot, and one that fell silent; both are told of.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let (metz, brest) = (stage.add_site("metz", "Metz").await, stage.add_site("brest", "Brest").await);
    let silent_ms = stage.clock.wall_ms();
    for _ in 0..40 {
        stage.clock.advance(Duration::from_secs(15));
        let mut hot = BoxNow { heard_ms: Some(stage.clock.wall_ms()), ..live() };
        let pulse = hot.heartbeat.as_mut().unwrap();
        (pulse.host.temperature_milli_c, pulse.stamp.wall_ms) = (Some(78_000), stage.clock.wall_ms());
        stage.fleet.tell(&metz, hot);
        stage.fleet.tell(&brest, BoxNow { heard_ms: Some(silent_ms), ..BoxNow::default() });
        stage.admin.alerts.look().await.unwrap();
    }
    stage
}

async fn get(stage: &Stage, path: &str) -> Value {
    let answer = stage.get(path).role(Role::Viewer).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

async fn post(stage: &Stage, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = stage.post(path).json(&body).role(Role::Operator).send().await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn what_fires_is_shown_the_gravest_first_with_its_incident() {
    let stage = stage().await;
    let alerts = get(&stage, "/api/v1/alerts").await;
    insta::assert_json_snapshot!(alerts);
    let only = get(&stage, "/api/v1/alerts?site=metz&rule=temperature").await;
    assert_eq!(only["items"].as_array().unwrap().len(), 1);
    let page = get(&stage, "/api/v1/alerts?limit=1").await;
    let next = get(&stage, &format!("/api/v1/alerts?limit=1&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&next["items"][0], next.get("next")), (&alerts["items"][1], None));
    let history = get(&stage, "/api/v1/alerts?history=true").await;
    assert_eq!(history["items"].as_array().unwrap().len(), 2);

    let incidents = get(&stage, "/api/v1/incidents").await;
    let id = alerts["items"][0]["incident"].as_str().unwrap();
    let shown = get(&stage, &format!("/api/v1/incidents/{id}")).await;
    assert!(incidents["items"].as_array().unwrap().iter().any(|one| one["id"] == id));
    assert_eq!((&shown["stage"], &shown["told"][0]["phase"]), (&json!("open"), &json!("opened")));
    assert_eq!(shown["alerts"][0]["incident"], id);
}

#[tokio::test]
async fn somebody_takes_an_alert_on_and_others_see_who() {
    let stage = stage().await;
    let number = get(&stage, "/api/v1/alerts?rule=temperature").await["items"][0]["number"].clone();
    let path = format!("/api/v1/alerts/{number}/acknowledge");
    let (status, taken) = post(&stage, &path, json!({ "note": "a fan is ordered" })).await;
    assert_eq!((status, &taken["state"]), (StatusCode::OK, &json!("acknowledged")), "{taken}");
    assert_eq!(taken["acknowledged"]["note"], "a fan is ordered");
    let other = get(&stage, "/api/v1/alerts?rule=site_offline").await["items"][0].clone();
    let id = other["incident"].as_str().unwrap();
    let (_, shown) = post(&stage, &format!("/api/v1/incidents/{id}/acknowledge"), json!({})).await;
    let states: Vec<&Value> = shown["alerts"].as_array().unwrap().iter().map(|alert| &alert["state"]).collect();
    assert!(states.iter().all(|state| **state == "acknowledged"), "{shown}");
}

#[tokio::test]
async fn a_silence_hides_from_news_and_not_from_the_list_and_ends() {
    let stage = stage().await;
    let (status, made) =
        post(&stage, "/api/v1/alerts/silences", json!({ "site": "brest", "for": "2h", "note": "moving" })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    stage.admin.alerts.look().await.unwrap();
    let state = async || get(&stage, "/api/v1/alerts?site=brest").await["items"][0]["state"].clone();
    assert_eq!(state().await, "silenced");
    assert_eq!(get(&stage, "/api/v1/alerts/silences").await["items"][0], made);

    let path = format!("/api/v1/alerts/silences/{}", made["number"]);
    let delete = || stage.request(Method::DELETE, &path).role(Role::Operator).send();
    assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete().await.code(), "silence_unknown");
    stage.admin.alerts.look().await.unwrap();
    assert_eq!(state().await, "firing");
}

#[tokio::test]
async fn what_cannot_be_silenced_or_found_is_refused_by_its_reason() {
    let stage = stage().await;
    for (body, status, reason) in [
        (json!({ "for": "2h" }), StatusCode::UNPROCESSABLE_ENTITY, "at least a site"),
        (json!({ "site": "paris", "for": "2h" }), StatusCode::NOT_FOUND, "paris"),
        (json!({ "rule": "weather", "for": "2h" }), StatusCode::UNPROCESSABLE_ENTITY, "alert rules"),
        (json!({ "rule": "disk", "for": "2" }), StatusCode::UNPROCESSABLE_ENTITY, "30s"),
        (json!({ "rule": "disk", "for": "0s" }), StatusCode::UNPROCESSABLE_ENTITY, "90 days"),
        (json!({ "rule": "disk", "for": "91d" }), StatusCode::UNPROCESSABLE_ENTITY, "90 days"),
        (json!({ "rule": "disk", "for": "2h", "note": "a\nb" }), StatusCode::UNPROCESSABLE_ENTITY, "one line"),
    ] {
        let (got, problem) = post(&stage, "/api/v1/alerts/silences", body.clone()).await;
        assert_eq!(got, status, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{body}: {problem}");
    }
    for path in ["/api/v1/alerts/999", "/api/v1/alerts/x", "/api/v1/incidents/x"] {
        assert_eq!(stage.get(path).role(Role::Viewer).send().await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(stage.get("/api/v1/alerts?after=x").role(Role::Viewer).send().await.code(), "invalid");
}

#[tokio::test]
async fn every_rule_is_shown_with_its_limits() {
    let rules = get(&Stage::new().await, "/api/v1/alerts/rules").await;
    let of = |name: &str| rules["items"].as_array().unwrap().iter().find(|rule| rule["name"] == name).unwrap().clone();
    assert_eq!(of("temperature")["settings"]["critical_c"], 80);
    assert_eq!(of("machine_disk")["settings"]["critical_gb"], 15);
    assert_eq!(of("site_offline")["settings"]["after"], "5m");
}
