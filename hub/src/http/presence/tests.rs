//! What the API tells of presence, to whom, and what it remembers of who asked.

use axum::http::{Method, StatusCode};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use vigie_shared::id::SiteId;

use crate::http::testing::Stage;
use crate::presence::{Counts, Ownership};
use crate::store::accounts::Role;

async fn crowd() -> Stage {
    let stage = Stage::new().await;
    stage.add_crowd().await;
    stage
}

#[tokio::test]
async fn counts_are_told_from_five_upwards_and_names_only_by_consent() {
    let stage = crowd().await;
    let now = stage.get("/api/v1/presence/now").role(Role::Viewer).send().await.json();
    assert_eq!((&now["people"], &now["passing_devices"]), (&json!(6), &json!(null)));
    let names: Vec<&str> = now["names"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Person 0", "Person 1"]);

    let few = Stage::new().await;
    for (role, people) in [(Role::Viewer, json!(null)), (Role::Operator, json!(0))] {
        let now = few.get("/api/v1/presence/now").role(role).send().await.json();
        assert_eq!(now["people"], people, "who may see everybody's days may know how few they are");
    }

    let space = stage.get("/spaceapi.json").send().await;
    assert_eq!((space.status, space.header("access-control-allow-origin")), (StatusCode::OK, "*"));
    let document = space.json();
    assert_eq!((&document["state"]["open"], &document["api_compatibility"]), (&json!(true), &json!(["15"])));
    assert_eq!(document["sensors"]["people_now_present"][0]["value"], 6);
    assert!(!space.text.contains("Person 2"));
}

#[tokio::test]
async fn p26_when_nobody_can_see_the_answer_is_unknown_since_then() {
    let stage = crowd().await;
    stage.clock.advance(std::time::Duration::from_secs(30 * 60));
    let now = stage.get("/api/v1/presence/now").role(Role::Viewer).send().await.json();
    assert_eq!(now["unseen"], json!([{ "site": "metz", "since": "2026-11-20T14:04:00.000Z" }]));
    let sessions = stage.get("/api/v1/presence/sessions").role(Role::Operator).send().await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 6);
    assert_eq!(sessions["items"][0]["is_ghost"], true);
}

