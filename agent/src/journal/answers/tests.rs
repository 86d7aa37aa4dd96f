//! Status, verification and export of lanes that are whole, damaged or empty.

use std::sync::Arc;
use std::time::Duration;

use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{HostSample, Punch};

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

#[tokio::test]
async fn what_waits_is_exported_and_reads_back() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 20).await;
    let file = place.path().join("export");
    let mut told = (0, 0);

    let exported = export(&journal, &file, &mut |done, total| told = (done, total)).await.unwrap();

    assert_eq!((exported.records, told), (40, (40, 40)));
    let items: Vec<ExportItem> = read_export(&file).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(matches!(&items[0], ExportItem::Header { lanes, .. } if lanes.len() == 3));
    assert!(matches!(&items[20], ExportItem::Record { lane: Lane::Ledger, position: 20, bytes, .. }
        if matches!(Record::decode(bytes).unwrap().reading, Reading::Punch(Punch { enrol_id: 20, .. }))));
    assert_eq!(items.last(), Some(&ExportItem::End { records: 40 }));
}

#[tokio::test]
async fn a_cut_off_export_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let (journal, _lifecycle) = filled(place.path(), 3).await;
    let file = place.path().join("export");
    let size = export(&journal, &file, &mut |_, _| {}).await.unwrap().bytes;
    File::options().write(true).open(&file).unwrap().set_len(size - 10).unwrap();

    let items: Vec<_> = read_export(&file).unwrap().collect();

    assert_eq!(items.len(), 8);
    assert!(items[7].is_err());
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
