//! What an owner is told and what is ordered.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vigie_shared::token::EnrolToken;
use vigie_shared::wire::reading::{MediaFile, MediaStretch};
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use crate::http::testing::{NOW, Stage};
use crate::store::accounts::Role;
use crate::store::commands;
use crate::store::media::{Medium, Told};
use crate::store::projections::{Derived, Step};

/// A site whose box got a configuration and has two videos, one of which the hub can give.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    let data = json!({ "configuration": { "categories": [] } });
    let body = json!({ "type": "update_config", "data": data });
    let given = stage.post("/api/v1/sites/metz/commands").json(&body).role(Role::Owner).send().await.json();
    let id = given["id"].as_str().unwrap().parse().unwrap();
    let outcome = CommandOutcome { id, state: OutcomeState::Succeeded, detail: "done".to_owned(), answer: None };
    let told = commands::Told { site: metz.clone(), at_ms: NOW, outcome };
    let file = |path: &str, hash: u8| MediaFile { path: path.to_owned(), sha256: [hash; 32], size_bytes: 9 };
    let files = vec![file("T/a.mp4", 1), file("T/b.mp4", 2)];
    let stretch = MediaStretch { after: String::new(), through: None, files };
    let media = vec![Derived { value: Told { site: metz, at_ms: NOW, stretch }, undated: None }];
    stage.store.apply(Step { outcomes: vec![told], media, ..Step::default() }).await.unwrap();
    let (name, account) = ("a.mp4".to_owned(), "lea".to_owned());
    let medium = Medium { sha256: [1; 32], name, size_bytes: 9, added_ms: NOW, account };
    stage.store.add_medium(&medium).await.unwrap();
    stage
}

fn words(plan: &Value) -> (Vec<String>, Vec<String>) {
    let all = |list: &str, field: &str| {
        let items = plan[list].as_array().unwrap().iter();
        items.map(|one| one[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (all("moves", "what"), all("left", "what"))
}

#[tokio::test]
async fn what_the_old_box_had_is_ordered_once_for_the_new_one_and_the_rest_is_named() {
    let stage = stage().await;
    let planned = stage.get("/api/v1/sites/metz/replace").role(Role::Operator).send().await.json();
    let expected = (
        vec!["configuration".to_owned(), "video".to_owned()],
        vec!["/etc/vigie/agent.toml and agent.d".to_owned(), "T/b.mp4".to_owned()],
    );
    assert_eq!(words(&planned), expected);
    assert_eq!(stage.store.open_commands(9).await.unwrap().len(), 0, "a look orders nothing");

    let replace = async || stage.post("/api/v1/sites/metz/replace").json(&json!({})).role(Role::Owner).send().await;
    let made = replace().await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let token: EnrolToken = made.json()["token"].as_str().unwrap().parse().unwrap();
    assert_eq!(words(&made.json()["plan"]), expected);
    let open = stage.store.open_commands(9).await.unwrap();
    let kinds: Vec<&str> = open.iter().map(|command| command.kind.as_str()).collect();
    assert_eq!(kinds, ["update_config", "deploy_video"]);
    assert!(open.iter().all(|command| command.expires_ms > token.expires_ms), "they wait as long as the token works");

    let again = replace().await.json();
    assert_eq!(again["plan"]["moves"], made.json()["plan"]["moves"]);
    assert_eq!(stage.store.open_commands(9).await.unwrap(), open, "asking twice orders once");
}

#[tokio::test]
async fn what_was_taken_back_is_ordered_anew_and_a_bare_replacement_orders_nothing() {
    let stage = stage().await;
    let replace =
        async |body: Value| stage.post("/api/v1/sites/metz/replace").json(&body).role(Role::Owner).send().await.json();
    let bare = replace(json!({ "bare": true })).await;
    assert!(bare["token"].is_string() && bare.get("plan").is_none());
    assert!(stage.store.open_commands(9).await.unwrap().is_empty());

    let first = replace(json!({})).await;
    let id = first["plan"]["moves"][1]["command"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sites/metz/commands/{id}/cancel");
    assert_eq!(stage.post(&path).role(Role::Owner).send().await.status, StatusCode::OK);
    let second = replace(json!({})).await;
    assert_eq!(second["plan"]["moves"][0], first["plan"]["moves"][0]);
    assert_ne!(second["plan"]["moves"][1]["command"], first["plan"]["moves"][1]["command"]);
    assert_eq!(stage.store.open_commands(9).await.unwrap().len(), 2);
}
