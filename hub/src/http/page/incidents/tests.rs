//! The pages of incidents, with the real lookout behind them.

use axum::http::StatusCode;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

#[tokio::test]
async fn what_is_open_stands_first_with_what_can_be_done() {
    let stage = Stage::whole().await;
    for lang in Lang::ALL {
        let page = stage.get("/incidents").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("incidents_{}", lang.code()), shown(&page.text));
    }
}

#[tokio::test]
async fn an_incident_says_what_is_inside_and_who_knows() {
    let stage = Stage::whole().await;
    let id = stage.store.incidents(None, 1).await.unwrap()[0].id.clone();
    for lang in Lang::ALL {
        let ask = stage.get(&format!("/incidents/{id}")).by(Who::Socket);
        let page = ask.header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("incident_{}", lang.code()), shown(&page.text));
    }
}

#[tokio::test]
async fn a_viewer_sees_what_is_wrong_and_no_button() {
    let stage = Stage::whole().await;
    let id = stage.store.incidents(None, 1).await.unwrap()[0].id.clone();
    for path in ["/incidents".to_owned(), format!("/incidents/{id}")] {
        let page = stage.get(&path).role(Role::Viewer).send().await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(shown(&page.text).contains("Metz") && !shown(&page.text).contains("method=\"post\""), "{path}");
    }
}

#[tokio::test]
async fn an_incident_that_there_is_not_is_not_found() {
    let stage = Stage::new().await;
    assert_eq!(stage.get("/incidents/none").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}
