//! Presence: what counts, and why; what is corrected, what arrives late, and what another policy would change.

use std::sync::Arc;

use fantoccini::key::Key;
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

/// The cell that has the focus: its class and what it says to who cannot see it.
async fn focused(scene: &Scene) -> (String, String) {
    let script = "const at = document.activeElement; return [at.className, at.getAttribute('aria-label') || ''];";
    let cell = scene.browser.run(script).await;
    (cell[0].as_str().unwrap_or_default().to_owned(), cell[1].as_str().unwrap_or_default().to_owned())
}

/// Walks by keys from the page's head to yesterday's cell of a row of the month grid.
async fn walk_to(scene: &Scene, row: usize) {
    for _ in 0..80 {
        if focused(scene).await.0.contains("cell") {
            break;
        }
        scene.browser.press(&Key::Tab.to_string()).await;
    }
    assert!(focused(scene).await.0.contains("cell"), "the grid is one tab stop");
    for _ in 0..row {
        scene.browser.press(&Key::Down.to_string()).await;
    }
    scene.browser.press(&Key::End.to_string()).await;
    scene.browser.press(&Key::Home.to_string()).await;
    for _ in 1..yesterday().day() {
        scene.browser.press(&Key::Right.to_string()).await;
    }
}

/// The first row of the month grid in which somebody was there yesterday.
async fn present_row(scene: &Scene) -> usize {
    let script = "return [...document.querySelectorAll('table.month tbody tr')].findIndex(row =>
        /full|half/.test(row.querySelectorAll('[data-cell]')[arguments[0] - 1].className));";
    let day = vec![json!(yesterday().day())];
    let found = scene.browser.client.execute(script, day).await.unwrap();
    usize::try_from(found.as_i64().unwrap()).expect("somebody was there yesterday")
}

/// What a row of the month grid adds up to.
async fn total(scene: &Scene, row: usize) -> String {
    let script = "return document.querySelectorAll('table.month tbody tr')[arguments[0]]
        .querySelector('td.number').textContent;";
    let total = scene.browser.client.execute(script, vec![json!(row)]).await.unwrap();
    total.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn journey_09_a_day_is_found_by_keys_read_corrected_with_a_reason_and_everything_of_it_is_written_down() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("lea").await;
        let month = format!("/presence/month?month={:04}-{:02}", yesterday().year(), yesterday().month());
        scene.open(&month).await;
        let row = present_row(scene).await;
        let before = total(scene, row).await;

        walk_to(scene, row).await;
        let (_, said) = focused(scene).await;
        assert!(said.contains("final") || said.contains("provisional"), "{said}");
        scene.browser.press(&Key::Enter.to_string()).await;
        scene.browser.wait_for_address("/presence/days/").await;
        let day = scene.browser.address().await;
        scene.browser.wait_for_text("This look is recorded.").await;
        assert!(scene.browser.count("svg.day rect.seen").await > 0, "the strip shows when the device was seen");

        let worth = scene.browser.find("dl.values dd strong").await.text().await.unwrap();
        let other = if worth == "0.5" { "1" } else { "0.5" };
        scene.browser.click(&format!("select[name=value] option[value='{other}']")).await;
        scene.browser.fill("input[name=comment]", "left the phone at home").await;
        scene.browser.click("#form-presence_override_put button").await;

        scene.browser.wait_for_text("Override saved.").await;
        scene.browser.wait_for_text("corrected").await;
        let history = scene.browser.find("section[aria-labelledby=history]").await.text().await.unwrap();
        let both = history.contains(&worth) && history.contains(other);
        assert!(both && history.contains("left the phone at home") && history.contains("lea"), "{history}");
        scene.browser.wait_for_text(&format!("{worth} → {other}")).await;
        scene.open(&month).await;
        assert_ne!(total(scene, row).await, before);
        walk_to(scene, row).await;
        let (class, said) = focused(scene).await;
        assert!(class.contains("corrected") && said.contains("corrected"), "{class}: {said}");
        written_down(scene, &day).await;
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_square_of_a_month_can_be_seen() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("lea").await;
        let date = yesterday();
        scene.open(&format!("/presence/month?month={:04}-{:02}", date.year(), date.month())).await;
        scene.browser.unfold(".legend").await;
        let script = "return [...document.querySelectorAll('.cell')].filter(cell => {
            const box = cell.getBoundingClientRect();
            return box.width !== 24 || box.height !== 24 || getComputedStyle(cell).clipPath !== 'none';
        }).map(cell => cell.className);";
        assert_eq!(scene.browser.run(script).await, json!([]), "squares of another size, or hidden ones");
        assert!(scene.browser.count(".legend .cell").await >= 7);
        let field = scene.browser.run("return document.querySelector('input[type=month]').value;").await;
        assert_eq!(field, json!(format!("{:04}-{:02}", date.year(), date.month())));
    })
    .await;
}

/// The audit log has the look and the write.
async fn written_down(scene: &Scene, day: &str) {
    let steps: Vec<&str> = day.split('?').next().unwrap().rsplit('/').take(2).collect();
    scene.open("/audit?account=lea").await;
    scene.browser.wait_for_text("Correct this day").await;
    scene.browser.wait_for_text("look (day)").await;
    scene.browser.wait_for_text(&format!("{} {}", steps[1], steps[0])).await;
}

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
