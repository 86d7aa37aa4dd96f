//! Punches over the API.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::http::testing::Stage;
use crate::store::accounts::Role;
use crate::store::attendance::Told;
use crate::store::contract::attendance::{MORNING, told};
use crate::store::projections::{Derived, Step};

async fn stage_with(punches: Vec<Told>) -> Stage {
    let stage = Stage::new().await;
    let punches = punches.into_iter().map(|value| Derived { value, undated: None }).collect();
    stage.store.apply(Step { punches, ..Step::default() }).await.unwrap();
    stage
}

fn at(second: u8) -> Told {
    told("ZX1", 7, &format!("2031-05-06 08:00:{second:02}"), MORNING)
}

#[tokio::test]
async fn a_punch_is_shown_once_with_both_of_its_times() {
    let stage = stage_with(vec![at(5), at(5)]).await;
    let list = stage.get("/api/v1/punches").role(Role::Operator).send().await.json();
    insta::assert_json_snapshot!(list);
    let key = list["items"][0]["key"].as_str().unwrap();
    let one = stage.get(&format!("/api/v1/punches/{key}")).role(Role::Operator).send().await.json();
    assert_eq!(one, list["items"][0]);
    assert_eq!(stage.get("/api/v1/punches").role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn pages_of_punches_follow_each_other_and_filters_hold() {
    let stage = stage_with((0..5).map(at).chain([told("ZX2", 8, "2000-01-01 00:00:00", MORNING)]).collect()).await;
    let get = async |query: &str| stage.get(&format!("/api/v1/punches?{query}")).role(Role::Operator).send().await;
    let (mut seen, mut after) = (0, String::new());
    loop {
        let page = get(&format!("limit=2{after}")).await.json();
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, 6);
    for (query, count) in [
        ("terminal=ZX1", 5),
        ("number=8", 1),
        ("only=in_doubt", 1),
        ("only=counting", 5),
        ("site=brest", 0),
        ("from=2031-05-06T08:00:03Z", 2),
    ] {
        assert_eq!(get(query).await.json()["items"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(get("after=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(get("only=all").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn somebody_decides_of_a_punch_in_doubt_and_takes_it_back() {
    let reset = told("ZX1", 7, "2000-01-01 00:00:00", MORNING);
    let stage = stage_with(vec![reset.clone(), told("ZX1", 0, "2031-05-06 08:00:00", MORNING)]).await;
    let path = format!("/api/v1/punches/{}/review", reset.punch.key);
    let accept = json!({ "is_accepted": true, "at": "2031-05-06T07:58:00Z", "comment": "the clock was reset" });
    let decided = stage.request(Method::PUT, &path).json(&accept).role(Role::Operator).send().await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text);
    assert_eq!((&decided.json()["counts"], &decided.json()["at"]), (&json!(true), &json!("2031-05-06T07:58:00.000Z")));
    assert_eq!(stage.store.reviews(9).await.unwrap()[0].account, "operator");
    let undone = stage.request(Method::DELETE, &path).role(Role::Operator).send().await;
    assert_eq!(undone.status, StatusCode::NO_CONTENT);
    let doubts = stage.get("/api/v1/punches?only=in_doubt").role(Role::Operator).send().await.json();
    assert_eq!(doubts["items"][0]["counts"], json!(false));
}

#[tokio::test]
async fn what_can_never_count_cannot_be_accepted() {
    let (door, none) = (told("ZX1", 0, "2031-05-06 08:00:00", MORNING), told("ZX1", 7, "nonsense", MORNING));
    let stage = stage_with(vec![door.clone(), none.clone()]).await;
    let put = async |key: String, body: serde_json::Value| {
        let ask = stage.request(Method::PUT, &format!("/api/v1/punches/{key}/review")).json(&body);
        ask.role(Role::Operator).send().await.status
    };
    let accept = json!({ "is_accepted": true, "comment": "why not" });
    assert_eq!(put(door.punch.key.to_string(), accept.clone()).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(none.punch.key.to_string(), accept.clone()).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put("nothing".to_owned(), accept).await, StatusCode::NOT_FOUND);
    let with_time = json!({ "is_accepted": true, "at": "2031-05-06T07:58:00Z", "comment": "seen by the guard" });
    assert_eq!(put(none.punch.key.to_string(), with_time).await, StatusCode::OK);
    let without_reason = json!({ "is_accepted": false, "comment": " " });
    assert_eq!(put(none.punch.key.to_string(), without_reason).await, StatusCode::UNPROCESSABLE_ENTITY);
}
