//! Presence as people of both languages read it.

use axum::http::{Method, StatusCode};
use jiff::civil::date;
use serde_json::json;

use crate::attendance::Person;
use crate::attendance::book::Mark;
use crate::http::page::shown;
use crate::http::testing::{NOW, OWN, Stage, Who};
use crate::store::accounts::Role;
use crate::store::contract::days::day;
use crate::store::presence::{Dispute, DisputeAnswer, StoredDay};
use crate::text::Lang;

async fn crowd() -> Stage {
    let stage = Stage::new().await;
    stage.add_crowd().await;
    stage
}

#[tokio::test]
async fn who_is_here_is_a_number_and_the_names_of_those_who_agreed() {
    let stage = crowd().await;
    for lang in Lang::ALL {
        let page = stage.get("/presence").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("presence_{}", lang.code()), shown(&page.text));
        assert!(page.text.contains("Person 1") && !page.text.contains("Person 2"));
    }
}

#[tokio::test]
async fn few_people_stay_a_crowd_and_nobody_is_told_as_nothing() {
    let stage = Stage::new().await;
    let page = stage.get("/presence").role(Role::Viewer).header("accept-language", "en").send().await;
    assert!(page.text.contains("fewer than 5\u{a0}people here"));
    assert!(page.text.contains("class=\"empty\""));
    let operator = stage.get("/presence").role(Role::Operator).header("accept-language", "en").send().await;
    assert!(operator.text.contains("0\u{a0}people here"), "who may see everybody's days may know how few they are");
}

#[tokio::test]
async fn a_corrected_day_shows_what_was_computed_what_is_decided_and_what_it_was_before() {
    let stage = crowd().await;
    let day = "/presence/days/p1/2026-11-20";
    for (value, comment) in [(1, "left the phone at home"), (0, "was at another site")] {
        let path = format!("/api/v1{day}/override");
        let decision = json!({ "value": value, "comment": comment });
        let decided = stage.request(Method::PUT, &path).json(&decision).role(Role::Operator).send().await;
        assert_eq!(decided.status, StatusCode::OK, "{}", decided.text);
    }

    let page = stage.get(day).role(Role::Operator).header("accept-language", "en").send().await;
    let told = stage.get(&format!("/api/v1{day}")).role(Role::Operator).send().await.json();

    let text = shown(&page.text);
    assert!(text.contains("1 → 0") && text.contains("<dd>0.5</dd>"), "{text}");
    assert!(text.contains("left the phone at home") && text.contains("was at another site"), "{text}");
    let history: Vec<_> = told["history"].as_array().unwrap().iter().map(|one| one["told"].clone()).collect();
    assert_eq!(history, [json!(1.0), json!(0.0)]);
}

#[tokio::test]
async fn a_month_and_a_day_are_for_operators_and_every_look_is_noted() {
    let stage = crowd().await;
    for path in ["/presence/month", "/presence/month.csv", "/presence/days/p1/2026-11-20"] {
        assert_eq!(stage.get(path).role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(stage.store.looks(None, 9).await.unwrap().is_empty());
    let day = StoredDay { mark: Mark::Final, ..day("p1", date(2026, 11, 19), 0.5, 1) };
    stage.store.put_person_days(&[day]).await.unwrap();
    let month = stage.get("/presence/month.csv?month=2026-11").role(Role::Operator);
    let month = month.header("accept-language", "fr").send().await.text;
    let row = "Person 1;2026-11-19;\"0,5\";;définitif;1";
    assert!(month.starts_with("\u{feff}Personne;Jour;Valeur;Décidé;") && month.contains(row), "{month}");
    let noted = stage.store.looks(Some("p1"), 9).await.unwrap().len();
    assert_eq!(noted, 1);

    let day =
        stage.get("/presence/days/p1/2026-11-20").role(Role::Operator).header("accept-language", "en").send().await;

    assert_eq!(day.status, StatusCode::OK, "{}", day.text);
    assert!(day.text.contains("Person 1") && day.text.contains("This look is recorded."));
    assert!(day.text.contains("/act/presence_override_put"));
    assert_eq!(stage.store.looks(Some("p1"), 9).await.unwrap().len(), noted + 1);
    let nobody = stage.get("/presence/days/nobody/2026-11-20").role(Role::Operator).send().await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_month_shows_which_days_wait_for_an_answer() {
    let stage = crowd().await;
    let days = [19, 20].map(|on| StoredDay { mark: Mark::Final, ..day("p1", date(2026, 11, on), 0.5, 1) });
    stage.store.put_person_days(&days).await.unwrap();
    let text = "I was there until six".to_owned();
    let answer = Some(DisputeAnswer { text: "seen".to_owned(), account: "max".to_owned(), made_ms: NOW });
    for (on, answer) in [(19, answer), (20, None)] {
        let (person, account) = ("p1".to_owned(), "ama".to_owned());
        let one = Dispute { person, date: date(2026, 11, on), text: text.clone(), account, made_ms: NOW, answer };
        stage.store.put_dispute(&one).await.unwrap();
    }
    let month = stage.get("/presence/month?month=2026-11").role(Role::Operator).header("accept-language", "en");
    let month = month.send().await.text;
    let cell = |on: &str| month.split("<td ").find(|cell| cell.contains(on)).unwrap().to_owned();
    assert!(cell("2026-11-20").contains("disputed\"") && cell("2026-11-20").contains(", disputed"), "{month}");
    assert!(!cell("2026-11-19").contains("disputed"), "it was answered");
}

#[tokio::test]
async fn an_empty_month_says_when_its_first_day_is_due() {
    let stage = Stage::new().await;
    let page = stage.get("/presence/month?month=2026-10").role(Role::Operator).header("accept-language", "fr");
    let page = page.send().await.text;
    assert!(page.contains("octobre 2026") && page.contains("class=\"empty\""));
    assert!(page.contains("month=2026-09") && page.contains("month=2026-11"));
}

#[tokio::test]
async fn a_member_reads_the_own_month_and_nobody_elses() {
    let stage = crowd().await;
    let read = |path: &str| stage.get(path).role(Role::Member).header("accept-language", "en").send();

    let first = read("/").await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/presence/month"));
    let month = read("/presence/month").await;
    assert_eq!(month.status, StatusCode::OK);
    assert!(month.text.contains("My month") && !month.text.contains("href=\"/machines\""));
    assert_eq!(read("/presence/days/p1/2026-11-20").await.status, StatusCode::NOT_FOUND);
    let own = Person { id: OWN.to_owned(), name: "Ama".to_owned(), numbers: Vec::new() };
    stage.store.put_person(&own).await.unwrap();
    let data = read("/my-data").await;
    assert!(data.status == StatusCode::OK && data.text.contains("/api/v1/people/ama/export"), "{}", data.text);
    assert!(!data.text.contains("/act/") && !data.text.contains("/confirm/"));
    for path in ["/presence", "/people", "/people/p1", "/attendance", "/machines", "/sites/metz", "/schedules"] {
        assert_eq!(read(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
