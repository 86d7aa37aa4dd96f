//! Export and erasing over the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::attendance::book::Mark;
use crate::http::testing::{Answer, NOW, Stage};
use crate::store::accounts::Role;
use crate::store::contract::attendance::{MORNING, told};
use crate::store::contract::days::day;
use crate::store::presence::StoredDay;
use crate::store::projections::{Derived, Step};

async fn ask(stage: &Stage, method: Method, path: &str, body: &Value) -> Answer {
    stage.request(method, path).json(body).role(Role::Owner).send().await
}

/// Ama with everything that the hub can know of her.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let ama = json!({ "name": "Ama", "email": "ama@example.org", "numbers": [{ "terminal": "ZX1", "number": 7 }] });
    ask(&stage, Method::PUT, "/api/v1/people/E1", &ama).await;
    let device = json!({ "site": "metz", "mac": "8e1b7c001122", "label": "Phone" });
    ask(&stage, Method::POST, "/api/v1/people/E1/devices", &device).await;
    ask(&stage, Method::PUT, "/api/v1/people/E1/activity", &json!({})).await;
    let value = told("ZX1", 7, "2031-05-06 08:00:00", MORNING);
    let step = Step { punches: vec![Derived { value, undated: None }], ..Step::default() };
    stage.store.apply(step).await.unwrap();
    let kept = day("E1", jiff::civil::date(2026, 11, 20), 0.5, 1);
    let day = StoredDay { mark: Mark::Final, body: "{\"slots\":[]}".to_owned(), ..kept };
    stage.store.put_person_days(&[day]).await.unwrap();
    stage
}

#[tokio::test]
async fn everything_that_is_known_of_a_person_is_given_and_the_look_is_noted() {
    let stage = stage().await;
    let all = ask(&stage, Method::GET, "/api/v1/people/E1/export", &json!({})).await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.text);
    let all = all.json();
    assert_eq!(all["person"]["email"], "ama@example.org");
    assert_eq!(all["devices"][0]["mac"], "8e:1b:7c:00:11:22");
    assert_eq!((&all["seen"][0]["site"], &all["days"][0]["value"]), (&json!("app"), &json!(0.5)));
    assert_eq!(all["punches"].as_array().unwrap().len(), 1);
    let looks = ask(&stage, Method::GET, "/api/v1/people/E1/looks", &json!({})).await.json();
    assert_eq!((&looks["items"][0]["what"], &looks["items"][0]["account"]), (&json!("export"), &json!("owner")));
    let denied = stage.get("/api/v1/people/E1/export").role(Role::Operator).send().await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_is_erased_is_gone_remembered_and_nobody_is_erased_by_mistake() {
    let stage = stage().await;
    let mistake = ask(&stage, Method::POST, "/api/v1/people/E1/erase", &json!({ "person": "E2" })).await;
    assert_eq!(mistake.status, StatusCode::UNPROCESSABLE_ENTITY);
    let erased = ask(&stage, Method::POST, "/api/v1/people/E1/erase", &json!({ "person": "E1" })).await;
    assert_eq!((erased.status, &erased.json()["devices"]), (StatusCode::OK, &json!(1)), "{}", erased.text);
    let remembered = stage.erasures.0.lock().unwrap().clone();
    assert_eq!((remembered.len(), remembered[0].erased_ms), (1, NOW));
    assert_eq!(stage.store.erasures().await.unwrap(), remembered);
    let again = ask(&stage, Method::GET, "/api/v1/people/E1/export", &json!({})).await;
    assert_eq!(again.code(), "person_unknown");
    let devices = ask(&stage, Method::GET, "/api/v1/presence/devices", &json!({})).await.json();
    assert_eq!(devices["items"], json!([]));
}
