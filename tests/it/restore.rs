//! A hub that comes back from an older backup: loses nothing that boxes still hold, and says what it lacks.

use serde_json::json;
use vigie_hub::store::facts::GapReason;
use vigie_shared::wire::Lane;
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};
use vigie_tests::punches::listed;
use vigie_tests::stored::Stored;

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_hub_takes_everything_that_boxes_hold_and_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "again01", folder.path()).await.unwrap();
    victim.start_punching().unwrap();
    wait_for("a connection", async || victim.is_connected()).await.unwrap();
    let backup = hub.post("/api/v1/backups", &json!({})).await.unwrap();
    let backup = backup["path"].as_str().expect("the answer names the backup").to_owned();

    // What arrives after the backup is receipted and forgotten by the box: the restored hub cannot have it.
    let waiting_at_backup = listed(&victim.list()).unwrap()["test0"].durable.len();
    wait_for("more punches", async || listed(&victim.list()).unwrap()["test0"].durable.len() > waiting_at_backup + 50)
        .await
        .unwrap();
    victim.kill();
    victim.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
    let restored = hub.run_verb(&["restore", &backup, "--replace"]).await.unwrap();
    assert!(!restored.is_empty(), "restore says what it did");

    // What waits on the box at the moment of the restore must arrive.
    victim.start_punching().unwrap();
    let before = listed(&victim.list()).unwrap()["test0"].durable.len();
    wait_for("punches during the outage", async || {
        listed(&victim.list()).unwrap()["test0"].durable.len() > before + 20
    })
    .await
    .unwrap();
    hub.start().await.unwrap();
    victim.kill();
    victim.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());

    let stored = Stored::open(&folder.path().join("data")).unwrap();
    let held = stored.punches(&victim.site).await.unwrap();
    let gaps = stored.gaps(&victim.site).await.unwrap();
    let lacking: u64 = gaps.iter().filter(|gap| gap.lane == Lane::Ledger).map(|gap| gap.to - gap.from + 1).sum();
    assert!(gaps.iter().all(|gap| gap.reason == GapReason::HubRestored), "{gaps:?}");
    assert!(lacking > 0, "the punches between backup and restore are named as missing");
    let punches = listed(&victim.list()).unwrap();
    let durable: usize = punches.values().map(|punches| punches.durable.len()).sum();
    let kept: usize = held.values().map(Vec::len).sum();
    assert!(kept as u64 + lacking >= durable as u64, "{durable} durable, {kept} held, {lacking} named as missing");
    let tail = &punches["test0"].durable[before..];
    assert!(tail.iter().all(|number| held["test0"].contains(number)), "what waited during the outage is missing");
}
