//! Laws of the ingest, checked against a model of boxes, a faulty link and a store that fails and is restored.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use self::boxes::Box;
use self::hub::{Bugs, now};
use self::world::{Event, World, any_event};
use super::Ingest;
use crate::store::Facts;
use crate::store::facts::GapReason;

mod boxes;
mod cases;
mod hub;
mod world;

const LANE: Lane = Lane::Telemetry;

/// One honest box: whatever happens, each record is stored once at its position, or named in a gap that is true.
fn check_one_box(events: &[Event], bugs: Bugs) -> Result<(), TestCaseError> {
    let mut world = World::new(vec![Box::new("a", 1)], bugs);
    let mut was_restored = false;
    for event in events {
        world.apply(event);
        was_restored |= matches!(event, Event::Restore) && world.hub.backup.is_some();
    }
    world.settle()?;

    let stored: BTreeMap<u64, Bytes> = world.stored().into_iter().map(|(_, seq, bytes)| (seq, bytes)).collect();
    let gaps = now(world.hub.store.gaps(&world.site));
    let the_box = &world.boxes[0];
    prop_assert_eq!(world.hub.ingest.counters().disputes, 0, "an honest box was taken for a clone");
    for (seq, produced) in (1..).zip(&the_box.produced) {
        let gap: Vec<_> = gaps.iter().filter(|gap| (gap.from..=gap.to).contains(&seq)).collect();
        match stored.get(&seq) {
            Some(bytes) => {
                prop_assert_eq!(bytes, produced, "position {} holds something else", seq);
                prop_assert!(gap.is_empty(), "position {} is stored and in a gap", seq);
            }
            None => {
                prop_assert_eq!(gap.len(), 1, "position {} is neither stored nor in one gap", seq);
                let is_true =
                    the_box.dropped.contains(&seq) || (was_restored && gap[0].reason == GapReason::HubRestored);
                prop_assert!(is_true, "position {} is in a gap without need: {:?}", seq, gap[0].reason);
            }
        }
    }
    prop_assert_eq!(stored.keys().filter(|seq| **seq > the_box.last).count(), 0);
    Ok(())
}

/// Two boxes with one identity and one past: what each of them produced and did not drop is stored.
fn check_clones(events: &[Event]) -> Result<(), TestCaseError> {
    let mut original = Box::new("a", 1);
    (0..3).for_each(|_| original.produce());
    let mut world = World::new(vec![original], Bugs::default());
    world.settle()?;
    let mut copy = world.boxes[0].clone();
    (copy.name, copy.instance) = ("b", 100);
    world.boxes.push(copy);
    for event in events.iter().filter(|event| !matches!(event, Event::Restore | Event::DropOldest)) {
        world.apply(event);
    }
    world.settle()?;

    let stored: BTreeSet<Bytes> = world.stored().into_iter().map(|(.., bytes)| bytes).collect();
    for produced in world.boxes.iter().flat_map(|one| &one.produced) {
        prop_assert!(stored.contains(produced), "lost: {:?}", produced);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_stored_once_or_named_in_a_gap(events in prop::collection::vec(any_event(), 0..120)) {
        check_one_box(&events, Bugs::default())?;
    }

    #[test]
    fn two_boxes_with_one_identity_lose_nothing(events in prop::collection::vec(any_event(), 0..120)) {
        check_clones(&events)?;
    }

    #[test]
    fn garbage_harms_nobody(bytes: Vec<u8>, lane in 0..3usize) {
        let site: SiteId = "a".parse().unwrap();
        let mut ingest = Ingest::default();
        prop_assert_eq!(ingest.on_batch(&site, Lane::ALL[lane], &bytes.into(), 0), None);
        prop_assert!(ingest.take_group(0).is_none());
    }
}

#[test]
fn the_laws_notice_planted_bugs() {
    let planted = [
        Bugs { receipts_without_commit: true, ..Bugs::default() },
        Bugs { forgets_failed_group: true, ..Bugs::default() },
        Bugs { loses_a_record: true, ..Bugs::default() },
        Bugs { no_gaps: true, ..Bugs::default() },
    ];
    for bugs in planted {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let verdict = runner.run(&prop::collection::vec(any_event(), 0..120), |events| check_one_box(&events, bugs));
        assert!(verdict.is_err(), "nobody noticed {bugs:?}");
    }
}
