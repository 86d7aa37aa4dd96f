//! Days of presence in the form of the old backend, and as JSON: each revision once, the person as known when it goes.

use jiff::civil::date;

use super::*;
use crate::attendance::Person;
use crate::connectors::job::Presence;
use crate::store::presence::Profile;
use crate::store::{Registry as _, Timetable as _};

fn told(revision: u32, halves: u8) -> ToldDay {
    let presence = Presence { person: "lea".to_owned(), halves, minutes: 60, revision };
    ToldDay { date: date(2031, 5, 6), presence }
}

#[expect(clippy::unnecessary_wraps, reason = "scripts answer or break")]
fn text(status: u16, text: &str) -> Reply {
    Ok(Answer { status, text: text.to_owned(), content_type: "text/html".to_owned(), ..Answer::default() })
}

async fn stage(mapping: &str, reply: impl Fn(&Ask, usize) -> Reply + Send + Sync + 'static) -> Stage {
    let mut wanted = of(mapping);
    wanted.cfg.insert("presence_endpoint".to_owned(), "/days".to_owned());
    let stage = Stage::new(wanted, reply).await;
    let secrets = ["key", "token"].map(|name| (name.to_owned(), Some("s3cret".to_owned())));
    stage.store.put_connector_secrets("hr", &secrets.into()).await.unwrap();
    let person = Person { id: "lea".to_owned(), name: "Léa".to_owned(), numbers: Vec::new() };
    stage.store.put_person(&person).await.unwrap();
    stage
}

async fn tell_address(stage: &Stage) {
    let email = Some("lea@example.org".to_owned());
    stage.store.put_profile(&Profile { person: "lea".to_owned(), email, shows_name: false }).await.unwrap();
}

#[tokio::test]
async fn a_day_goes_once_as_a_form_with_key_address_date_and_amount() {
    let stage = stage("tickets", |_, _| text(200, "OK")).await;
    tell_address(&stage).await;
    for _ in 0..2 {
        stage.exchange.tell_days("hr", &[told(1, 1)]).await.unwrap();
        stage.serve().await;
    }

    let expected = json!({ "key": "s3cret", "email": "lea@example.org", "date": "2031-05-06", "amount": 0.5 });
    assert_eq!(stage.bodies("/api/presence"), [expected]);
    assert_eq!(stage.states().await, [JobState::Sent]);
    assert!(stage.third.asked.lock().unwrap().iter().all(|ask| ask.call.is_form));
    let kept = serde_json::to_string(&stage.jobs().await[0].row).unwrap();
    assert!(!kept.contains("example.org"), "no address waits in the queue: {kept}");
}

#[tokio::test]
async fn a_newer_revision_takes_the_place_of_one_that_waits_and_zero_is_said() {
    let stage = stage("tickets", |_, number| if number == 1 { text(503, "later") } else { text(200, "OK") }).await;
    tell_address(&stage).await;
    stage.exchange.tell_days("hr", &[told(1, 2)]).await.unwrap();
    stage.serve().await;
    assert_eq!(stage.states().await, [JobState::Failed]);

    stage.exchange.tell_days("hr", &[told(2, 0)]).await.unwrap();
    stage.serve_later().await;

    assert_eq!(stage.states().await, [JobState::Skipped, JobState::Sent]);
    let amounts: Vec<Value> = stage.bodies("/api/presence").iter().map(|body| body["amount"].clone()).collect();
    assert_eq!(amounts, [json!(1), json!(0)]);
}

#[tokio::test]
async fn an_address_that_the_backend_does_not_know_is_dead_with_the_reason() {
    let stage = stage("tickets", |_, _| text(404, "User not found")).await;
    tell_address(&stage).await;
    stage.exchange.tell_days("hr", &[told(1, 1)]).await.unwrap();
    stage.serve().await;

    let jobs = stage.jobs().await;
    assert_eq!(jobs[0].state, JobState::Dead);
    assert!(jobs[0].last_error.as_ref().unwrap().contains("User not found"));
}

#[tokio::test]
async fn whoever_has_no_address_waits_until_somebody_tells_it() {
    let stage = stage("tickets", |_, _| text(200, "OK")).await;
    stage.exchange.tell_days("hr", &[told(1, 1)]).await.unwrap();
    stage.serve().await;
    assert_eq!(stage.states().await, [JobState::Parked]);
    assert_eq!(stage.bodies("/api/presence"), Vec::<Value>::new());

    tell_address(&stage).await;
    stage.serve_later().await;

    assert_eq!(stage.states().await, [JobState::Sent]);
}

#[tokio::test]
async fn the_page_of_a_proxy_is_no_success() {
    let stage = stage("tickets", |_, _| text(200, "<html><body>Log in first</body></html>")).await;
    tell_address(&stage).await;
    stage.exchange.tell_days("hr", &[told(1, 1)]).await.unwrap();

    assert!(stage.serve().await.halted.unwrap().contains("Log in first"));
    assert!(stage.standing().await.stopped.is_some());
}

#[tokio::test]
async fn any_system_can_take_days_as_json_under_a_key_that_never_changes() {
    let stage = stage("presence", |_, _| says(200, &json!({}))).await;
    stage.exchange.tell_days("hr", &[told(3, 1)]).await.unwrap();
    stage.serve().await;

    let body =
        json!({ "person": "lea", "name": "Léa", "date": "2031-05-06", "amount": 0.5, "minutes": 60, "revision": 3 });
    assert_eq!(stage.bodies("/days"), [body]);
    let asked = stage.third.asked.lock().unwrap();
    let key = asked[0].call.headers.iter().find(|(name, _)| name == "Idempotency-Key").unwrap();
    assert_eq!(key.1.len(), 32);
}

#[tokio::test]
async fn devices_are_listed_and_those_on_a_lan_are_told_in_capitals() {
    let list = "8E:1B:7C:00:11:22\tlea@example.org\tLéa\tMartin\n";
    let stage = stage("tickets", move |ask, _| text(200, if ask.call.path == "/api/mac" { list } else { "OK" })).await;
    assert_eq!(stage.exchange.devices("hr").await.unwrap(), list);
    assert_eq!(stage.exchange.listeners().await.unwrap(), ["hr"]);
    let macs = ["8e:1b:7c:00:11:22", "3c:22:fb:00:00:09"].map(|mac| mac.parse().unwrap());
    assert_eq!(stage.exchange.tell_present("hr", "metz", &macs).await.unwrap(), None);
    let body = json!({ "key": "s3cret", "macAddresses": "8E:1B:7C:00:11:22,3C:22:FB:00:00:09" });
    assert_eq!(stage.bodies("/api/heartbeat"), [body]);
}
