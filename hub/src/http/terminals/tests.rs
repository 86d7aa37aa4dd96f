//! Terminals over the API.

use axum::http::StatusCode;
use serde_json::json;
use vigie_shared::wire::reading::TerminalUser;

use crate::http::testing::Stage;
use crate::store::accounts::Role;
use crate::store::contract::attendance::{MORNING, terminal};
use crate::store::projections::Step;
use crate::store::terminals::{RoomDay, Told};

async fn stage() -> Stage {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    let row = |day, used| RoomDay { what: "log".to_owned(), day, told_ms: MORNING, used };
    let mut told = terminal("metz", "ZX1", 500);
    told.history = vec![row(22_400, 500), row(22_390, 400)];
    let user = |enrol_id, slot, name: &str| TerminalUser {
        enrol_id,
        slot,
        name: Some(name.to_owned()),
        ..TerminalUser::default()
    };
    let rows = vec![user(7, 0, "Ama"), user(7, 11, "Ama"), user(9, 20, "<b>Bo</b>")];
    let enrolled = Told { site: metz, terminal: "ZX1".to_owned(), told_ms: MORNING, stretch: None, rows };
    let step = Step { terminals: vec![told], enrolled: vec![enrolled], ..Step::default() };
    stage.store.apply(step).await.unwrap();
    stage
}

#[tokio::test]
async fn a_terminal_shows_how_it_is_and_when_its_memory_will_be_full() {
    let stage = stage().await;
    let one = stage.get("/api/v1/terminals/ZX1").role(Role::Viewer).send().await.json();
    insta::assert_json_snapshot!(one);
    let list =
        async |query: &str| stage.get(&format!("/api/v1/terminals?{query}")).role(Role::Viewer).send().await.json();
    assert_eq!(list("standing=admitted&site=metz").await["items"], json!([one]));
    assert_eq!(list("standing=pending").await["items"], json!([]));
    let unknown = stage.get("/api/v1/terminals/ZX9").role(Role::Viewer).send().await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::NOT_FOUND, "terminal_unknown"));
}

#[tokio::test]
async fn who_is_enrolled_is_told_by_person() {
    let stage = stage().await;
    let users = stage.get("/api/v1/terminals/ZX1/users").role(Role::Operator).send().await.json();
    let shown = users["items"].as_array().unwrap().iter().map(|one| (&one["number"], &one["name"], &one["slots"]));
    let (ama, bo) = ((&json!(7), &json!("Ama"), &json!([0, 11])), (&json!(9), &json!("<b>Bo</b>"), &json!([20])));
    assert_eq!(shown.collect::<Vec<_>>(), [ama, bo]);
    let denied = stage.get("/api/v1/terminals/ZX1/users").role(Role::Viewer).send().await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_order_on_a_terminal_goes_to_its_box_with_the_terminal_in_it() {
    let stage = stage().await;
    let order = async |body: serde_json::Value| {
        stage.post("/api/v1/terminals/ZX1/commands").json(&body).role(Role::Operator).send().await
    };
    // A kind that takes no terminal shows that it stands among the parameters.
    let foreign = order(json!({ "type": "get_system_info" })).await;
    assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(foreign.text.contains("terminal"), "{}", foreign.text);
    let other = order(json!({ "type": "get_system_info", "data": { "terminal": "ZX2" } })).await;
    assert!(other.text.contains("the address names terminal"), "{}", other.text);
    assert_eq!(order(json!({ "type": "get_system_info", "data": 7 })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
