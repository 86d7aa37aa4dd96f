//! Media over the API.

use axum::http::StatusCode;
use serde_json::json;
use vigie_shared::wire::reading::{MediaFile, MediaStretch};

use crate::http::testing::{NOW, Stage};
use crate::store::accounts::Role;
use crate::store::media::Told;
use crate::store::projections::{Derived, Step};

const SHA256: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

#[tokio::test]
async fn a_medium_is_kept_once_shown_and_removed() {
    let stage = Stage::new().await;
    let send = async || {
        let ask = stage.post("/api/v1/media?name=hello.mp4").role(Role::Operator);
        ask.bytes("application/octet-stream", b"hello world".to_vec()).send().await
    };
    let first = send().await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    insta::assert_json_snapshot!(first.json());
    assert_eq!(send().await.status, StatusCode::OK);
    let list = stage.get("/api/v1/media").role(Role::Viewer).send().await.json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["sha256"]), (1, &json!(SHA256)));

    let path = format!("/api/v1/media/{SHA256}");
    assert_eq!(stage.get(&path).role(Role::Viewer).send().await.status, StatusCode::OK);
    let delete = async || stage.request(axum::http::Method::DELETE, &path).role(Role::Operator).send().await.status;
    assert_eq!(delete().await, StatusCode::NO_CONTENT);
    assert_eq!(delete().await, StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&path).role(Role::Viewer).send().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_its_reason() {
    let stage = Stage::new().await;
    let other = "00".repeat(32);
    for (query, content, reason) in [
        ("name=a.mp4".to_owned(), "", "it is empty"),
        ("name=".to_owned(), "x", "`name`"),
        (format!("name=a.mp4&sha256={other}"), "x", "not the one that was named"),
        ("name=a.mp4&sha256=xy".to_owned(), "x", "64 hexadecimal"),
    ] {
        let ask = stage.post(&format!("/api/v1/media?{query}")).role(Role::Operator);
        let answer = ask.bytes("application/octet-stream", content.as_bytes().to_vec()).send().await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.text.contains(reason), "{}", answer.text);
    }
    let list = stage.get("/api/v1/media").role(Role::Viewer).send().await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_program_that_is_called_a_video_and_a_file_that_says_it_is_too_large_are_refused_and_not_kept() {
    let stage = Stage::new().await;
    let lie = stage.post("/api/v1/media?name=promo.mp4").role(Role::Operator);
    let lie = lie.bytes("application/octet-stream", b"MZ\x90\0 a program".to_vec()).send().await;
    assert_eq!((lie.status, lie.code().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_kind"));
    assert!(lie.text.contains("a Windows program"), "{}", lie.text);

    let large = stage.post("/api/v1/media?name=promo.mp4").role(Role::Operator).header("content-length", "99000000000");
    let large = large.bytes("application/octet-stream", b"x".to_vec()).send().await;
    assert_eq!((large.status, large.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));

    let list = stage.get("/api/v1/media").role(Role::Viewer).send().await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn what_lies_where_is_shown_by_site_and_by_medium() {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    let file = |path: &str, byte| MediaFile { path: path.to_owned(), sha256: [byte; 32], size_bytes: 7 };
    let stretch = MediaStretch {
        files: vec![file("T/a.mp4", 1), file("T/b.mp4", 2), file("T/c.mp4", 2)],
        ..MediaStretch::default()
    };
    let told = Derived { value: Told { site: metz, at_ms: NOW, stretch }, undated: None };
    stage.store.apply(Step { media: vec![told], ..Step::default() }).await.unwrap();

    let page = stage.get("/api/v1/sites/metz/media?limit=2").role(Role::Viewer).send().await.json();
    insta::assert_json_snapshot!(page);
    let next = page["next"].as_str().unwrap();
    let rest =
        stage.get(&format!("/api/v1/sites/metz/media?limit=2&after={next}")).role(Role::Viewer).send().await.json();
    assert_eq!((&rest["items"][0]["path"], &rest["next"]), (&json!("T/c.mp4"), &serde_json::Value::Null));
    let holders = format!("/api/v1/media/{}/sites", "02".repeat(32));
    let where_it_lies = stage.get(&holders).role(Role::Viewer).send().await.json();
    assert_eq!(where_it_lies["items"].as_array().unwrap().len(), 2);
    assert_eq!(stage.get("/api/v1/sites/brest/media").role(Role::Viewer).send().await.status, StatusCode::NOT_FOUND);
}
