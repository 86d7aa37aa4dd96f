//! Backups made under load, verified, restored; and what the ingest says afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vigie_shared::id::{BootId, InstanceId, QueueId, SiteId};
use vigie_shared::wire::{Below, Hello, Lane, LaneHello, Receipted, Stamp};

use super::*;
use crate::ingest::Ingest;
use crate::store::facts::{Arrival, Commit, Facts as _, GapReason, QueueState};
use crate::store::{Sites as _, Vault};

const QUEUE: QueueId = QueueId([1; 16]);

fn site() -> SiteId {
    "a".parse().unwrap()
}

fn open(data: &Path) -> Sqlite {
    std::fs::create_dir_all(data).unwrap();
    Sqlite::open(&data.join(DATABASE), Vault::open(&data.join("store.key")).unwrap()).unwrap()
}

async fn add(store: &Sqlite, start: u64, end: u64) {
    let (lane, queue) = (Lane::Ledger, QUEUE);
    let records = (start..=end).map(|seq| vigie_shared::wire::frame::seal(1, &seq).into()).collect();
    let commit = Commit {
        arrivals: vec![Arrival { site: site(), lane, queue, start, records }],
        queues: vec![QueueState { site: site(), lane, queue, through: end, born_ms: 0 }],
        ..Commit::default()
    };
    store.commit(Arc::new(commit)).await.unwrap();
}

async fn held(store: &Sqlite) -> usize {
    store.records(&site(), QUEUE, 0, 1_000_000).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_under_load_is_whole_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    let store = Arc::new(open(&data));
    add(&store, 1, 20_000).await;
    let secret = store.pseudonym_secret(&site()).await.unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = async {
        let mut next = 20_001;
        while !is_done.load(Ordering::SeqCst) {
            add(&store, next, next + 9).await;
            next += 10;
        }
        next - 1
    };
    let backup = async {
        let made = write(&store, (&data, &["store.key".into()]), &target, 1_000, |_progress| {}).await;
        is_done.store(true, Ordering::SeqCst);
        made.unwrap()
    };
    let (written, made) = tokio::join!(writer, backup);
    assert!(made.folder.ends_with("vigie-backup-19700101T000001Z"), "{}", made.folder.display());
    assert_eq!(verify(&made.folder).unwrap(), made.manifest);
    assert_eq!(held(&store).await as u64, written);

    drop(store);
    let again = folder.path().join("again");
    let restored = restore(&made.folder, &again, 5).unwrap();
    assert_eq!(restored.set_aside, None);
    let store = open(&again);
    let count = held(&store).await as u64;
    assert!((20_000..=written).contains(&count), "{count} of {written}");
    assert_eq!(store.queues().await.unwrap()[0].through, count, "the copy shows one moment");
    assert_eq!(store.pseudonym_secret(&site()).await.unwrap(), secret);
}

#[tokio::test]
async fn a_restored_hub_keeps_what_stood_there_and_names_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    let store = open(&data);
    add(&store, 1, 3).await;
    let made = write(&store, (&data, &[]), &target, 1_000, |_| {}).await.unwrap();
    add(&store, 4, 9).await;
    drop(store);

    let restored = restore(&made.folder, &data, 5).unwrap();

    let aside = restored.set_aside.clone().unwrap();
    assert!(aside.join(DATABASE).exists());
    assert!(restored.to_string().contains("gap"));
    let store = open(&data);
    assert_eq!(held(&store).await, 3);
    let mut ingest = Ingest::new(store.queues().await.unwrap());
    let lane = LaneHello {
        lane: Lane::Ledger,
        queue: QUEUE,
        first: 8,
        last: 11,
        receipted: Some(Receipted { seq: 7, crc: 1 }),
        below: Below::Receipted,
    };
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: 1, is_synced: true };
    let hello = Hello { version: String::new(), instance: InstanceId([1; 16]), stamp, lanes: vec![lane] };
    assert_eq!(ingest.on_hello(&site(), &hello, 10), None);
    let group = ingest.take_group(10).unwrap();
    store.commit(Arc::clone(&group.commit)).await.unwrap();

    let gaps = store.gaps(&site()).await.unwrap();
    assert_eq!(
        gaps.iter().map(|gap| (gap.from, gap.to, gap.reason)).collect::<Vec<_>>(),
        [(4, 7, GapReason::HubRestored)]
    );
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_hub_or_from_a_damaged_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    let store = open(&data);
    add(&store, 1, 3).await;
    let made = write(&store, (&data, &["store.key".into()]), &target, 1_000, |_| {}).await.unwrap();
    {
        let _running = FolderLock::take(&data).unwrap();
        let error = restore(&made.folder, &data, 5).unwrap_err().to_string();
        assert!(error.contains("a hub is running"), "{error}");
    }
    std::fs::write(made.folder.join("files/store.key"), "changed").unwrap();
    let error = restore(&made.folder, &data, 5).unwrap_err().to_string();
    assert!(error.contains("store.key"), "{error}");
    assert_eq!(held(&store).await, 3);
    assert!(restore(&target, &data, 5).is_err(), "a folder that is no backup");
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    let store = open(&data);
    for bad in ["missing.pem", "../data/store.key", "/etc/hostname"] {
        assert!(write(&store, (&data, &[bad.into()]), &target, 1_000, |_| {}).await.is_err(), "{bad}");
    }
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn a_manifest_that_points_elsewhere_is_not_believed() {
    for bad in ["", "/etc/passwd", "../up", "a/../../b", "."] {
        assert!(ensure_inside(Path::new(bad)).is_err(), "{bad:?} was accepted");
    }
    assert!(ensure_inside(Path::new("ca/ca.pem")).is_ok());
}
