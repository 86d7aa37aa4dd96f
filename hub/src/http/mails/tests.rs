//! Mails by the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Stage};
use crate::mail::letter::LetterState;
use crate::store::accounts::Role;

async fn get(stage: &Stage, path: &str) -> Value {
    serde_json::from_str(&stage.get(path).role(Role::Operator).send().await.text).unwrap()
}

async fn post(stage: &Stage, path: &str, body: Value) -> Answer {
    stage.post(path).json(&body).role(Role::Operator).send().await
}

#[tokio::test]
async fn a_test_writes_every_template_to_every_recipient_or_one_of_them_to_somebody() {
    let stage = Stage::new().await;
    let all = post(&stage, "/api/v1/mails/test", json!({})).await;
    assert_eq!(all.status, StatusCode::ACCEPTED, "{}", all.text);
    assert_eq!(all.json()["items"].as_array().unwrap().len(), crate::mail::letters::samples::NAMES.len());

    let one = post(&stage, "/api/v1/mails/test", json!({ "to": "bob@example.org", "template": "storage" })).await;
    let item = &one.json()["items"][0];
    assert_eq!(
        (&item["to"], &item["kind"], &item["state"]),
        (&json!("bob@example.org"), &json!("test"), &json!("waiting"))
    );
    assert!(item["subject"].as_str().unwrap().starts_with("[Essai] Stockage critique"), "{item}");

    for wrong in [json!({ "to": "bob\r\nBcc: all@example.org" }), json!({ "template": "poem" })] {
        let answer = post(&stage, "/api/v1/mails/test", wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    }
}

#[tokio::test]
async fn mails_are_listed_page_by_page_shown_whole_and_counted() {
    let stage = Stage::new().await;
    post(&stage, "/api/v1/mails/test", json!({})).await;
    let first = get(&stage, "/api/v1/mails?limit=4").await;
    let second = get(&stage, &format!("/api/v1/mails?limit=4&after={}", first["next"].as_str().unwrap())).await;
    let numbers = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|mail| mail["no"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&first), numbers(&second)), (vec![7, 6, 5, 4], vec![3, 2, 1]));
    assert_eq!(get(&stage, "/api/v1/mails?to=nobody@example.org").await["items"], json!([]));
    assert_eq!(get(&stage, "/api/v1/mails?state=lost").await["code"], "invalid");
    let whole = get(&stage, "/api/v1/mails/1").await;
    assert!(whole["html"].as_str().unwrap().contains("Metz &#60;Nord&#62;"), "{whole}");
    assert_eq!(get(&stage, "/api/v1/mails/stats").await["mail"], json!({ "waiting": 7, "sent": 0, "dead": 0 }));
}

#[tokio::test]
async fn a_dead_mail_is_tried_again_and_a_sent_one_is_not() {
    let stage = Stage::new().await;
    post(&stage, "/api/v1/mails/test", json!({})).await;
    let put = async |no: i64, state: LetterState| {
        let mut letter = stage.store.letter(no).await.unwrap().unwrap();
        letter.state = state;
        stage.store.save_letters(&[letter]).await.unwrap();
    };
    put(1, LetterState::Dead).await;
    put(2, LetterState::Sent).await;
    let retried = post(&stage, "/api/v1/mails/1/retry", json!({})).await;
    assert!(retried.status == StatusCode::OK && retried.text.contains("waiting"), "{}", retried.text);
    assert_eq!(post(&stage, "/api/v1/mails/2/retry", json!({})).await.status, StatusCode::CONFLICT);
    assert_eq!(post(&stage, "/api/v1/mails/99/retry", json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn secrets_are_taken_and_never_shown() {
    let stage = Stage::new().await;
    let put = async |name: &str, value: &str| {
        let path = format!("/api/v1/mails/secrets/{name}");
        stage.request(Method::PUT, &path).json(&json!({ "value": value })).role(Role::Owner).send().await
    };
    assert_eq!(put("smtp", "abcd efgh ijkl mnop").await.status, StatusCode::NO_CONTENT);
    assert_eq!(put("webhook.chat", "k").await.status, StatusCode::NO_CONTENT);
    assert_eq!(put("webhook.", "k").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put("smtp", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stage.store.letter_secret("smtp").await.unwrap().as_deref(), Some("abcd efgh ijkl mnop"));
    let removed = stage.request(Method::DELETE, "/api/v1/mails/secrets/smtp").role(Role::Owner).send().await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.store.letter_secret("smtp").await.unwrap(), None);
}
