//! Terminals over the API.

use axum::http::{Method, StatusCode};
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

#[tokio::test]
async fn a_terminal_is_read_as_somebody_set_it_and_by_the_usual_tables_otherwise() {
    let stage = stage().await;
    let path = "/api/v1/terminals/ZX1/profile";
    let shown = async || stage.get(path).role(Role::Viewer).send().await.json();
    let usual = json!({ "family": "common", "inout": {}, "mode": {}, "week_begins": "monday" });
    assert_eq!(shown().await, usual);

    let evo = json!({ "family": "evo", "inout": { "5": "in" }, "mode": { "8": "face" }, "week_begins": "sunday" });
    let set = stage.request(Method::PUT, path).json(&evo).role(Role::Operator).send().await;

    assert_eq!((set.status, set.json()), (StatusCode::OK, evo.clone()));
    assert_eq!(shown().await, evo);
    assert_eq!(stage.store.entries(None, 9).await.unwrap()[0].kind, "terminal_profile_set");
}

#[tokio::test]
async fn a_profile_that_makes_no_sense_is_refused_in_words() {
    let stage = stage().await;
    let many: serde_json::Map<_, _> = (0..=64).map(|number| (number.to_string(), json!("in"))).collect();
    for (path, body, words) in [
        ("ZX1", json!({ "family": "zk" }), "unknown variant `zk`"),
        ("ZX1", json!({ "inout": { "five": "in" } }), "expected key to be a number"),
        ("ZX1", json!({ "mode": { "1": "nose" } }), "unknown variant `nose`"),
        ("ZX1", json!({ "inout": many }), "at most 64 numbers"),
        ("ZX9", json!({}), "ZX9"),
    ] {
        let put = stage.request(Method::PUT, &format!("/api/v1/terminals/{path}/profile"));
        let answer = put.json(&body).role(Role::Operator).send().await;
        assert!(answer.status.is_client_error() && answer.text.contains(words), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_schedule_goes_to_a_terminal_as_a_command_per_day_in_the_terminals_words() {
    let stage = stage().await;
    let push = async || stage.post("/api/v1/terminals/ZX1/schedule").json(&json!({})).role(Role::Operator).send().await;
    let none = push().await;
    assert_eq!((none.status, none.code().as_str()), (StatusCode::CONFLICT, "schedule_missing"));
    let shift = json!({ "starts": "08:00", "ends": "17:00", "break_starts": "12:00", "break_ends": "13:00", "tolerance_min": 15 });
    let office =
        json!({ "terminals": ["ZX1"], "days": { "monday": shift, "sunday": { "starts": "22:00", "ends": "06:00" } } });
    stage.request(Method::PUT, "/api/v1/schedules/office").json(&office).role(Role::Operator).send().await;

    let given = push().await;

    assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
    let asked: Vec<_> = given.json()["items"].as_array().unwrap().iter().map(|one| one["data"].clone()).collect();
    let monday = json!({ "weekday": 0, "check_in": "08:00", "check_out": "17:00", "break_start": "12:00",
        "break_end": "13:00", "tolerance": 15 });
    assert_eq!(asked[0], json!({ "terminal": "ZX1", "schedule": monday }));
    assert_eq!((&asked[1]["schedule"]["weekday"], &asked[1]["schedule"]["break_start"]), (&json!(6), &json!(null)));

    let sunday_first = json!({ "week_begins": "sunday" });
    stage.request(Method::PUT, "/api/v1/terminals/ZX1/profile").json(&sunday_first).role(Role::Operator).send().await;
    let given = push().await.json();
    let places = given["items"].as_array().unwrap().iter().map(|one| &one["data"]["schedule"]["weekday"]);
    assert_eq!(places.collect::<Vec<_>>(), [1, 0]);
}
