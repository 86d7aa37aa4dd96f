//! The door as older programs use it.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;
use crate::http::machines::tests::stage;
use crate::http::testing::{Stage, token};
use crate::store::accounts::Role;

const TOKEN: &str = "0123456789abcdef0123";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn ask(stage: &Stage, path: &str, authorization: Option<&str>) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let installers = folder.path().join("installers");
    std::fs::create_dir(&installers).unwrap();
    std::fs::write(installers.join("os_installer.sh"), "#!/bin/sh\n").unwrap();
    std::fs::write(folder.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), installers.join("link.sh")).unwrap();
    let rules = DoorRules { token_sha256: Some(digest(TOKEN)), installers: Some(installers) };
    let mut request = Request::get(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let answer = router(&stage.admin, rules).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Answer { status: head.status, headers: head.headers, text }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn the_token_opens_every_address_and_nothing_else_does() {
    let stage = stage().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("anybody:{TOKEN}")));
    for path in ["/", "/machines", "/machines.csv", "/installers/os_installer.sh"] {
        for good in [bearer(TOKEN), basic.clone(), bearer(&token(Role::Viewer))] {
            assert_eq!(ask(&stage, path, Some(&good)).await.status, StatusCode::OK, "{path} {good}");
        }
        for bad in ["Bearer ", "Bearer 0123456789abcdef012", "Basic !", "Basic OjAx", TOKEN, "bearer"] {
            assert_eq!(ask(&stage, path, Some(bad)).await.status, StatusCode::UNAUTHORIZED, "{path} {bad}");
        }
        let nobody = ask(&stage, path, None).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        assert!(nobody.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    }
}

#[tokio::test]
async fn machines_have_the_keys_of_the_older_program() {
    let stage = stage().await;
    let machines = ask(&stage, "/machines", Some(&bearer(TOKEN))).await;
    let machines: serde_json::Value = serde_json::from_str(&machines.text).unwrap();
    let all = machines.as_array().unwrap();
    assert_eq!(all.len(), 4);
    for machine in all {
        let keys: std::collections::BTreeSet<&str> = machine.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, LegacyMachine::KEYS.into_iter().collect());
    }
    let csv = ask(&stage, "/machines.csv", Some(&bearer(TOKEN))).await.text;
    assert!(csv.starts_with("ip,mac,hostname,model_info,") && csv.lines().count() == 5, "{csv}");
}

#[tokio::test]
async fn the_page_is_searched_and_sorted_by_its_address_alone() {
    let stage = stage().await;
    let page = ask(&stage, "/?q=marie&sort=-disk", Some(&bearer(TOKEN))).await.text;
    let places = ["C02XL0AA", "C02XL0CC", "C02XL0BB"].map(|serial| page.find(serial).unwrap());
    assert!(places.is_sorted() && !page.contains("host-10"), "{page}");
    assert!(
        page.contains("aria-sort=\"descending\"") && page.contains("/?q=marie&#38;site=&#38;sort=disk&#38;skip=0"),
        "{page}"
    );
    let none = ask(&stage, "/?q=nobody", Some(&bearer(TOKEN))).await.text;
    assert!(none.contains("No machine matches"), "{none}");
    let style = ask(&stage, "/assets/vigie.css", None).await;
    assert_eq!(style.status, StatusCode::OK);
}

#[tokio::test]
async fn an_installer_is_given_by_its_name_and_nothing_beside_it() {
    let stage = stage().await;
    let file = ask(&stage, "/installers/os_installer.sh", Some(&bearer(TOKEN))).await;
    assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, "#!/bin/sh\n"));
    assert_eq!(file.headers["content-length"], "10");
    for path in [
        "/installers/",
        "/installers",
        "/installers/..",
        "/installers/..%2Fsecret",
        "/installers/%2e%2e%2fsecret",
        "/installers/../secret",
        "/installers/link.sh",
        "/installers/.hidden",
        "/installers/missing.sh",
        "/installers/%00",
        "/installers/%2Fetc%2Fpasswd",
    ] {
        let answer = ask(&stage, path, Some(&bearer(TOKEN))).await;
        assert!(answer.status.is_client_error() && answer.text != "s", "{path}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn nothing_of_the_fleet_is_behind_the_door() {
    let stage = stage().await;
    for path in ["/api/v1/sites", "/sites/metz", "/login", "/live", "/metrics"] {
        let answer = ask(&stage, path, Some(&bearer(&token(Role::Owner)))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}
