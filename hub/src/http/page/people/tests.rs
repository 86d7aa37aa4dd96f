//! People and their devices as operators of both languages see them.

use axum::http::StatusCode;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

#[tokio::test]
async fn everybody_stands_in_one_table_and_an_empty_one_says_how_to_begin() {
    let stage = Stage::new().await;
    let empty = stage.get("/people").role(Role::Operator).header("accept-language", "en").send().await;
    assert!(empty.text.contains("class=\"empty\"") && empty.text.contains("/act/people_put"));
    stage.add_crowd().await;
    for lang in Lang::ALL {
        let page = stage.get("/people?sort=-name").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("people_{}", lang.code()), shown(&page.text));
    }
    let found = stage.get("/people?q=person+3").role(Role::Operator).send().await.text;
    assert!(found.contains("Person 3") && !found.contains("Person 4"));
}

#[tokio::test]
async fn a_persons_page_shows_devices_and_only_owners_may_erase_and_see_who_looked() {
    let stage = Stage::new().await;
    stage.add_crowd().await;
    let page = |role| stage.get("/people/p1").role(role).header("accept-language", "en").send();

    let (operator, owner) = (page(Role::Operator).await, page(Role::Owner).await);

    assert_eq!(operator.status, StatusCode::OK, "{}", operator.text);
    assert!(operator.text.contains("/confirm/person_devices_end") && operator.text.contains("person_pairing_create"));
    assert!(!operator.text.contains("person_erase") && owner.text.contains("/confirm/person_erase"));
    assert!(owner.text.contains("Who looked") && owner.text.contains("/api/v1/people/p1/export"));
    assert_eq!(page(Role::Viewer).await.status, StatusCode::FORBIDDEN);
}
