//! A time clock's log from a box's ledger to the API and a spreadsheet: what was sent twice is shown once.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::sites::Site;
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::reading::{LogOrigin, LogRow, TerminalLog};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};
use vigie_tests::processes::{HubProcess, wait_for};

/// One message of a terminal in Paris: a person, a door, and a row that could not be read.
fn log() -> Reading {
    let row = |enrol_id, local_time: &str| LogRow {
        enrol_id: Some(enrol_id),
        local_time: local_time.to_owned(),
        in_out: Some(0),
        ..LogRow::default()
    };
    let unread = LogRow {
        flags: LogRow::UNREADABLE,
        rest: r#"{"name":"=HYPERLINK(\"x\")"}"#.to_owned(),
        ..row(7, "2026-02-30 25:61:00")
    };
    Reading::TerminalLog(TerminalLog {
        terminal: "ZXTEST000417".to_owned(),
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: Some(60_000),
        origin: LogOrigin::Pushed,
        log_index: Some(31),
        rows: vec![row(7, "2026-11-20 08:01:09"), row(0, "2026-11-20 08:01:10"), unread],
    })
}

/// The box's ledger as it lies in the store of a hub that does not run: the terminal sent its message twice.
async fn deliver(data: &Path, site: &SiteId) {
    let vault = Vault::open(&data.join("store.key")).unwrap();
    let store = Sqlite::open(&data.join(vigie_hub::backup::DATABASE), vault).unwrap();
    store.add_site(&Site::new(site.clone(), "Metz".to_owned(), "Europe/Paris".to_owned(), 1)).await.unwrap();
    let received_ms = SystemClock::new(|| true).wall_ms();
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: received_ms, is_synced: true };
    let bytes: Vec<_> = (0..2).map(|_| Record { stamp, reading: log() }.encode().into()).collect();
    let (lane, queue) = (Lane::Ledger, QueueId([1; 16]));
    let commit = Commit {
        arrivals: vec![Arrival { site: site.clone(), lane, queue, start: 1, records: bytes }],
        queues: vec![QueueState { site: site.clone(), lane, queue, through: 2, born_ms: 1 }],
        received_ms,
        ..Commit::default()
    };
    store.commit(Arc::new(commit)).await.unwrap();
}

async fn punches(hub: &HubProcess) -> Vec<Value> {
    hub.get("/api/v1/punches").await.unwrap()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminals_log_that_came_twice_is_shown_once_also_after_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.run_verb(&["init"]).await.unwrap();
    deliver(&folder.path().join("data"), &"metz".parse().unwrap()).await;
    hub.start().await.unwrap();
    wait_for("the punches", async || punches(&hub).await.len() == 3).await.unwrap();
    let before = punches(&hub).await;
    let person = before.iter().find(|punch| punch["kind"] == "person").unwrap();
    assert_eq!((&person["seen"], &person["counts"]), (&2.into(), &true.into()));
    assert_eq!(person["at"], "2026-11-20T07:00:09.000Z", "Paris, and a clock that was a minute ahead");

    hub.run_verb(&["rebuild"]).await.unwrap();
    assert_eq!(punches(&hub).await, before);
    let csv = hub.run_verb(&["attendance", "punches", "--csv"]).await.unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(!csv.contains(",=") && !csv.contains(",\"="), "a formula would be computed: {csv}");
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
}
