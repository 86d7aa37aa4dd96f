//! The pages of connectors.

use axum::http::StatusCode;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

#[tokio::test]
async fn connectors_show_what_waits_and_what_is_to_be_settled() {
    let stage = Stage::whole().await;
    for lang in Lang::ALL {
        for (name, path) in [("connectors", "/connectors"), ("connector", "/connectors/payroll")] {
            let page = stage.get(path).by(Who::Socket).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            insta::assert_snapshot!(format!("{name}_{}", lang.code()), shown(&page.text));
        }
    }
}

#[tokio::test]
async fn a_viewer_reads_a_connector_and_has_no_button() {
    let stage = Stage::whole().await;
    for path in ["/connectors", "/connectors/payroll"] {
        let page = stage.get(path).role(Role::Viewer).send().await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!shown(&page.text).contains("method=\"post\""), "{path}");
    }
}

#[tokio::test]
async fn without_connectors_the_page_says_what_one_does() {
    let page = Stage::new().await.get("/connectors").by(Who::Socket).send().await;
    assert!(page.text.contains("class=\"empty\"") && page.text.contains("/act/connectors_create"));
}

#[tokio::test]
async fn a_connector_that_there_is_not_is_not_found() {
    let stage = Stage::new().await;
    assert_eq!(stage.get("/connectors/none").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}
