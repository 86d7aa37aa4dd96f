//! Devices of people over the API: registering, moving, ending, excluding; pairing and activity.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;
use vigie_shared::pairing::PairingTicket;
use vigie_shared::pseudonym::PseudonymKey;

use crate::http::testing::doubles::OneKey;
use crate::http::testing::{Answer, NOW, Stage};
use crate::login::secret::sha256;
use crate::store::Store;
use crate::store::accounts::Role;
use crate::store::presence::{Claim, StripFilter, Trace};
use crate::store::sites::Machine;

const MAC: &str = "8E-1B-7C-00-11-22";

async fn ask(stage: &Stage, method: Method, path: &str, body: &Value) -> Answer {
    stage.request(method, path).json(body).role(Role::Operator).send().await
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.add_site("metz", "Metz").await;
    for (id, name) in [("E1", "Ama"), ("E2", "Bo")] {
        let body = json!({ "name": name, "email": format!("{id}@example.org"), "shows_name": id == "E1" });
        assert_eq!(ask(&stage, Method::PUT, &format!("/api/v1/people/{id}"), &body).await.status, StatusCode::OK);
    }
    stage
}

async fn add(stage: &Stage, person: &str, more: Value) -> Answer {
    let mut body = json!({ "site": "metz", "mac": MAC, "label": "Phone" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask(stage, Method::POST, &format!("/api/v1/people/{person}/devices"), &body).await
}

async fn pseudonym(stage: &Stage) -> String {
    let site: SiteId = "metz".parse().unwrap();
    PseudonymKey::new(&stage.store.pseudonym_secret(&site).await.unwrap()).name(MAC.parse().unwrap()).to_string()
}

#[tokio::test]
async fn a_person_has_an_address_and_says_whether_the_name_may_be_shown() {
    let stage = stage().await;
    let people = stage.get("/api/v1/people").role(Role::Operator).send().await.json();
    let shown: Vec<_> =
        people["items"].as_array().unwrap().iter().map(|one| (&one["email"], &one["shows_name"])).collect();
    assert_eq!(shown, [(&json!("E1@example.org"), &json!(true)), (&json!("E2@example.org"), &json!(false))]);
    let taken =
        ask(&stage, Method::PUT, "/api/v1/people/E2", &json!({ "name": "Bo", "email": "e1@EXAMPLE.org" })).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(!taken.text.contains("Ama") && !taken.text.contains("E1"), "{}", taken.text);
    let wrong = ask(&stage, Method::PUT, "/api/v1/people/E2", &json!({ "name": "Bo", "email": "nobody" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_device_in_any_spelling_becomes_a_persons_and_its_address_is_told_to_be_private() {
    let stage = stage().await;
    let added = add(&stage, "E1", json!({ "counts": "stationary", "grace_min": 25 })).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    let device = added.json();
    assert_eq!((&device["mac"], &device["device"]), (&json!("8e:1b:7c:00:11:22"), &json!(pseudonym(&stage).await)));
    assert!(device["hint"].as_str().unwrap().contains("private"), "{device}");
    assert_eq!(add(&stage, "E1", json!({ "mac": "8e1b.7c00.1122" })).await.status, StatusCode::OK, "twice is once");
    let list = stage.get("/api/v1/people/E1/devices").role(Role::Operator).send().await.json();
    assert_eq!(list["items"], json!([device]));
    assert_eq!(ask(&stage, Method::DELETE, "/api/v1/people/E1", &json!({})).await.code(), "person_has_devices");
    let all = stage.get("/api/v1/presence/devices?site=metz").role(Role::Operator).send().await.json();
    assert_eq!((&all["items"][0]["person"], &all["items"][0]["is_private"]), (&json!("E1"), &json!(true)));
    for (mac, code) in [("8e:1b:7c:00:11", 422), ("ff:ff:ff:ff:ff:ff", 422), ("zz", 422)] {
        assert_eq!(add(&stage, "E1", json!({ "mac": mac })).await.status.as_u16(), code, "{mac}");
    }
    assert_eq!(add(&stage, "E9", json!({})).await.code(), "person_unknown");
    assert_eq!(add(&stage, "E1", json!({ "site": "brest" })).await.code(), "site_unknown");
}

#[tokio::test]
async fn a_device_of_somebody_else_is_refused_without_saying_whose_and_can_be_moved() {
    let stage = stage().await;
    add(&stage, "E1", json!({ "from": "2026-11-01T00:00:00Z" })).await;
    let refused = add(&stage, "E2", json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "device_owned"));
    assert!(!refused.text.contains("E1") && !refused.text.contains("Ama"), "{}", refused.text);

    let moved = add(&stage, "E2", json!({ "hands_over": true, "from": "2026-11-10T00:00:00Z" })).await;

    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    let list = stage.get("/api/v1/people/E1/devices").role(Role::Operator).send().await.json();
    assert_eq!(list["items"][0]["to"], json!("2026-11-10T00:00:00.000Z"));
    let path = format!("/api/v1/people/E2/devices/metz/{MAC}");
    assert_eq!(ask(&stage, Method::DELETE, &path, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&stage, Method::DELETE, &path, &json!({})).await.code(), "device_unknown");
    let not_his = format!("/api/v1/people/E1/devices/metz/{MAC}?at=2026-11-15T00:00:00Z");
    assert_eq!(ask(&stage, Method::DELETE, &not_his, &json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_excluded_device_is_nobodys_until_it_is_let_in_again() {
    let stage = stage().await;
    add(&stage, "E1", json!({ "from": "2026-11-01T00:00:00Z" })).await;
    let exclusion = json!({ "site": "metz", "mac": "8e1b7c001122", "label": "objected" });
    let excluded = ask(&stage, Method::POST, "/api/v1/presence/exclusions", &exclusion).await;
    assert_eq!((excluded.status, &excluded.json()["mac"]), (StatusCode::OK, &Value::Null));
    let all = stage.get("/api/v1/presence/devices").role(Role::Operator).send().await;
    assert!(!all.text.contains("8e:1b") && all.json()["items"][0]["is_excluded"] == json!(true), "{}", all.text);
    assert_eq!(add(&stage, "E1", json!({})).await.code(), "device_excluded");
    let path = format!("/api/v1/presence/exclusions/metz/{}", pseudonym(&stage).await);
    assert_eq!(ask(&stage, Method::DELETE, &path, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(add(&stage, "E1", json!({})).await.status, StatusCode::OK);
    let path = format!("/api/v1/presence/devices/metz/{MAC}");
    assert_eq!(ask(&stage, Method::DELETE, &path, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&stage, Method::DELETE, &path, &json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_is_active_in_an_application_is_seen_there() {
    let stage = stage().await;
    for _ in 0..2 {
        let noted = ask(&stage, Method::PUT, "/api/v1/people/E1/activity", &json!({})).await;
        assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.text);
    }
    let (from, through) = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2027, 1, 1));
    let filter = StripFilter { trace: Trace::Device, site: None, device: None, from, through };
    let strips = stage.store.strips(&filter, None, 9).await.unwrap();
    assert_eq!((strips.len(), strips[0].site.as_str(), strips[0].device.as_str()), (1, "app", "E1"));
    assert_eq!((strips[0].spans[0].from_ms, strips[0].spans.len()), (NOW, 1));
    for at in ["2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
        let refused = ask(&stage, Method::PUT, "/api/v1/people/E1/activity", &json!({ "at": at })).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{at}");
    }
    assert_eq!(ask(&stage, Method::PUT, "/api/v1/people/E9/activity", &json!({})).await.code(), "person_unknown");
}

/// Asks for a link and returns its ticket.
async fn ticket(stage: &Stage) -> PairingTicket {
    let body = json!({ "site": "metz", "box": "192.168.1.20", "valid": "10m" });
    let link = ask(stage, Method::POST, "/api/v1/people/E2/pairing", &body).await;
    let link = link.json()["link"].as_str().unwrap().to_owned();
    let text = link.strip_prefix("http://192.168.1.20:8322/pair?t=").unwrap();
    PairingTicket::verify(text, &[OneKey::default().public()], &"metz".parse().unwrap(), NOW).unwrap()
}

async fn claimed(stage: &Stage, id: &str) -> Claim {
    let (site, mac): (SiteId, Mac) = ("metz".parse().unwrap(), MAC.parse().unwrap());
    let secret = sha256(&ticket(stage).await.secret);
    let person = stage.store.pairing(&site, secret, NOW).await.unwrap().unwrap();
    let claim = Claim { id: id.to_owned(), site, device: pseudonym(stage).await, mac, person, made_ms: NOW };
    stage.store.add_claim(&claim).await.unwrap();
    claim
}

#[tokio::test]
async fn a_link_names_nobody_works_at_its_site_and_ends() {
    let stage = stage().await;
    let ticket = ticket(&stage).await;
    assert_eq!(ticket.expires_ms, NOW + 600_000);
    let store: &dyn Store = &*stage.store;
    let of =
        async |site: &str, now_ms| store.pairing(&site.parse().unwrap(), sha256(&ticket.secret), now_ms).await.unwrap();
    assert_eq!(of("metz", NOW).await.as_deref(), Some("E2"));
    assert_eq!((of("brest", NOW).await, of("metz", NOW + 600_000).await), (None, None));
    for body in [json!({ "site": "metz", "valid": "8d" }), json!({ "site": "metz", "box": "evil/x" })] {
        let refused = ask(&stage, Method::POST, "/api/v1/people/E2/pairing", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test]
async fn a_link_leads_to_where_the_box_says_that_it_is_unless_somebody_knows_better() {
    let stage = stage().await;
    let link = async |body: serde_json::Value| {
        let made = ask(&stage, Method::POST, "/api/v1/people/E2/pairing", &body).await.json();
        made["link"].as_str().unwrap().split_once("/pair").unwrap().0.to_owned()
    };
    let plain = json!({ "site": "metz" });
    assert_eq!(link(plain.clone()).await, "http://ADDRESS-OF-THE-BOX:8322");
    for (lan, place) in [("192.168.1.20", "192.168.1.20"), ("fd00::20", "[fd00::20]")] {
        let machine = Machine { lan: lan.parse().ok(), ..Machine::default() };
        stage.store.note_machine(&"metz".parse().unwrap(), &machine).await.unwrap();
        assert_eq!(link(plain.clone()).await, format!("http://{place}:8322"));
    }
    assert_eq!(link(json!({ "site": "metz", "box": "box7.local:80" })).await, "http://box7.local:80");
}

#[tokio::test]
async fn a_claim_becomes_an_ownership_when_it_is_confirmed_and_nothing_when_it_is_refused() {
    let stage = stage().await;
    claimed(&stage, "c1").await;
    let list = stage.get("/api/v1/presence/claims").role(Role::Operator).send().await.json();
    assert_eq!((&list["items"][0]["person"], &list["items"][0]["mac"]), (&json!("E2"), &json!("8e:1b:7c:00:11:22")));
    let confirmed = ask(&stage, Method::POST, "/api/v1/presence/claims/c1/confirm", &json!({ "label": "Phone" })).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text);
    assert_eq!(stage.store.claims().await.unwrap(), []);
    let list = stage.get("/api/v1/people/E2/devices").role(Role::Operator).send().await.json();
    assert_eq!(list["items"][0]["label"], json!("Phone"));

    add(&stage, "E1", json!({ "hands_over": true })).await;
    claimed(&stage, "c2").await;
    let refused = ask(&stage, Method::POST, "/api/v1/presence/claims/c2/confirm", &json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "device_owned"));
    assert_eq!(
        ask(&stage, Method::DELETE, "/api/v1/presence/claims/c2", &json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(ask(&stage, Method::DELETE, "/api/v1/presence/claims/c2", &json!({})).await.code(), "claim_unknown");
}
