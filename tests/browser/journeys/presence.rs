//! Presence: what arrives late, and what another policy would change.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::id::{BootId, QueueId};
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;
use vigie_shared::wire::reading::{Coverage, DeviceRef, Sight, Sighting, Sightings, Source};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};
use vigie_tests::processes::wait_for;
use vigie_tests::tickets::{Backend, SECRET};

use crate::clocks::{ZONE, yesterday};
use crate::scene::{Scene, play, play_demo};

const PHONE: &str = "8e:1b:7c:00:11:22";

/// The day before yesterday: the site's day is over, and its facts may come late.
fn day() -> Date {
    yesterday().yesterday().unwrap()
}

fn at_ms(date: Date, hour: i8) -> i64 {
    date.at(hour, 0, 0, 0).in_tz(ZONE).unwrap().timestamp().as_millisecond()
}

/// The phone was seen for so many hours before a moment, and everybody could be seen since midnight.
fn seen(key: &PseudonymKey, hours: u16, until: u32) -> [Reading; 2] {
    let device = DeviceRef::Known(key.name(PHONE.parse::<Mac>().unwrap()));
    let (first_ago_s, sources) = (u32::from(hours) * 3_600, Source::ArpReply.bit());
    let row = Sighting { device, first_ago_s, last_ago_s: 0, count: hours * 60, sources, flags: 0 };
    [Reading::Sightings(Sightings { network: "lan".to_owned(), rows: vec![row] }), clear(until * 3_600)]
}

/// Everybody could be seen for so long.
fn clear(from_ago_s: u32) -> Reading {
    let network = "lan".to_owned();
    Reading::Coverage(Coverage { network, from_ago_s, to_ago_s: 0, asked: 9, answered: 9, sight: Sight::Clear })
}

/// What the box delivers while the hub is away for a moment: readings, each at its moment.
async fn deliver(scene: &mut Scene, start: u64, readings: impl FnOnce(&PseudonymKey) -> Vec<(i64, Reading)>) {
    scene.hub.kill();
    let data = scene.hub.folder.join("data");
    let store = Sqlite::open(&data.join(vigie_hub::backup::DATABASE), Vault::open(&data.join("store.key")).unwrap());
    let (store, site) = (store.unwrap(), "metz".parse().unwrap());
    let key = PseudonymKey::new(&store.pseudonym_secret(&site).await.unwrap());
    let record = |(wall_ms, reading)| {
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 90_000_000, wall_ms, is_synced: true };
        Record { stamp, reading }.encode().into()
    };
    let records: Vec<_> = readings(&key).into_iter().map(record).collect();
    let (lane, queue, through) = (Lane::Observations, QueueId([1; 16]), start + records.len() as u64 - 1);
    let commit = Commit {
        arrivals: vec![Arrival { site: site.clone(), lane, queue, start, records }],
        queues: vec![QueueState { site, lane, queue, through, born_ms: 1 }],
        received_ms: at_ms(day(), 12),
        ..Commit::default()
    };
    store.commit(Arc::new(commit)).await.unwrap();
    drop(store);
    scene.hub.start().await.unwrap();
}

/// A person with a phone, and a third party that is told of days.
async fn settle_in(scene: &mut Scene, backend: &Backend) {
    scene.hub.configure("[connectors]\nallow = [\"127.0.0.1\"]\nretry_min = \"1s\"\nretry_max = \"2s\"").unwrap();
    let site = json!({ "id": "metz", "name": "Metz", "zone": ZONE });
    scene.hub.post("/api/v1/sites", &site).await.unwrap();
    // An hour before noon, and nothing of the afternoon.
    deliver(scene, 1, |key| seen(key, 1, 12).map(|reading| (at_ms(day(), 12), reading)).into()).await;
    let secret = scene.hub.folder.join("key");
    std::fs::write(&secret, SECRET).unwrap();
    let (base, key) = (format!("http://127.0.0.1:{}", backend.port), format!("key={}", secret.display()));
    let connector = ["connector", "add", "tickets", "--mapping", "tickets", "--base", &base, "--secret", &key];
    let how = ["--start-at", "2020-01-01T00:00:00Z", "--interval", "immediate", "--on"];
    scene.hub.run_verb(&[connector.as_slice(), &how].concat()).await.unwrap();
    scene.put("/api/v1/people/E1", json!({ "name": "Bruno Colin", "email": "bruno@example.org" })).await;
    let device = json!({ "site": "metz", "mac": PHONE, "from": "2020-01-01T00:00:00Z" });
    scene.hub.post("/api/v1/people/E1/devices", &device).await.unwrap();
}

/// The day as the API explains it.
async fn explained(scene: &Scene) -> Value {
    scene.hub.get(&format!("/api/v1/presence/days/E1/{}", day())).await.unwrap()
}

