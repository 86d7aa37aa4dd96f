//! A hub whose projections were damaged: `rebuild` shows again what was shown before, also what no record tells any more.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::sites::Site;
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::pseudonym::Pseudonym;
use vigie_shared::wire::reading::{Coverage, DeviceRef, HostSample, Sight, Sighting, Sightings};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};
use vigie_tests::processes::{HubProcess, wait_for};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Days ago: some beyond the retention of 30 days, some within.
const DAYS: [i64; 5] = [50, 40, 35, 20, 1];

fn sight(device: u8) -> Reading {
    let device = DeviceRef::Known(Pseudonym([device; 16]));
    let row = Sighting { device, first_ago_s: 60, last_ago_s: 0, count: 3, sources: 1, flags: 0 };
    Reading::Sightings(Sightings { network: "lan".to_owned(), rows: vec![row] })
}

fn coverage() -> Reading {
    let network = "lan".to_owned();
    Reading::Coverage(Coverage { network, from_ago_s: 300, to_ago_s: 0, asked: 9, answered: 9, sight: Sight::Clear })
}

/// What a box delivered over the last weeks, as it lies in the store of a hub that does not run.
async fn deliver(data: &Path, site: &SiteId) {
    let store =
        Sqlite::open(&data.join(vigie_hub::backup::DATABASE), Vault::open(&data.join("store.key")).unwrap()).unwrap();
    let name = "Metz".to_owned();
    let zone = "Europe/Paris".to_owned();
    store.add_site(&Site::new(site.clone(), name, zone, 1)).await.unwrap();
    let now_ms = SystemClock::new(|| true).wall_ms();
    for (position, days) in (0u64..).zip(DAYS) {
        let received_ms = now_ms - days * DAY_MS;
        let record = |reading| {
            let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: received_ms - 1_000, is_synced: true };
            Record { stamp, reading }.encode().into()
        };
        let cpu_permille = u16::try_from(days * 10).unwrap();
        let sample = record(Reading::Host(HostSample { cpu_permille, ..HostSample::default() }));
        // One device was seen on each day, one only long ago.
        let seen = vec![record(sight(1)), record(if days > 30 { sight(2) } else { coverage() })];
        let mut commit = Commit { received_ms, ..Commit::default() };
        for (lane, number, records) in [(Lane::Telemetry, 1, vec![sample]), (Lane::Observations, 2, seen)] {
            let (count, queue) = (records.len() as u64, QueueId([number; 16]));
            let (start, through) = (position * count + 1, (position + 1) * count);
            commit.arrivals.push(Arrival { site: site.clone(), lane, queue, start, records });
            commit.queues.push(QueueState { site: site.clone(), lane, queue, through, born_ms: 1 });
        }
        store.commit(Arc::new(commit)).await.unwrap();
    }
}

/// Everything derived that the API shows, but for the diary.
async fn shown(hub: &HubProcess) -> Value {
    let from = "from=2020-01-01T00:00:00Z";
    let mut raw = hub.get(&format!("/api/v1/sites/metz?{from}")).await.unwrap();
    raw["diary"].take();
    let hours = hub.get(&format!("/api/v1/sites/metz?{from}&resolution=hour")).await.unwrap()["hours"].take();
    let devices = hub.get("/api/v1/devices").await.unwrap();
    serde_json::json!({ "raw": raw, "hours": hours, "devices": devices })
}

fn count(list: &Value) -> usize {
    list["items"].as_array().unwrap().len()
}

fn damage(data: &Path) {
    let database = rusqlite::Connection::open(data.join(vigie_hub::backup::DATABASE)).unwrap();
    database.busy_timeout(vigie_tests::processes::PATIENCE).unwrap();
    database
        .execute_batch(
            "UPDATE device SET sightings = 999, first_seen_ms = 5;
             INSERT INTO device SELECT site_no, 'nobody', boot, 0, kind, ip, name, 1, 2, 3, 4, 0 FROM device LIMIT 1;
             DELETE FROM metric; DELETE FROM coverage; UPDATE cursor SET complete_ms = 7;",
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_repairs_what_was_damaged_and_keeps_what_no_record_tells_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let (data, site) = (folder.path().join("data"), "metz".parse().unwrap());
    hub.run_verb(&["init"]).await.unwrap();
    deliver(&data, &site).await;
    hub.start().await.unwrap();
    wait_for("every sample", async || count(&shown(&hub).await["hours"]) == DAYS.len()).await.unwrap();
    // The round of retention that follows a rebuild settles what is too old.
    hub.run_verb(&["rebuild"]).await.unwrap();
    wait_for("retention", async || count(&shown(&hub).await["raw"]["metrics"]) == 2).await.unwrap();
    wait_for("retention of sightings", async || shown(&hub).await["raw"]["coverage"].as_array().unwrap().len() == 2)
        .await
        .unwrap();
    let before = shown(&hub).await;
    assert_eq!((count(&before["hours"]), count(&before["devices"])), (DAYS.len(), 2));
    assert_eq!(before["devices"]["items"][0]["sightings"], 15);

    damage(&data);
    assert_ne!(shown(&hub).await, before);
    let said = hub.run_verb(&["rebuild"]).await.unwrap();

    assert!(said.contains("from 6 records"), "two days are left to follow: {said}");
    assert_eq!(shown(&hub).await, before);
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
}
