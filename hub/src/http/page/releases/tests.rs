//! The pages of releases and rollouts.

use axum::http::StatusCode;
use serde_json::json;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

#[tokio::test]
async fn releases_show_what_is_behind_and_what_there_is() {
    let stage = Stage::whole().await;
    for lang in Lang::ALL {
        let page = stage.get("/releases").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("releases_{}", lang.code()), shown(&page.text));
    }
}

#[tokio::test]
async fn a_rollout_shows_its_boxes_and_can_be_paused() {
    let stage = Stage::whole().await;
    let body = json!({ "software": "player", "version": "2.0.0", "canary": "0" });
    let begun = stage.post("/api/v1/rollouts").json(&body).role(Role::Operator).send().await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    let path = format!("/rollouts/{}", begun.json()["id"].as_str().unwrap());
    let page = stage.get(&path).by(Who::Socket).send().await;
    assert!(page.text.contains("/sites/metz") && page.text.contains("/confirm/rollouts_cancel"), "{}", page.text);
    assert!(page.text.contains("/act/rollouts_pause"));
    let viewer = stage.get(&path).role(Role::Viewer).send().await;
    assert!(!shown(&viewer.text).contains("method=\"post\""));
    let list = stage.get("/releases").by(Who::Socket).send().await;
    assert!(list.text.contains(&path));
}

#[tokio::test]
async fn without_releases_the_page_says_how_to_add_one() {
    let stage = Stage::new().await;
    assert!(stage.get("/releases").by(Who::Socket).send().await.text.contains("vigie-hub release add"));
    assert_eq!(stage.get("/rollouts/none").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}