/// Waits until the hub has understood so many slots.
async fn wait_for_slots(scene: &Scene, count: usize) {
    let known = async || explained(scene).await["day"]["slots"].as_array().is_some_and(|slots| slots.len() == count);
    let waited = wait_for("the strip", known).await;
    assert!(waited.is_ok(), "{:#}", explained(scene).await);
}

#[tokio::test]
async fn journey_10_late_facts_make_a_provisional_day_final_show_the_difference_and_are_told_once() {
    let backend = Backend::start("").await.unwrap();
    play(async |scene: &mut Scene| {
        settle_in(scene, &backend).await;
        wait_for_slots(scene, 7).await;
        let page = format!("/presence/days/E1/{}", day());
        scene.speak("en").await;
        scene.log_in("max").await;
        scene.open(&page).await;
        scene.browser.wait_for_text("This day is not final").await;
        scene.browser.click("form[action='/act/presence_requests_create'] button").await;
        wait_for("the first call", async || backend.bodies("/api/presence").len() == 1).await.unwrap();

        deliver(scene, 3, |key| {
            let evening = seen(key, 6, 6).map(|reading| (at_ms(day(), 18), reading));
            evening.into_iter().chain([(at_ms(yesterday(), 12), clear(18 * 3_600))]).collect()
        })
        .await;
        wait_for_slots(scene, 43).await;
        scene.open(&page).await;
        scene.browser.click("form[action='/act/presence_requests_create'] button").await;

        scene.browser.reload_until("0.5 → 1").await;
        let text = scene.browser.text().await;
        assert!(!text.contains("This day is not final"), "{text}");
        let history = scene.browser.find("section[aria-labelledby=history]").await.text().await.unwrap();
        assert!(history.contains("provisional") && history.contains("final"), "{history}");
        wait_for("the second call", async || backend.bodies("/api/presence").len() == 2).await.unwrap();
        scene.browser.click("form[action='/act/presence_requests_create'] button").await;
        let ended = async || {
            let requests = scene.hub.get("/api/v1/presence/requests").await.unwrap();
            let requests = requests["items"].as_array().cloned().unwrap_or_default();
            requests.len() == 3 && requests.iter().all(|request| request["progress"] == "ended")
        };
        wait_for("the last computation", ended).await.unwrap();
        let amounts: Vec<String> = backend.bodies("/api/presence");
        assert_eq!(amounts.len(), 2, "each value is told once: {amounts:?}");
        assert!(amounts[0].contains("amount=0.5&") && amounts[1].contains("amount=1&"), "{amounts:?}");
    })
    .await;
    backend.stop();
}

/// The versions of the policy in use.
async fn versions(scene: &Scene) -> usize {
    let page = scene.hub.get("/api/v1/presence/policies").await.unwrap();
    page["items"].as_array().into_iter().flatten().filter(|one| one["is_in_use"] == true).count()
}

/// Tries a version by which nobody has a whole day.
async fn try_a_stricter_policy(scene: &Scene) {
    let text = format!(
        "name = \"slots10\"\nversion = 2\nfrom = \"{}\"\n[rule]\nis = \"slots10\"\nhalf_slots = 3\nfull_slots = 140",
        yesterday()
    );
    scene.browser.fill("#policy-text", &text).await;
    scene.browser.click("form[action='/settings/policies'] button").await;
    scene.browser.wait_for_text("Loses, in days").await;
}

#[tokio::test]
async fn journey_11_another_policy_is_tried_dropped_tried_again_and_added_by_its_name() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open("/settings").await;
        scene.browser.click("a[href='/settings/policies']").await;
        scene.browser.wait_for_address("/settings/policies").await;

        try_a_stricter_policy(scene).await;
        let found = scene.browser.find("section[aria-labelledby=difference]").await.text().await.unwrap();
        assert!(found.contains("days would change"), "{found}");
        assert!(scene.browser.count("section[aria-labelledby=difference] tbody tr").await > 0);
        scene.browser.click("section[aria-labelledby=difference] .acts a.button").await;
        let gone = async || scene.browser.count("section[aria-labelledby=difference]").await == 0;
        wait_for("the way back", gone).await.unwrap();
        assert_eq!(versions(scene).await, 1, "cancel changes nothing");

        try_a_stricter_policy(scene).await;
        scene.browser.click("form[action='/confirm/presence_policies_add'] button").await;
        scene.browser.fill("dialog[open] #typed", "minutes").await;
        scene.confirm().await;
        scene.browser.find("#typed-error").await;
        assert_eq!(versions(scene).await, 1, "another name adds nothing");
        scene.browser.fill("#typed", "slots10").await;
        scene.browser.click("#confirm form button").await;

        scene.browser.wait_for_text("Version added.").await;
        assert_eq!(versions(scene).await, 2);
    })
    .await;
}
