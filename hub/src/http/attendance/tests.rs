//! Days over the API.

use axum::http::StatusCode;

use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;

#[tokio::test]
async fn a_day_says_what_it_was_and_why() {
    let stage = Stage::new().await;
    stage.add_attendance().await;
    let days = stage.get("/api/v1/attendance?from=2031-05-06").by(Who::Socket).send().await.json();
    insta::assert_json_snapshot!(days);
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused_in_words() {
    let stage = Stage::new().await;
    for (query, status, named) in [
        ("from=yesterday", StatusCode::UNPROCESSABLE_ENTITY, "is no day"),
        ("from=2031-05-06&through=2031-05-05", StatusCode::UNPROCESSABLE_ENTITY, "367"),
        ("from=2031-05-06&through=2033-05-05", StatusCode::UNPROCESSABLE_ENTITY, "367"),
        ("from=2031-05-06&person=nobody", StatusCode::NOT_FOUND, "SERIAL/NUMBER"),
        ("from=2031-05-06&person=a&terminal=b", StatusCode::UNPROCESSABLE_ENTITY, "not both"),
        ("through=2031-05-06", StatusCode::BAD_REQUEST, "from"),
    ] {
        let answer = stage.get(&format!("/api/v1/attendance?{query}")).role(Role::Operator).send().await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.text.contains(named), "{query}: {}", answer.text);
    }
    let year = stage.get("/api/v1/attendance?from=2031-01-01&through=2031-12-31").role(Role::Operator).send().await;
    assert_eq!(year.status, StatusCode::OK);
}
