//! A full disk, for real: a small tmpfs. Nothing said to be safe is lost, and the queue lives on. Needs root.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use vigie_agent::journal::{Journal, JournalError, JournalOptions, OnDamage, QueueConfig};
use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::{Punch, Sightings};
use vigie_shared::wire::{Lane, Reading, Record};
use vigie_tests::not_run;

/// A tmpfs of a few megabytes; unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(place.path()).status();
        assert!(mounted.unwrap().success());
        Self(place)
    }

    fn queue(&self) -> PathBuf {
        self.0.path().join("queue")
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let file = std::fs::File::create(self.0.path().join("filler")).unwrap();
        let copied = std::io::copy(&mut std::io::repeat(7), &mut &file);
        assert!(copied.is_err(), "the disk has no end");
    }

    fn clear(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn open(small: &Small, free_bytes_min: u64) -> (Journal, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let config = QueueConfig {
        flush_interval: Duration::from_millis(1),
        free_bytes_min,
        free_inodes_min: 0,
        ..QueueConfig::default()
    };
    let clock = Arc::new(SystemClock::new(|| true));
    let options = JournalOptions { folder: small.queue(), config, clock, on_damage: OnDamage::SetAside };
    (Journal::start(options, &lifecycle).unwrap(), lifecycle)
}

fn punch(enrol_id: u64) -> Reading {
    Reading::Punch(Punch { enrol_id, extra: "x".repeat(1000), ..Punch::default() })
}

async fn punches(journal: &Journal) -> Vec<u64> {
    let mut ids = Vec::new();
    loop {
        let slice = journal.read(Lane::Ledger, ids.len() as u64 + 1, 1000, 1 << 20).await.unwrap();
        if slice.records.is_empty() {
            return ids;
        }
        ids.extend(slice.records.iter().map(|record| match Record::decode(record).unwrap().reading {
            Reading::Punch(punch) => punch.enrol_id,
            other => panic!("{other:?} in the ledger"),
        }));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_punches_keeps_the_stored_and_recovers() {
    if !nix::unistd::geteuid().is_root() {
        return not_run("needs root to mount a small disk");
    }
    // The quota stops the queue before the disk does; without it, the disk itself fails under a write.
    fill_and_recover(3 << 20).await;
    fill_and_recover(0).await;
}

async fn fill_and_recover(free_bytes_min: u64) {
    let small = Small::new();
    let (journal, lifecycle) = open(&small, free_bytes_min);
    let mut safe = Vec::new();
    for id in 0..500 {
        journal.append(punch(id)).await.unwrap();
        safe.push(id);
    }
    small.fill();

    let mut refused = 0;
    for id in 500..2_000 {
        match journal.append(punch(id)).await {
            Ok(()) => safe.push(id),
            Err(JournalError::Full(_) | JournalError::Storage(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        if refused > 20 {
            break;
        }
    }
    assert!(refused > 0, "the disk was not full");
    small.clear();

    let mut id = 5_000;
    let recovered = async {
        while journal.append(punch(id)).await.is_err() {
            id += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), recovered).await.expect("the ledger lives on");
    safe.push(id);
    let mut stored = punches(&journal).await;
    // A refused punch may be there all the same: its terminal sends it again, and it is known by its number.
    stored.retain(|id| safe.contains(id));
    assert_eq!(stored, safe);

    drop(journal);
    lifecycle.stop();
    lifecycle.wait().await;
    let (journal, _lifecycle) = open(&small, free_bytes_min);
    let mut stored = punches(&journal).await;
    stored.retain(|id| safe.contains(id));
    assert_eq!(stored, safe);
}

#[tokio::test]
async fn on_a_full_disk_observations_never_wait_and_the_newest_stay() {
    if !nix::unistd::geteuid().is_root() {
        return not_run("needs root to mount a small disk");
    }
    let small = Small::new();
    let (journal, _lifecycle) = open(&small, 3 << 20);
    let sighting = |number: u64| {
        Reading::Sightings(Sightings { network: format!("{number} {}", "x".repeat(2000)), rows: Vec::new() })
    };
    for number in 0..4_000 {
        let appended = tokio::time::timeout(Duration::from_secs(30), journal.append(sighting(number))).await;
        appended.expect("observations never wait for the disk").unwrap();
        if number == 1_000 {
            small.fill();
        }
    }
    small.clear();

    let written = async {
        while journal.append(sighting(4_000)).await.is_err() || journal.flush().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), written).await.expect("the lane lives on");
    let hello = journal.hello().into_iter().find(|hello| hello.lane == Lane::Observations).unwrap();
    let slice = journal.read(Lane::Observations, hello.last, 1, 1 << 20).await.unwrap();
    assert_eq!(slice.records.len(), 1);
}
