//! The pages of incidents, with the real lookout behind them.

use std::time::Duration;

use axum::http::StatusCode;

use crate::alerts::incident::IncidentStage;
use crate::http::page::shown;
use crate::http::testing::{Stage, Who, live};
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
async fn the_incident_of_a_silent_box_holds_the_clocks_and_machines_behind_it() {
    let stage = Stage::whole().await;
    stage.clock.advance(stage.admin.silent_after + Duration::from_secs(1));
    stage.admin.alerts.look().await.unwrap();
    let id = stage.store.incidents(None, 1).await.unwrap()[0].id.clone();

    let page = stage.get(&format!("/incidents/{id}")).by(Who::Socket).header("accept-language", "en").send().await;

    assert!(
        page.text.contains("1\u{a0}terminal (ZX1), 2\u{a0}machines (Mac C02XL0AA, Mac C02XL0BB)"),
        "{}",
        shown(&page.text)
    );
}

#[tokio::test]
async fn an_incident_that_still_gathers_is_shown_for_its_site_is_shown_as_silent() {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    stage.add_history(&metz).await;
    stage.fleet.tell(&metz, live());
    stage.clock.advance(stage.admin.silent_after + Duration::from_secs(1));
    stage.admin.alerts.look().await.unwrap();
    assert_eq!(stage.store.incidents(None, 1).await.unwrap()[0].stage, IncidentStage::Gathering);

    for path in ["/", "/incidents"] {
        let page = stage.get(path).by(Who::Socket).header("accept-language", "en").send().await;
        assert!(page.text.contains("gathering, told within a minute"), "{path}: {}", shown(&page.text));
        assert!(page.text.contains("1\u{a0}incident"), "the bar of {path} counts it");
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
