//! Rollouts over the API, with the real driver behind it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vigie_shared::id::SiteId;
use vigie_shared::package::Manifest;
use vigie_shared::wire::reading::{SoftwareList, SoftwareVersion};
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use crate::fleet::{BoxNow, Connection};
use crate::http::testing::{NOW, Stage};
use crate::store::accounts::Role;
use crate::store::commands::Told;
use crate::store::projections::Step;
use crate::store::releases::{self, Release};

/// Two boxes that play, connected, and a release of the player.
async fn stage() -> (Stage, Vec<SiteId>) {
    let stage = Stage::new().await;
    let sites = vec![stage.add_site("brest", "Brest").await, stage.add_site("metz", "Metz").await];
    for site in &sites {
        let connection = Some(Connection { id: 1, peer: "10.0.0.1".to_owned(), since_ms: NOW });
        stage.fleet.tell(site, BoxNow { connection, ..BoxNow::default() });
        let version = Some("1.0.0".to_owned());
        let software = vec![SoftwareVersion { name: "player".to_owned(), version }];
        let list = SoftwareList { processor: "arm".to_owned(), software };
        let told = releases::Told { site: site.clone(), at_ms: NOW, list };
        stage.store.apply(Step { software: vec![told], ..Step::default() }).await.unwrap();
    }
    let manifest = Manifest::unsigned("player", "2.0.0", "any", b"content");
    stage.store.put_release(&Release { manifest, added_ms: NOW }).await.unwrap();
    (stage, sites)
}

async fn post(stage: &Stage, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = stage.post(path).json(&body).role(Role::Operator).send().await;
    (answer.status, answer.json())
}

async fn get(stage: &Stage, path: &str) -> Value {
    stage.get(path).role(Role::Viewer).send().await.json()
}

/// The box's word about its open command.
async fn tell(stage: &Stage, site: &SiteId, state: OutcomeState) {
    let commands = stage.store.commands(site, None, 9).await.unwrap();
    let command = commands.iter().find(|command| command.state.is_open()).unwrap();
    let outcome = CommandOutcome { id: command.id, state, detail: "as it was".to_owned(), answer: None };
    let told = Told { site: site.clone(), at_ms: NOW, outcome };
    stage.store.apply(Step { outcomes: vec![told], ..Step::default() }).await.unwrap();
}

#[tokio::test]
async fn a_canary_that_fails_pauses_it_before_anybody_else_gets_it() {
    let (stage, sites) = stage().await;
    let wish = json!({ "software": "player", "version": "2.0.0", "canary_sites": ["metz"], "soak": "0s" });
    let (status, made) = post(&stage, "/api/v1/rollouts", wish.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let path = format!("/api/v1/rollouts/{}", made["id"].as_str().unwrap());
    let (status, second) = post(&stage, "/api/v1/rollouts", wish).await;
    assert_eq!((status, &second["code"]), (StatusCode::CONFLICT, &json!("rollout_open")));

    stage.admin.rollouts.look().await.unwrap();
    let command = get(&stage, &format!("{path}/sites")).await["items"][1]["command"].clone();
    let given = stage.store.commands(&sites[1], None, 9).await.unwrap();
    assert_eq!((given.len(), json!(given[0].id.to_string())), (1, command));

    tell(&stage, &sites[1], OutcomeState::RolledBack).await;
    stage.admin.rollouts.look().await.unwrap();
    let shown = get(&stage, &path).await;
    assert_eq!(
        (&shown["stage"], &shown["boxes"]["failed"], &shown["boxes"]["waiting"]),
        (&json!("canary"), &json!(1), &json!(1))
    );
    assert!(shown["paused"]["reason"].as_str().unwrap().contains("failed"), "{shown}");
    assert_eq!(stage.store.commands(&sites[0], None, 9).await.unwrap(), [], "the rest is untouched");

    let (status, _) = post(&stage, &format!("{path}/retry"), json!({ "site": "metz" })).await;
    assert_eq!(status, StatusCode::OK);
    stage.admin.rollouts.look().await.unwrap();
    tell(&stage, &sites[1], OutcomeState::Succeeded).await;
    stage.admin.rollouts.look().await.unwrap();
    tell(&stage, &sites[0], OutcomeState::Succeeded).await;
    stage.admin.rollouts.look().await.unwrap();
    let shown = get(&stage, &path).await;
    assert_eq!((&shown["stage"], &shown["boxes"]["done"]), (&json!("done"), &json!(2)));
    let (status, late) = post(&stage, &format!("{path}/cancel"), json!({})).await;
    assert_eq!((status, &late["code"]), (StatusCode::CONFLICT, &json!("rollout_state")));
}

#[tokio::test]
async fn a_pinned_box_is_left_out_and_stands_among_the_outdated() {
    let (stage, sites) = stage().await;
    let pins = "/api/v1/sites/metz/pins";
    let put = stage.request(Method::PUT, &format!("{pins}/player")).json(&json!({ "reason": "a match" }));
    let put = put.role(Role::Operator).send().await;
    assert_eq!((put.status, &put.json()["version"]), (StatusCode::OK, &json!("1.0.0")), "what it runs");
    assert_eq!(get(&stage, pins).await["items"][0]["reason"], "a match");

    let wish = json!({ "software": "player", "version": "2.0.0", "canary": "0" });
    let (_, made) = post(&stage, "/api/v1/rollouts", wish).await;
    stage.admin.rollouts.look().await.unwrap();
    let members = get(&stage, &format!("/api/v1/rollouts/{}/sites", made["id"].as_str().unwrap())).await;
    assert_eq!((&members["items"][0]["state"], &members["items"][1]["state"]), (&json!("given"), &json!("skipped")));
    assert_eq!(members["items"][1]["detail"], "it is pinned to 1.0.0");
    assert_eq!(stage.store.commands(&sites[1], None, 9).await.unwrap(), []);

    insta::assert_json_snapshot!(get(&stage, "/api/v1/releases/outdated").await);
    let delete = || stage.request(Method::DELETE, &format!("{pins}/player")).role(Role::Operator).send();
    assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_begin_is_refused_by_its_reason() {
    let (stage, _) = stage().await;
    for (change, status, reason) in [
        (json!({ "version": "9.0.0" }), StatusCode::NOT_FOUND, "no release 9.0.0"),
        (json!({ "sites": ["paris"] }), StatusCode::NOT_FOUND, "paris"),
        (json!({ "sites": [] }), StatusCode::UNPROCESSABLE_ENTITY, "at least one site"),
        (json!({ "sites": ["metz"], "canary_sites": ["brest"] }), StatusCode::NOT_FOUND, "brest"),
        (json!({ "canary_sites": ["metz"], "canary": "1" }), StatusCode::UNPROCESSABLE_ENTITY, "not both"),
        (json!({ "canary": "many" }), StatusCode::UNPROCESSABLE_ENTITY, "percentage"),
        (json!({ "batch": 0 }), StatusCode::UNPROCESSABLE_ENTITY, "at least 1"),
        (json!({ "soak": "99d" }), StatusCode::UNPROCESSABLE_ENTITY, "30 days"),
    ] {
        let mut wish = json!({ "software": "player", "version": "2.0.0" });
        wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (answered, problem) = post(&stage, "/api/v1/rollouts", wish).await;
        assert_eq!(answered, status, "{change} {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{change} {problem}");
    }
    assert_eq!(get(&stage, "/api/v1/rollouts").await["items"], json!([]));
}
