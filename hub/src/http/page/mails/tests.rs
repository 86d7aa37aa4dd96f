//! The pages of mails, with letters that a test send wrote.

use axum::http::StatusCode;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

#[tokio::test]
async fn mails_show_what_was_not_delivered_first_and_what_they_say() {
    let stage = Stage::new().await;
    let mut letters = stage.admin.desk.test(None, Some("incident")).await.unwrap();
    let letter = letters.pop().unwrap();
    for lang in Lang::ALL {
        let page = stage.get("/mails").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("mails_{}", lang.code()), shown(&page.text));
    }
    let page = stage.get(&format!("/mails/{}", letter.no)).by(Who::Socket).send().await;
    assert!(page.text.contains("anna@example.org") && page.text.contains("<pre"), "{}", page.text);
    assert_eq!(stage.get("/mails/999999").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mails_are_for_operators_and_an_empty_box_says_what_starts_it() {
    let stage = Stage::new().await;
    for path in ["/mails", "/mails/1"] {
        assert_eq!(stage.get(path).role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let page = stage.get("/mails").role(Role::Operator).send().await;
    assert!(page.text.contains("class=\"empty\""));
}
