//! Schedules, holidays and people over the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Stage};
use crate::store::accounts::Role;

async fn put(stage: &Stage, path: &str, body: &Value) -> Answer {
    stage.request(Method::PUT, path).json(body).role(Role::Operator).send().await
}

async fn delete(stage: &Stage, path: &str) -> StatusCode {
    stage.request(Method::DELETE, path).role(Role::Operator).send().await.status
}

fn office() -> Value {
    let shift = json!({ "starts": "08:00", "ends": "17:00", "break_starts": "12:00", "break_ends": "13:00", "tolerance_min": 15 });
    json!({ "terminals": ["ZX1"], "zone": "Europe/Paris", "days": { "monday": shift, "friday": shift } })
}

#[tokio::test]
async fn a_schedule_is_set_shown_and_removed() {
    let stage = Stage::new().await;
    let set = put(&stage, "/api/v1/schedules/office", &office()).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let list = stage.get("/api/v1/schedules").role(Role::Viewer).send().await.json();
    insta::assert_json_snapshot!(list);
    assert_eq!(list["items"][0], set.json());
    assert_eq!(delete(&stage, "/api/v1/schedules/office").await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&stage, "/api/v1/schedules/office").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn days_before_a_change_keep_their_week_unless_an_earlier_day_is_named() {
    let stage = Stage::new().await;
    let at_nine = |from: Value| {
        let shift = json!({ "starts": "09:00", "ends": "17:00" });
        json!({ "terminals": ["ZX1"], "days": { "monday": shift }, "from": from })
    };
    put(&stage, "/api/v1/schedules/office", &office()).await;

    let today = put(&stage, "/api/v1/schedules/office", &at_nine(Value::Null)).await.json();
    let earlier = put(&stage, "/api/v1/schedules/office", &at_nine(json!("2026-11-02"))).await.json();
    let all = put(&stage, "/api/v1/schedules/office", &at_nine(json!("0001-01-01"))).await.json();

    assert_eq!((&today["former"][0]["through"], today["former"].as_array().unwrap().len()), (&json!("2026-11-19"), 1));
    assert_eq!(today["former"][0]["days"]["monday"]["starts"], "08:00");
    assert_eq!(
        (&earlier["former"][0]["through"], earlier["former"].as_array().unwrap().len()),
        (&json!("2026-11-01"), 1)
    );
    assert_eq!(all["former"].as_array().unwrap().len(), 1, "before the first day there is none: {all}");
    let wrong = put(&stage, "/api/v1/schedules/office", &at_nine(json!("soon"))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_place() {
    let stage = Stage::new().await;
    let shift = |shift: Value| json!({ "days": { "monday": shift } });
    for (body, named) in [
        (shift(json!({ "starts": "8 o'clock", "ends": "17:00" })), "days.monday"),
        (shift(json!({ "starts": "08:00", "ends": "17:00", "break_starts": "12:00" })), "beginning and an end"),
        (
            shift(json!({ "starts": "08:00", "ends": "17:00", "break_starts": "17:30", "break_ends": "18:00" })),
            "within",
        ),
        (
            shift(json!({ "starts": "22:00", "ends": "06:00", "break_starts": "12:00", "break_ends": "13:00" })),
            "within",
        ),
        (json!({ "days": { "lundi": { "starts": "08:00", "ends": "17:00" } } }), "weekday"),
        (json!({ "zone": "Mars/Olympus" }), "time zone"),
        (json!({ "repeat_s": 9_999 }), "repeat_s"),
        (json!({ "shifts": {} }), "shifts"),
    ] {
        let answer = put(&stage, "/api/v1/schedules/office", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.text.contains(named), "{named}: {}", answer.text);
    }
    let night = shift(json!({ "starts": "22:00", "ends": "06:00", "break_starts": "23:30", "break_ends": "00:30" }));
    assert_eq!(put(&stage, "/api/v1/schedules/night", &night).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_terminal_has_one_schedule() {
    let stage = Stage::new().await;
    put(&stage, "/api/v1/schedules/office", &office()).await;
    let second = put(&stage, "/api/v1/schedules/night", &json!({ "terminals": ["ZX2", "ZX1"] })).await;
    assert_eq!((second.status, second.code().as_str()), (StatusCode::CONFLICT, "schedule_overlaps"));
    assert!(second.text.contains("ZX1") && second.text.contains("office"), "{}", second.text);
    assert_eq!(put(&stage, "/api/v1/schedules/all", &json!({})).await.status, StatusCode::OK);
    assert_eq!(put(&stage, "/api/v1/schedules/others", &json!({})).await.status, StatusCode::CONFLICT);
    assert_eq!(put(&stage, "/api/v1/schedules/office", &office()).await.status, StatusCode::OK, "itself is no other");
}

#[tokio::test]
async fn a_holiday_is_of_all_or_of_one_schedule() {
    let stage = Stage::new().await;
    let day = "/api/v1/holidays/2031-05-01";
    assert_eq!(put(&stage, day, &json!({ "name": "1 mai" })).await.status, StatusCode::OK);
    assert_eq!(put(&stage, day, &json!({ "name": "Bridge", "schedule": "office" })).await.status, StatusCode::OK);
    let wrong = put(&stage, "/api/v1/holidays/2031-02-30", &json!({ "name": "x" })).await;
    assert!(wrong.text.contains("is no day"), "{}", wrong.text);
    let list = stage.get("/api/v1/holidays").role(Role::Viewer).send().await.json();
    let names: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&json!("1 mai"), &json!("Bridge")]);
    assert_eq!(delete(&stage, &format!("{day}?schedule=office")).await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&stage, &format!("{day}?schedule=office")).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_person_has_numbers_until_somebody_else_gets_them() {
    let stage = Stage::new().await;
    let ama = json!({ "name": "Ama", "numbers": [{ "terminal": "ZX1", "number": 7 }] });
    assert_eq!(put(&stage, "/api/v1/people/e1", &ama).await.status, StatusCode::OK);
    assert_eq!(put(&stage, "/api/v1/people/e2", &ama).await.status, StatusCode::OK);
    let list = stage.get("/api/v1/people").role(Role::Operator).send().await.json();
    assert_eq!((&list["items"][0]["numbers"], &list["items"][1]["numbers"][0]["number"]), (&json!([]), &json!(7)));
    let huge = json!({ "name": "Bo", "numbers": [{ "terminal": "ZX1", "number": u64::MAX }] });
    assert_eq!(put(&stage, "/api/v1/people/e3", &huge).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(delete(&stage, "/api/v1/people/e1").await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&stage, "/api/v1/people/e1").await, StatusCode::NOT_FOUND);
}
