//! Laws of the stick: it brings what is missing, once, and never speaks for the box that is connected.

use proptest::prelude::*;
use vigie_shared::id::{BootId, InstanceId};
use vigie_shared::wire::{Answer, Below, Hello, Receipted, Stamp, frame};

use super::*;

const QUEUE: QueueId = QueueId([1; 16]);

fn site() -> SiteId {
    "metz".parse().unwrap()
}

fn record(seq: u64, card: u8) -> Vec<u8> {
    frame::seal(1, &(seq, card))
}

/// Records `start..=end` of a card, as a batch that still has everything from `first` on.
fn batch(first: u64, start: u64, end: u64, card: u8) -> Bytes {
    let records: Vec<Vec<u8>> = (start..=end).map(|seq| record(seq, card)).collect();
    let records = records.iter().map(|record| serde_bytes::Bytes::new(record)).collect();
    Batch { queue: QUEUE, first, below: Below::Dropped, start, records }.encode().into()
}

fn import(ingest: &mut Ingest, payload: &Bytes, behind: u64, is_dry: bool) -> Result<Taken, ImportRefused> {
    let terms = ImportTerms { behind, is_dry, now_ms: 5 };
    match ingest.on_import(&site(), Lane::Ledger, payload, terms) {
        Judged::Done(taken) => Ok(taken),
        Judged::Refused(refused) => Err(refused),
        Judged::Ask(check) => panic!("everything is in memory: {check:?}"),
    }
}

/// A hub that took `1..=through` from the box itself.
fn holding(through: u64) -> Ingest {
    let mut ingest = Ingest::default();
    if through > 0 {
        assert_eq!(ingest.on_batch(&site(), Lane::Ledger, &batch(1, 1, through, 0), 1), None);
        drop(ingest.take_group(1));
    }
    ingest
}

/// The positions that a group stores.
fn stored(ingest: &mut Ingest) -> Vec<u64> {
    let commit = ingest.take_group(9).map(|group| group.commit);
    let arrivals = commit.iter().flat_map(|commit| &commit.arrivals);
    arrivals.flat_map(|arrival| (arrival.start..).take(arrival.records.len())).collect()
}

proptest! {
    #[test]
    fn a_stick_brings_what_is_missing_once_and_a_dry_run_says_so_before(
        held in 0..40u64, first in 1..40u64, lengths in prop::collection::vec(1..9u64, 1..8),
    ) {
        let mut ingest = holding(held);
        let mut start = first;
        let batches: Vec<Bytes> = lengths.iter().map(|length| {
            let batch = batch(first, start, start + length - 1, 0);
            start += length;
            batch
        }).collect();
        let last = start - 1;
        let run = |ingest: &mut Ingest, is_dry| {
            let mut behind = 0;
            batches.iter().fold(Taken::default(), |sum, batch| {
                let taken = import(ingest, batch, behind, is_dry).unwrap();
                behind = taken.end;
                Taken { end: taken.end, new: sum.new + taken.new, held: sum.held + taken.held, lost: sum.lost + taken.lost }
            })
        };

        let would = run(&mut ingest, true);
        prop_assert!(ingest.take_group(2).is_none(), "a dry run changes nothing");
        let took = run(&mut ingest, false);
        prop_assert_eq!(would, took);
        prop_assert_eq!(took.new + took.held, last - first + 1);
        prop_assert_eq!(took.lost, (first - 1).saturating_sub(held));
        let missing: Vec<u64> = (first.max(held + 1)..=last).collect();
        prop_assert_eq!(stored(&mut ingest), missing);

        let again = run(&mut ingest, false);
        prop_assert_eq!((again.new, again.lost), (0, 0));
        prop_assert!(ingest.take_group(3).is_none());
    }
}

#[test]
fn a_twins_stick_is_refused_and_orders_nothing() {
    let mut ingest = holding(10);
    let refused = import(&mut ingest, &batch(1, 5, 20, 7), 0, false).unwrap_err();
    assert_eq!(refused, ImportRefused::OtherRecords { lane: Lane::Ledger, queue: QUEUE });
    assert!(ingest.take_group(2).is_none(), "no dispute, no order to take another queue id");
    assert_eq!(import(&mut ingest, &batch(1, 5, 20, 0), 0, false).unwrap().new, 10, "the box's own stick comes in");
}

#[test]
fn a_sticks_receipted_record_must_be_the_one_held() {
    let ingest = holding(10);
    let lane = |card| {
        let crc = frame::crc(&record(10, card)).unwrap();
        let receipted = Some(Receipted { seq: 10, crc });
        LaneHello { lane: Lane::Ledger, queue: QUEUE, first: 11, last: 20, receipted, below: Below::Receipted }
    };
    assert!(matches!(ingest.on_import_lane(&site(), &lane(0)), Judged::Done(())));
    assert!(matches!(ingest.on_import_lane(&site(), &lane(7)), Judged::Refused(ImportRefused::OtherRecords { .. })));
}

#[test]
fn records_left_out_without_a_word_are_refused() {
    let mut ingest = holding(10);
    let refused = import(&mut ingest, &batch(1, 15, 20, 0), 0, false).unwrap_err();
    assert_eq!(refused, ImportRefused::Hole { lane: Lane::Ledger, through: 10 });
    assert!(import(&mut ingest, &Bytes::from_static(b"junk"), 0, false).is_err());
}

#[test]
fn the_box_that_speaks_gets_receipts_only_for_what_it_is_known_to_share() {
    let mut ingest = Ingest::default();
    let lane =
        LaneHello { lane: Lane::Ledger, queue: QUEUE, first: 1, last: 20, receipted: None, below: Below::Receipted };
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: 1, is_synced: true };
    let hello = Hello { version: String::new(), instance: InstanceId([3; 16]), stamp, lanes: vec![lane] };
    assert_eq!(ingest.on_hello(&site(), &hello, 1), None);
    drop(ingest.take_group(1));
    let receipt = |ingest: &mut Ingest| {
        let group = ingest.take_group(2).unwrap();
        match ingest.committed(group, 2).as_slice() {
            [(_, Answer::Receipt { through, .. })] => *through,
            other => panic!("{other:?}"),
        }
    };

    import(&mut ingest, &batch(1, 1, 20, 0), 0, false).unwrap();
    assert_eq!(receipt(&mut ingest), 0, "nobody knows yet that this box has the same records");
    assert_eq!(ingest.on_batch(&site(), Lane::Ledger, &batch(1, 1, 12, 0), 3), None);
    assert_eq!(receipt(&mut ingest), 12, "now it has shown these");
    // A later stick goes on behind what the stick before brought, whatever the box has shown meanwhile.
    assert_eq!(import(&mut ingest, &batch(1, 21, 30, 0), 0, false).unwrap().new, 10);
}
