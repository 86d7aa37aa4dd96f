//! One card in two boxes: noticed, named, kept apart, and neither loses what it collected.

use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};
use vigie_tests::punches::listed;
use vigie_tests::stored::Stored;

async fn diary_has(hub: &HubProcess, kind: &str) -> bool {
    let Ok(diary) = hub.get("/api/v1/diary").await else { return false };
    diary["items"].as_array().is_some_and(|entries| entries.iter().any(|entry| entry["kind"] == kind))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloned_data_folder_is_recognised_and_both_streams_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut original = BoxProcess::enrol(&hub, "twin01", folder.path()).await.unwrap();
    original.start_punching().unwrap();
    wait_for("a connection", async || original.is_connected()).await.unwrap();
    original.kill();
    let mut copy = original.copy_card(&folder.path().join("copy")).unwrap();
    std::fs::copy(original.list(), copy.list()).unwrap();

    original.start_punching().unwrap();
    copy.start_punching().unwrap();
    wait_for("the clone's name in the diary", async || diary_has(&hub, "two_boxes").await).await.unwrap();
    wait_for("a disputed queue in the diary", async || diary_has(&hub, "box_cloned").await).await.unwrap();

    // One after the other, as after the repair: each delivers what it collected.
    original.kill();
    copy.kill();
    original.drain().await.unwrap();
    copy.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());

    let held = Stored::open(&folder.path().join("data")).unwrap().punches(&original.site).await.unwrap();
    for list in [original.list(), copy.list()] {
        for (terminal, punches) in listed(&list).unwrap() {
            let missing = punches.durable.iter().filter(|number| !held[&terminal].contains(number)).count();
            assert_eq!(missing, 0, "{terminal}: {missing} of {} punches are missing", punches.durable.len());
        }
    }
}
