//! Status, verification and export of lanes that are whole, damaged or empty.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigie_shared::clock::SystemClock;
use vigie_shared::export::{Author, Sheet, SignedCover, Splitter};
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::{HostSample, Punch};
use vigie_shared::wire::{Batch, Reading};

use super::super::{JournalOptions, OnDamage, QueueConfig};
use super::*;

async fn filled(folder: &Path, records: u64) -> (Journal, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let config = QueueConfig { flush_interval: Duration::from_secs(3600), free_bytes_min: 0, ..QueueConfig::default() };
    let clock = Arc::new(SystemClock::new(|| true));
    let options = JournalOptions { folder: folder.join("queue"), config, clock, on_damage: OnDamage::SetAside };
    let journal = Journal::start(options, &lifecycle).unwrap();
    for enrol_id in 1..=records {
        let punch = Punch { enrol_id, ..Punch::default() };
        let appends = (journal.append(Reading::Punch(punch)), journal.append(Reading::Host(HostSample::default())));
        appends.0.await.unwrap();
        appends.1.await.unwrap();
    }
    (journal, lifecycle)
}

const PRIVATE: [u8; 32] = [9; 32];

/// What an export of the journal holds: the records of each lane with their positions.
async fn exported(journal: &Journal) -> (Exported, Vec<(Lane, u64, Vec<u8>)>) {
    let sign = |_: &[u8]| Ok(vec![1]);
    let hub_key = x25519_dalek::x25519(PRIVATE, x25519_dalek::X25519_BASEPOINT_BYTES);
    let author = Author { site: "metz".parse().unwrap(), hub_key, certificate: vec![2], sign: &sign };
    let mut file = Vec::new();
    let exported = export(journal, author, &mut file).await.unwrap();
    assert_eq!(exported.bytes, file.len() as u64);
    let mut splitter = Splitter::default();
    splitter.push(&file);
    let cover = SignedCover::decode(&splitter.next_piece().unwrap().unwrap()).unwrap().cover().unwrap();
    let mut channel = cover.join(&x25519_dalek::x25519(PRIVATE, cover.encapsulated));
    let mut records = Vec::new();
    while let Some(mut piece) = splitter.next_piece().unwrap() {
        match Sheet::open(&mut channel, &mut piece).unwrap() {
            Sheet::Lanes(lanes) => assert_eq!(lanes.len(), 3),
            Sheet::Records { lane, batch } => {
                let batch = Batch::decode(batch).unwrap();
                let positions = (batch.start..).zip(&batch.records);
                records.extend(positions.map(|(position, record)| (lane, position, record.to_vec())));
            }
            Sheet::End { records: count } => assert_eq!(count, records.len() as u64),
        }
    }
    assert!(splitter.is_even());
    (exported, records)
}

#[tokio::test]
async fn what_waits_is_exported_and_reads_back() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 2000).await;

    let (exported, records) = exported(&journal).await;

    assert_eq!((exported.records, records.len()), (4000, 4000));
    assert!(records[..2000].iter().zip(1..).all(|((lane, position, record), wanted)| {
        let Reading::Punch(punch) = Record::decode(record).unwrap().reading else { return false };
        (*lane, *position, punch.enrol_id) == (Lane::Ledger, wanted, wanted)
    }));
}

#[tokio::test]
async fn nothing_waiting_is_an_export_too() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 0).await;
    assert_eq!(exported(&journal).await.0.records, 0);
}

#[tokio::test]
async fn verify_counts_what_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 1000).await;

    let verdict = verify(&journal, &mut |_, _| {}).await.unwrap();

    assert!(verdict.is_whole());
    let whole: Vec<(Lane, u64)> = verdict.lanes.iter().map(|lane| (lane.lane, lane.whole)).collect();
    assert_eq!(whole, [(Lane::Ledger, 1000), (Lane::Observations, 0), (Lane::Telemetry, 1000)]);
}

#[tokio::test]
async fn what_a_person_drops_is_counted() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 5).await;

    let discarded = discard(&journal, Lane::Telemetry, 2).await.unwrap();

    assert_eq!(discarded, Discarded { lane: Lane::Telemetry, records: 2, waiting: 3 });
    let status = status(&journal);
    assert_eq!((status.lanes[2].first, status.lanes[2].dropped, status.lanes[2].below), (3, 2, Below::Dropped));
}
