//! Single stories that the laws do not tell, or tell too rarely.

use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::frame::seal;
use vigie_shared::wire::{Batch, Below};

use super::LANE;
use super::boxes::Box;
use super::hub::{Bugs, now};
use super::world::{Event, World};
use crate::ingest::Ingest;
use crate::store::facts::GapReason;
use crate::store::{Diary, Facts};

#[test]
fn a_restored_hub_says_what_it_lacks_and_takes_what_the_box_still_has() {
    let mut world = World::new(vec![Box::new("a", 1)], Bugs::default());
    world.apply(&Event::Produce(3));
    world.settle().unwrap();
    world.apply(&Event::Backup);
    world.apply(&Event::Produce(4));
    world.settle().unwrap();
    world.apply(&Event::Produce(2));
    world.apply(&Event::Restore);
    world.settle().unwrap();

    let gaps = now(world.hub.store.gaps(&world.site));
    let spans: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.to, gap.reason)).collect();
    assert_eq!(spans, [(4, 7, GapReason::HubRestored)]);
    assert_eq!(world.stored().iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 8, 9]);
}

#[test]
fn a_card_put_back_is_recognised_and_both_streams_are_kept() {
    let mut world = World::new(vec![Box::new("a", 1)], Bugs::default());
    world.apply(&Event::Produce(3));
    world.settle().unwrap();
    let mut old_card = world.boxes[0].clone();
    (old_card.name, old_card.instance) = ("old", 2);
    world.apply(&Event::Produce(4));
    world.settle().unwrap();
    world.boxes[0] = old_card;
    world.apply(&Event::Produce(2));
    world.settle().unwrap();

    assert_eq!(world.stored().len(), 9);
    assert_eq!(now(world.hub.store.queues()).len(), 2);
    let kinds: Vec<_> = now(world.hub.store.entries(None, 9)).into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["queue_new", "box_cloned"]);
}

#[test]
fn records_of_an_unknown_version_are_kept_and_told_once_per_version() {
    let site: SiteId = "a".parse().unwrap();
    let mut ingest = Ingest::default();
    let records: Vec<Vec<u8>> = [9, 9, 1, 8].into_iter().map(|version| seal(version, "?")).collect();
    let records = records.iter().map(|record| serde_bytes::Bytes::new(record)).collect();
    let batch = Batch { queue: QueueId([1; 16]), first: 1, below: Below::Receipted, start: 1, records };

    assert_eq!(ingest.on_batch(&site, LANE, &batch.encode().into(), 0), None);

    let group = ingest.take_group(0).unwrap();
    assert_eq!(group.commit.arrivals[0].records.len(), 4);
    assert_eq!(group.commit.entries.iter().filter(|entry| entry.kind == "record_version_unknown").count(), 2);
}

#[test]
fn a_record_too_short_for_a_checksum_is_kept_and_may_come_again() {
    let site: SiteId = "a".parse().unwrap();
    let mut ingest = Ingest::default();
    for _ in 0..2 {
        let records = vec![serde_bytes::Bytes::new(b"\x01x")];
        let batch = Batch { queue: QueueId([1; 16]), first: 1, below: Below::Receipted, start: 1, records };
        assert_eq!(ingest.on_batch(&site, LANE, &batch.encode().into(), 0), None);
    }
    let counters = ingest.counters();
    assert_eq!((counters.records, counters.duplicates, counters.disputes), (1, 1, 0));
}

#[test]
fn numbers_that_make_no_sense_are_counted_and_ignored() {
    let site: SiteId = "a".parse().unwrap();
    let mut ingest = Ingest::default();
    let record = seal(1, "x");
    for (first, start) in [(0, 1), (2, 1), (1, u64::MAX), (1, u64::MAX / 2), (0, 0)] {
        let records = vec![serde_bytes::Bytes::new(&record); 2];
        let batch = Batch { queue: QueueId([1; 16]), first, below: Below::Dropped, start, records };
        assert_eq!(ingest.on_batch(&site, LANE, &batch.encode().into(), 0), None);
    }
    assert_eq!(ingest.counters().malformed, 5);
    assert!(ingest.take_group(0).is_none());
}
