//! What members, limited tokens and forged requests get.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::testing::{OWN, Stage};
use crate::store::accounts::Role;

/// A hub that knows two people; one of them is the member's.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    for person in [OWN, "kofi"] {
        let path = format!("/api/v1/people/{person}");
        let put = stage.request(Method::PUT, &path).json(&json!({ "name": person })).role(Role::Owner).send().await;
        assert_eq!(put.status, StatusCode::OK);
    }
    stage
}

#[tokio::test]
async fn a_member_sees_the_own_presence_and_nobody_elses_exists() {
    let stage = stage().await;
    let ask = async |path: &str| stage.get(path).role(Role::Member).send().await;
    for path in [
        "/api/v1/people/ama/devices",
        "/api/v1/people/ama/export",
        "/api/v1/presence/days?from=2026-11-20",
        "/api/v1/presence/days?from=2026-11-20&person=ama",
        "/api/v1/presence/claims",
        "/api/v1/me",
    ] {
        assert_eq!(ask(path).await.status, StatusCode::OK, "{path}");
    }
    for (mine, of) in [("kofi", "a stranger's"), ("nobody", "nobody's")] {
        for path in [
            format!("/api/v1/people/{mine}/devices"),
            format!("/api/v1/people/{mine}/export"),
            format!("/api/v1/presence/days/{mine}/2026-11-20"),
            format!("/api/v1/presence/days?from=2026-11-20&person={mine}"),
        ] {
            let answer = ask(&path).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::NOT_FOUND, "person_unknown"),
                "{of} {path}"
            );
        }
    }
    for path in ["/api/v1/sites", "/api/v1/people", "/api/v1/presence/now", "/api/v1/tokens", "/api/v1/audit"] {
        assert_eq!(ask(path).await.code(), "forbidden", "{path}");
    }
    assert_ne!(ask("/").await.status, StatusCode::OK, "no page shows the fleet to a member");
}

#[tokio::test]
async fn what_is_unknown_and_what_is_foreign_read_the_same_to_a_member() {
    let stage = stage().await;
    let told = async |person: &str| {
        let answer = stage.get(&format!("/api/v1/people/{person}/devices")).role(Role::Member).send().await;
        answer.text.replace(person, "X")
    };
    assert_eq!(told("kofi").await, told("zzz").await);
}

#[tokio::test]
async fn an_account_of_any_role_sees_the_own_presence() {
    let stage = stage().await;
    let path = "/api/v1/people/kofi/devices";
    let viewer = async || stage.get(path).role(Role::Viewer).send().await.status;
    assert_eq!(viewer().await, StatusCode::FORBIDDEN);
    let body = json!({ "person": "kofi" });
    stage.request(Method::PATCH, "/api/v1/users/viewer").json(&body).role(Role::Owner).send().await;
    assert_eq!(viewer().await, StatusCode::OK);
    let days = stage.get("/api/v1/presence/days?from=2026-11-20").role(Role::Viewer).send().await;
    assert_eq!(days.status, StatusCode::OK);
    let looks = stage.get("/api/v1/people/kofi/looks").role(Role::Owner).send().await.json();
    assert_eq!(looks["items"][0]["account"], "viewer", "a look at oneself is a look");
}

#[tokio::test]
async fn ten_megabytes_are_refused_wherever_they_are_sent() {
    let stage = Stage::new().await;
    let session = stage.log_in("owner").await;
    let huge = format!("{{\"account\":\"{}\"}}", "x".repeat(10 << 20));
    for (method, path) in [
        (Method::POST, "/api/v1/login"),
        (Method::POST, "/api/v1/password-reset"),
        (Method::POST, "/api/v1/setup"),
        (Method::PUT, "/api/v1/users/lea"),
        (Method::PUT, "/api/v1/me/password"),
    ] {
        let ask = stage.request(method, path).bytes("application/json", huge.clone().into_bytes()).session(&session);
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"), "{path}");
    }
    let form = stage.post("/login").form(&format!("account={}", "x".repeat(10 << 20))).own().send().await;
    assert!(form.status.is_client_error(), "{}", form.status);
}

#[tokio::test]
async fn what_people_type_into_accounts_stays_text() {
    let stage = stage().await;
    for evil in ["<script>alert(1)</script>", "'; DROP TABLE account; --", "=cmd|' /C calc'!A0", "a\r\nSet-Cookie: x=y"]
    {
        let body = json!({ "label": evil });
        let made = stage.post("/api/v1/tokens").json(&body).role(Role::Owner).send().await;
        let is_line = !evil.contains('\n');
        assert_eq!(made.status == StatusCode::CREATED, is_line, "{evil:?}");
        for (method, path, body) in [
            (Method::PATCH, "/api/v1/users/viewer", json!({ "email": evil })),
            (Method::PATCH, "/api/v1/users/viewer", json!({ "person": evil })),
            (Method::POST, "/api/v1/setup", json!({ "secret": evil, "account": evil, "password": evil })),
            (Method::POST, "/api/v1/password-reset/confirm", json!({ "secret": evil, "password": "a long sentence" })),
        ] {
            let answer = stage.request(method, path).json(&body).role(Role::Owner).send().await;
            assert!(answer.status.is_client_error(), "{path} {body}: {answer:?}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
        let cookie = format!("vigie_session={}", evil.replace(['\r', '\n'], ""));
        let answer = stage.get("/api/v1/me").header("cookie", &cookie).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let users = stage.get("/api/v1/users").role(Role::Owner).send().await.json();
    assert_eq!(users["items"].as_array().map(Vec::len), Some(4));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_logins_from_one_place_are_mostly_told_to_wait() {
    let stage = Stage::new().await;
    let mut waiting = 0;
    for number in 0..1000 {
        let body: Value = json!({ "account": format!("guess{number}"), "password": "a wrong password" });
        let answer = stage.post("/api/v1/login").json(&body).send().await;
        waiting += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(waiting >= 900, "{waiting} had to wait, so that few hashes were computed");
    let log = stage.get("/api/v1/audit.csv").role(Role::Owner).send().await;
    assert!(log.text.lines().count() <= 110, "and few are written down");
}
