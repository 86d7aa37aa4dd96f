//! Sights of a registered device through a real hub to the old backend: computed because a file in a folder asks for it,
//! told once although the box delivered twice.

mod week;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::sites::Site;
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;
use vigie_shared::wire::reading::{Coverage, DeviceRef, Sight, Sighting, Sightings, Source};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};
use vigie_tests::processes::{HubProcess, wait_for};
use vigie_tests::tickets::{Backend, SECRET};

const PHONE: &str = "8e:1b:7c:00:11:22";

const DAY_MS: i64 = 24 * 3_600_000;

/// An hour of a device the day before yesterday, as it lies in the store of a hub that does not run: the box delivered
/// the same row twice.
async fn deliver(data: &Path, site: &SiteId, ended_ms: i64) {
    let vault = Vault::open(&data.join("store.key")).unwrap();
    let store = Sqlite::open(&data.join(vigie_hub::backup::DATABASE), vault).unwrap();
    let zone = "Europe/Paris".to_owned();
    store.add_site(&Site::new(site.clone(), "Metz".to_owned(), zone, ended_ms - 5 * DAY_MS)).await.unwrap();
    let key = PseudonymKey::new(&store.pseudonym_secret(site).await.unwrap());
    let device = DeviceRef::Known(key.name(PHONE.parse::<Mac>().unwrap()));
    let row =
        Sighting { device, first_ago_s: 3_600, last_ago_s: 0, count: 60, sources: Source::ArpReply.bit(), flags: 0 };
    let seen = Reading::Sightings(Sightings { network: "lan".to_owned(), rows: vec![row] });
    let (network, from_ago_s) = ("lan".to_owned(), 12 * 3_600);
    let clear =
        Reading::Coverage(Coverage { network, from_ago_s, to_ago_s: 0, asked: 9, answered: 9, sight: Sight::Clear });
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 90_000_000, wall_ms: ended_ms, is_synced: true };
    let records = [seen.clone(), seen, clear].map(|reading| Record { stamp, reading }.encode().into());
    let (lane, queue) = (Lane::Observations, QueueId([1; 16]));
    let commit = Commit {
        arrivals: vec![Arrival { site: site.clone(), lane, queue, start: 1, records: records.into() }],
        queues: vec![QueueState { site: site.clone(), lane, queue, through: 3, born_ms: 1 }],
        received_ms: ended_ms,
        ..Commit::default()
    };
    store.commit(Arc::new(commit)).await.unwrap();
}

async fn done(folder: &Path, id: &str, request: &Value) -> String {
    std::fs::write(folder.join(format!("{id}.new")), request.to_string()).unwrap();
    std::fs::rename(folder.join(format!("{id}.new")), folder.join(id)).unwrap();
    let response = folder.join(format!("{id}.response"));
    wait_for("the whole answer", async || response.exists()).await.unwrap();
    assert!(!folder.join(format!("{id}.stream")).exists());
    std::fs::read_to_string(response).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sights_become_a_value_at_the_old_backend_once_although_delivered_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (backend, flags) = (Backend::start("").await.unwrap(), folder.path().join("flags"));
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let settings =
        "[connectors]\nallow = [\"127.0.0.1\"]\nretry_min = \"1s\"\nretry_max = \"2s\"\n[presence]\nrequests =";
    hub.configure(&format!("{settings} \"{}\"", flags.display())).unwrap();
    hub.run_verb(&["init"]).await.unwrap();
    let day = jiff::Zoned::now().date().checked_sub(jiff::Span::new().days(2)).unwrap();
    let noon_ms = day.at(12, 0, 0, 0).in_tz("Europe/Paris").unwrap().timestamp().as_millisecond();
    deliver(&folder.path().join("data"), &"metz".parse().unwrap(), noon_ms).await;
    hub.start().await.unwrap();
    hub.run_verb(&["person", "set", "lea", "--name", "Lea", "--email", "lea@example.org"]).await.unwrap();
    let secret = folder.path().join("key");
    std::fs::write(&secret, SECRET).unwrap();
    let (base, key) = (format!("http://127.0.0.1:{}", backend.port), format!("key={}", secret.display()));
    let connector = ["connector", "add", "tickets", "--mapping", "tickets", "--base", &base, "--secret", &key];
    hub.run_verb(
        &[connector.as_slice(), &["--start-at", "2020-01-01T00:00:00Z", "--interval", "immediate", "--on"]].concat(),
    )
    .await
    .unwrap();
    let added = ["device", "add", PHONE, "--site", "metz", "--person", "lea", "--from", "2020-01-01T00:00:00Z"];
    hub.run_verb(&added).await.unwrap();
    let shown = async || hub.get(&format!("/api/v1/presence/days/lea/{day}")).await.unwrap();
    wait_for("the strip", async || shown().await["day"]["slots"].as_array().is_some_and(|slots| slots.len() == 7))
        .await
        .unwrap();

    let period = serde_json::json!({ "slug": "presences-daterange", "start": day.to_string(), "end": day.to_string() });
    let said = done(&flags, "first", &period).await;
    // The hub's own round may have come first.
    let is_told = said.contains(&format!("{day}  lea: 0.5; told as revision 1"));
    assert!(is_told || said.contains("0 go to third parties"), "{said}");
    wait_for("the call of the backend", async || !backend.bodies("/api/presence").is_empty()).await.unwrap();
    let device = serde_json::json!({ "slug": "presences-mac", "mac": PHONE.to_uppercase(), "period": day.year() });
    let again = done(&flags, "second", &device).await;

    assert!(again.contains("days of 1 people") && !again.contains("told as revision"), "{again}");
    let expected = format!("amount=0.5&date={day}&email=lea%40example.org&key={SECRET}");
    assert_eq!(backend.bodies("/api/presence"), [expected]);
    let explained = hub.run_verb(&["presence", "explain", "lea", &day.to_string()]).await.unwrap();
    assert!(explained.contains("worth 0.5") && !explained.contains("8e:1b"), "{explained}");
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
    backend.stop();
}
