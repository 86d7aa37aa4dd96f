//! The pages of media.

use axum::http::StatusCode;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

/// Keeps a medium whose content lies on the box of the whole hub; its SHA-256.
async fn keep(stage: &Stage) -> String {
    let content = b"hello world".to_vec();
    let ask = stage.post("/api/v1/media?name=promo.mp4").bytes("application/octet-stream", content);
    let kept = ask.role(Role::Operator).send().await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text);
    kept.json()["sha256"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn media_show_where_they_lie_and_where_there_is_room() {
    let stage = Stage::whole().await;
    let sha256 = keep(&stage).await;
    for lang in Lang::ALL {
        for (name, path) in [("media", "/media".to_owned()), ("medium", format!("/media/{sha256}"))] {
            let page = stage.get(&path).by(Who::Socket).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            insta::assert_snapshot!(format!("{name}_{}", lang.code()), shown(&page.text));
        }
    }
}

#[tokio::test]
async fn the_matrix_says_of_each_site_what_is_there_and_how_much_room_is_left() {
    let stage = Stage::whole().await;
    keep(&stage).await;
    let page = async |path: &str| shown(&stage.get(path).role(Role::Viewer).send().await.text);

    let all = page("/media/matrix").await;
    assert!(all.contains("promo.mp4") && all.contains("/sites/metz") && all.contains("data-state=\"fine\""), "{all}");
    assert!(page("/media/matrix?q=nowhere").await.contains("class=\"empty\""));
    assert!(page("/media/matrix?medium=other").await.contains("class=\"empty\""));
    let ask = stage.get("/media/matrix?as=csv").role(Role::Viewer).header("accept-language", "fr");
    let file = ask.send().await.text;
    assert!(file.contains("Site;Libre;promo.mp4") && file.contains("Y est"), "{file}");
}

#[tokio::test]
async fn a_viewer_sees_what_is_where_and_changes_nothing() {
    let stage = Stage::whole().await;
    let sha256 = keep(&stage).await;
    for path in ["/media".to_owned(), format!("/media/{sha256}")] {
        let page = stage.get(&path).role(Role::Viewer).send().await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!shown(&page.text).contains("method=\"post\""), "{path}");
    }
}

#[tokio::test]
async fn without_media_the_page_says_how_to_add_one() {
    let stage = Stage::new().await;
    let page = stage.get("/media").by(Who::Socket).send().await;
    assert!(page.text.contains("class=\"empty\"") && page.text.contains("data-upload=\"/api/v1/media\""));
    assert_eq!(stage.get("/media/none").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}
