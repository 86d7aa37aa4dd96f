//! Acts as a browser sends them: with a session, from our own page.

use axum::http::StatusCode;

use crate::http::page::assert_no_banned_word;
use crate::http::testing::{Answer, PASSWORD, Stage};
use crate::store::accounts::Role;
use crate::text::Lang;

/// A reader who logged in: cookie and token of the session.
struct Reader<'a> {
    stage: &'a Stage,
    cookie: String,
    csrf: String,
}

impl<'a> Reader<'a> {
    async fn new(stage: &'a Stage, role: Role) -> Self {
        let body = serde_json::json!({ "account": crate::http::guard::word(role), "password": PASSWORD });
        let session = stage.post("/api/v1/login").json(&body).send().await;
        Self { stage, cookie: session.cookie(), csrf: session.json()["csrf"].as_str().unwrap().to_owned() }
    }

    /// Sends a form with the session's token.
    async fn send(&self, path: &str, fields: &str) -> Answer {
        self.send_raw(path, &format!("csrf={}&{fields}", self.csrf)).await
    }

    async fn send_raw(&self, path: &str, fields: &str) -> Answer {
        let ask = self.stage.post(path).form(fields).own().header("cookie", &self.cookie);
        ask.header("accept-language", "en").send().await
    }

    async fn page(&self, path: &str) -> String {
        self.stage.get(path).header("cookie", &self.cookie).header("accept-language", "fr").send().await.text
    }
}

#[tokio::test]
async fn a_form_is_a_call_of_the_api_and_leads_back_with_what_was_done() {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let reader = Reader::new(&stage, Role::Operator).await;

    let fields = "back=/sites/metz%3Fafter%3Dx&path.id=metz&name=Metz+Centre&about.tags=tennis%0D%0Aclub&zone=";
    let answer = reader.send("/act/sites_change", fields).await;

    let back = (answer.status, answer.header("location"));
    assert_eq!(back, (StatusCode::SEE_OTHER, "/sites/metz?after=x&done=sites_change"));
    let site = stage.store.site(&"metz".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((site.name.as_str(), site.about.tags), ("Metz Centre", vec!["tennis".to_owned(), "club".to_owned()]));
    assert!(reader.page("/sites/metz?done=sites_change").await.contains("Modifications du site enregistrées."));
    assert!(!reader.page("/sites/metz?done=anything").await.contains("id=\"done\""));
}

#[tokio::test]
async fn what_the_api_refuses_is_said_on_the_page_and_what_was_typed_stays() {
    let stage = Stage::new().await;
    let reader = Reader::new(&stage, Role::Operator).await;

    let fields = "back=/add-site&of=sites_create&id=not+an+id&name=%3Cscript%3E";
    let answer = reader.send("/act/sites_create", fields).await;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("id=\"summary\"") && answer.text.contains("href=\"#sites_create-id\""));
    assert!(answer.text.contains("value=\"not an id\"") && answer.text.contains("aria-invalid"));
    assert!(!answer.text.contains("<script>"));
}

#[tokio::test]
async fn forged_foreign_and_forbidden_acts_change_nothing() {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let viewer = Reader::new(&stage, Role::Viewer).await;
    let operator = Reader::new(&stage, Role::Operator).await;
    let fields = "back=/&path.id=metz&name=Other";

    let forged = operator.send_raw("/act/sites_change", &format!("csrf=0&{fields}")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let body = format!("csrf={}&{fields}", operator.csrf);
    let elsewhere = stage.post("/act/sites_change").form(&body).header("cookie", &operator.cookie);
    let elsewhere = elsewhere.header("origin", "http://evil.example").send().await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert_eq!(viewer.send("/act/sites_change", fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(operator.send("/act/session_login", fields).await.status, StatusCode::NOT_FOUND);
    assert_eq!(operator.send("/act/nothing", fields).await.status, StatusCode::NOT_FOUND);
    let anonymous = stage.post("/act/sites_change").form(fields).own().send().await;
    assert!(anonymous.header("location").starts_with("/login"));

    assert_eq!(stage.store.site(&"metz".parse().unwrap()).await.unwrap().unwrap().name, "Metz");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_act_and_shows_its_secret_again() {
    let stage = Stage::new().await;
    let reader = Reader::new(&stage, Role::Operator).await;
    let fields = "back=/&key=once&id=metz&name=Metz";

    let first = reader.send("/act/sites_create", fields).await;
    let again = reader.send("/act/sites_create", fields).await;

    assert_eq!((first.status, again.status), (StatusCode::OK, StatusCode::OK));
    let token = |answer: &Answer| answer.text.split("<code>vigie").nth(1).map(str::to_owned);
    assert!(token(&first).is_some() && first.text.contains("class=\"qr\""));
    assert_eq!(token(&first).unwrap().split('<').next(), token(&again).unwrap().split('<').next());
}

#[tokio::test]
async fn many_are_told_one_by_one_and_only_the_refused_are_tried_again() {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    stage.add_site("brest", "Brest").await;
    let reader = Reader::new(&stage, Role::Operator).await;

    let answer = reader.send("/act/sites_change", "back=/&path.id=metz%0Anowhere&path.id=brest&about.town=Lyon").await;

    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("2\u{a0}done, 1\u{a0}refused"), "{}", answer.text);
    assert!(answer.text.contains("name=\"path.id\" value=\"nowhere\""));
    assert!(answer.text.contains("name=\"about.town\" value=\"Lyon\""));
}

#[tokio::test]
async fn what_has_no_way_back_is_asked_for_and_its_name_is_typed() {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    let reader = Reader::new(&stage, Role::Owner).await;
    let fields = "back=/&path.id=metz&subject=Metz";

    let asked = reader.send("/confirm/sites_revoke", fields).await;
    assert!(
        asked.text.contains("action=\"/act/sites_revoke\"") && asked.text.contains("name=\"path.id\" value=\"metz\"")
    );
    assert_no_banned_word(Lang::En, &crate::http::page::text_of(&asked.text));
    for typed in ["", "&typed=metz"] {
        let wrong = reader.send("/act/sites_revoke", &format!("{fields}{typed}")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let is_revoked = async || stage.store.site(&"metz".parse().unwrap()).await.unwrap().unwrap().revoked_ms.is_some();
    assert!(!is_revoked().await);

    let meant = reader.send("/act/sites_revoke", &format!("{fields}&typed=Metz")).await;
    assert_eq!(meant.status, StatusCode::SEE_OTHER);
    assert!(is_revoked().await);
}

#[tokio::test]
async fn a_form_is_bounded() {
    let stage = Stage::new().await;
    let reader = Reader::new(&stage, Role::Operator).await;
    let many = "x=1&".repeat(201);
    assert_eq!(reader.send("/act/sites_change", &many).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let large = format!("note={}", "x".repeat(70 * 1024));
    assert_eq!(reader.send("/act/sites_change", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
