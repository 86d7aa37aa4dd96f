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
async fn a_job_shows_operators_what_is_sent_and_viewers_that_an_operator_may_see_it() {
    let stage = Stage::whole().await;
    let jobs = stage.get("/api/v1/jobs?connector=payroll&state=dead").role(Role::Viewer).send().await.json();
    let path = format!("/connectors/payroll/jobs/{}", jobs["items"][0]["no"]);
    let page = async |role| stage.get(&path).role(role).send().await;

    let owner = page(Role::Owner).await;
    assert_eq!(owner.status, StatusCode::OK);
    assert!(shown(&owner.text).contains("terminal_sn") && shown(&owner.text).contains("POST /api/attendance"));
    assert!(shown(&owner.text).contains("name=\"numbers.7\"") && shown(&owner.text).contains("/act/jobs_retry"));
    assert!(!shown(&page(Role::Operator).await.text).contains("numbers.7"), "mapping people is for owners");
    let viewer = page(Role::Viewer).await;
    assert!(!shown(&viewer.text).contains("terminal_sn") && !shown(&viewer.text).contains("method=\"post\""));
    for elsewhere in ["/connectors/payroll/jobs/99999", &path.replace("payroll", "other"), "/connectors/payroll/jobs/x"]
    {
        assert_eq!(stage.get(elsewhere).role(Role::Owner).send().await.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
}

#[tokio::test]
async fn connectors_and_jobs_are_given_as_files_in_the_readers_language() {
    let stage = Stage::whole().await;
    let file = async |path: &str, lang: &str| {
        let answer = stage.get(path).role(Role::Viewer).header("accept-language", lang).send().await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8", "{path}");
        answer.text
    };
    assert!(file("/connectors?as=csv", "fr").await.contains("Connecteur;État;En attente"));
    let jobs = file("/connectors/payroll?as=csv&state=dead", "en").await;
    assert!(jobs.contains("Person,Time of the punch,State") && jobs.lines().count() == 2, "{jobs}");
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
