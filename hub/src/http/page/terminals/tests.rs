//! The pages of terminals.

use axum::http::StatusCode;
use vigie_shared::wire::reading::Standing;

use crate::http::page::shown;
use crate::http::testing::{NOW, Stage, Who};
use crate::store::accounts::Role;
use crate::store::contract::attendance::terminal;
use crate::store::projections::Step;
use crate::text::Lang;

/// A hub with a terminal that works and one that waits to be admitted.
async fn stage() -> Stage {
    let stage = Stage::whole().await;
    let mut waiting = terminal("metz", "ZX2", 500);
    (waiting.told_ms, waiting.heard_ms, waiting.state.standing) = (NOW, Some(NOW), Standing::Pending);
    stage.store.apply(Step { terminals: vec![waiting], ..Step::default() }).await.unwrap();
    stage
}

#[tokio::test]
async fn terminals_that_wait_to_be_admitted_stand_first() {
    let stage = stage().await;
    for lang in Lang::ALL {
        for (name, path) in [("terminals", "/terminals"), ("terminal", "/terminals/ZX1")] {
            let page = stage.get(path).by(Who::Socket).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            insta::assert_snapshot!(format!("{name}_{}", lang.code()), shown(&page.text));
        }
    }
}

#[tokio::test]
async fn people_on_a_terminal_are_for_operators() {
    let stage = stage().await;
    let operator = stage.get("/terminals/ZX1").role(Role::Operator).send().await;
    assert!(operator.text.contains("Ama"));
    let viewer = stage.get("/terminals/ZX1").role(Role::Viewer).send().await;
    assert_eq!(viewer.status, StatusCode::OK);
    assert!(!viewer.text.contains("Ama") && !shown(&viewer.text).contains("method=\"post\""));
}

#[tokio::test]
async fn the_table_can_be_taken_along_as_it_is_filtered() {
    let stage = stage().await;
    let csv = async |query: &str| {
        let answer = stage.get(&format!("/terminals.csv{query}")).role(Role::Viewer).send().await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
        answer.text
    };
    let all = csv("").await;
    assert!(all.starts_with("terminal,site,standing,") && all.contains("ZX1,metz,admitted"), "{all}");
    assert!(all.contains("ZX2,metz,pending") && !csv("?q=zx1").await.contains("ZX2"), "{all}");
    let page = stage.get("/terminals?q=zx1").role(Role::Viewer).send().await;
    assert!(page.text.contains("href=\"/terminals.csv?q=zx1\""), "{}", page.text);
}

#[tokio::test]
async fn without_terminals_the_page_says_when_one_appears() {
    let stage = Stage::new().await;
    assert!(stage.get("/terminals").by(Who::Socket).send().await.text.contains("class=\"empty\""));
    assert_eq!(stage.get("/terminals/none").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}