#[tokio::test]
async fn a_day_is_explained_slot_by_slot_and_looking_is_noted() {
    let stage = crowd().await;
    let shown = stage.get("/api/v1/presence/days/p0/2026-11-20").role(Role::Operator).send().await.json();

    assert_eq!(
        (&shown["kept"], &shown["day"]["value"], &shown["day"]["answer"]),
        (&json!(null), &json!(0.5), &json!("present"))
    );
    let slots = shown["day"]["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 7);
    assert_eq!(slots[0]["at"], "2026-11-20T13:00:00.000Z");
    assert_eq!(
        (&slots[0]["seen"][0]["site"], &slots[0]["seen"][0]["device"]),
        (&json!("metz"), &json!("0".repeat(32)))
    );
    let looks = stage.store.looks(Some("p0"), 9).await.unwrap();
    assert_eq!(
        looks.iter().map(|look| (look.account.as_str(), look.what.as_str())).collect::<Vec<_>>(),
        [("operator", "day")]
    );
    let nobody = stage.get("/api/v1/presence/days/x/2026-11-20").role(Role::Operator).send().await;
    assert_eq!((nobody.status, nobody.code().as_str()), (StatusCode::NOT_FOUND, "person_unknown"));
}

#[tokio::test]
async fn a_decision_needs_a_comment_stands_beside_the_value_and_can_be_taken_back() {
    let stage = crowd().await;
    let path = "/api/v1/presence/days/p0/2026-11-20/override";
    let put = async |body| stage.request(Method::PUT, path).role(Role::Operator).json(&body).send().await;
    assert_eq!(put(json!({ "value": 1 })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(json!({ "value": 0.7, "comment": "x" })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(json!({ "value": 1, "comment": "was at a client" })).await.status, StatusCode::OK);

    let list = async || stage.get("/api/v1/presence/days?from=2026-11-20").role(Role::Operator).send().await.json();
    let row = list().await["items"][0].clone();
    assert_eq!((&row["value"], &row["decided"], &row["revision"]), (&json!(0.5), &json!(1.0), &json!(1)));
    let gone = stage.request(Method::DELETE, path).role(Role::Operator).send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let row = list().await["items"][0].clone();
    assert_eq!((&row["decided"], &row["revision"]), (&json!(null), &json!(2)));
    let again = stage.request(Method::DELETE, path).role(Role::Operator).send().await;
    assert_eq!(again.code(), "override_unknown");
}

#[tokio::test]
async fn a_policy_is_added_once_and_a_replay_tells_what_it_would_change() {
    let stage = crowd().await;
    let text = "name = \"strict\"\nversion = 1\nrule = { is = \"slots10\", half_slots = 8, full_slots = 30 }";
    let add =
        async || stage.post("/api/v1/presence/policies").role(Role::Owner).json(&json!({ "text": text })).send().await;
    assert_eq!(add().await.status, StatusCode::OK);
    let again = add().await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("add version 2"), "{again:?}");
    let listed = stage.get("/api/v1/presence/policies").role(Role::Viewer).send().await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);

    let wish = json!({ "name": "strict", "from": "2026-11-20" });
    let balance = stage.post("/api/v1/presence/replay").role(Role::Operator).json(&wish).send().await.json();

    assert_eq!((&balance["people"], &balance["changed"]), (&json!(6), &json!(6)));
    assert_eq!(balance["shares"]["p0"], json!({ "gained_halves": 0, "lost_halves": 1 }));
    let unknown = json!({ "name": "none", "from": "2026-11-20" });
    assert_eq!(
        stage.post("/api/v1/presence/replay").role(Role::Operator).json(&unknown).send().await.code(),
        "policy_unknown"
    );
}

#[tokio::test]
async fn a_request_is_taken_and_shown_and_a_wrong_one_is_refused() {
    let stage = crowd().await;
    let post = async |body| stage.post("/api/v1/presence/requests").role(Role::Operator).json(&body).send().await;
    let taken = post(json!({ "from": "2026-11-20", "mac": "8E-1B-7C-00-11-22" })).await;
    assert_eq!((taken.status, &taken.json()["progress"]), (StatusCode::ACCEPTED, &json!("waits")));
    let path = format!("/api/v1/presence/requests/{}", taken.json()["id"].as_str().unwrap());
    assert_eq!(stage.get(&path).role(Role::Operator).send().await.json()["output"], "");
    for wrong in
        [json!({ "from": "2026-11-20", "mac": "8e:1b" }), json!({ "from": "2026-11-20", "through": "2026-11-19" })]
    {
        assert_eq!(post(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(stage.get("/api/v1/presence/requests/none").role(Role::Operator).send().await.code(), "request_unknown");
}

/// What a followed request tells until the stream ends.
async fn told(stage: &Stage, path: &str, after: &str) -> String {
    let ask = stage.request(Method::GET, path).role(Role::Operator).header("last-event-id", after);
    let mut stream = ask.open().await.into_body().into_data_stream();
    let mut told = String::new();
    while let Some(piece) = stream.next().await {
        told.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    told
}

#[tokio::test]
async fn a_request_is_followed_line_by_line_to_its_end_and_further_by_whoever_comes_back() {
    let stage = crowd().await;
    let asked = json!({ "from": "2026-11-20" });
    let taken = stage.post("/api/v1/presence/requests").role(Role::Operator).json(&asked).send().await.json();
    let path = format!("/api/v1/presence/requests/{}/events", taken["id"].as_str().unwrap());
    let stopping = CancellationToken::new();
    let work = stage.admin.presences.clone().serve_requests(stopping.clone());
    let read = async {
        let told = told(&stage, &path, "").await;
        stopping.cancel();
        told
    };

    let (worked, first) = tokio::join!(work, read);

    worked.unwrap();
    assert!(first.contains("event: line") && first.contains("data: Computing the days"), "{first}");
    assert!(first.contains("days of 6 people are new or changed") && first.contains("event: end"), "{first}");
    let begins = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let rest = told(&stage, &path, begins).await;
    assert!(!rest.contains("Computing") && rest.contains("days of 6 people"), "{rest}");
    let unknown = "/api/v1/presence/requests/none/events";
    assert_eq!(stage.get(unknown).role(Role::Operator).send().await.code(), "request_unknown");
    assert_eq!(stage.get(&path).role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn sessions_are_closed_only_when_that_is_meant() {
    let stage = crowd().await;
    let close = async |body| {
        let answer = stage.post("/api/v1/presence/sessions/close").role(Role::Operator).json(&body).send().await;
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(close(json!({ "silent_min": 30 })).await, 0);
    assert_eq!((close(json!({ "dry_run": true })).await, close(json!({ "dry_run": true })).await), (6, 6));
    assert_eq!((close(json!({})).await, close(json!({})).await), (6, 0));
    let entries = stage.store.entries(None, 9).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["sessions_closed"]);
}

#[tokio::test]
async fn a_log_is_taken_in_once_and_only_registered_devices_of_it() {
    let stage = crowd().await;
    let metz: SiteId = "metz".parse().unwrap();
    let mac: vigie_shared::mac::Mac = "8e:1b:7c:00:11:22".parse().unwrap();
    let secret = stage.store.pseudonym_secret(&metz).await.unwrap();
    let device = vigie_shared::pseudonym::PseudonymKey::new(&secret).name(mac).to_string();
    let ownership = Ownership {
        device: device.clone(),
        site: Some(metz.clone()),
        person: "p5".to_owned(),
        from_ms: 0,
        to_ms: None,
        counts: Counts::Yes,
        grace_min: None,
    };
    assert!(stage.store.own(&ownership).await.unwrap());
    let log = "2026-11-19T09:00:00+01:00\t8E:1B:7C:00:11:22\n2026-11-19T09:10:00+01:00 8E:1B:7C:00:11:22\n\
               2026-11-19T09:20:00+01:00 3C:22:FB:00:00:09\nnonsense\n";
    let path = "/api/v1/presence/imports?name=metz/2026-11-19&size_bytes=9&written_ms=1795183500000";
    let known = async || stage.get(path).role(Role::Operator).send().await.json()["is_known"].clone();
    assert_eq!(known().await, false);

    let taken = stage.post(path).role(Role::Operator).bytes("text/plain", log.into()).send().await.json();

    assert_eq!((&taken["lines"], &taken["strangers"], &taken["refused"]), (&json!(4), &json!(1), &json!(1)));
    assert_eq!(taken["problems"][0]["line"], 4);
    assert_eq!(known().await, true);
    let shown = stage.get("/api/v1/presence/days/p5/2026-11-19").role(Role::Operator).send().await.json();
    assert_eq!(shown["day"]["slots"].as_array().unwrap().len(), 2);
    let foreign = path.replace("metz/", "nancy/");
    assert_eq!(stage.get(&foreign).role(Role::Operator).send().await.code(), "site_unknown");
}
