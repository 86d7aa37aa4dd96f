//! Laws of the ingest, checked against a model of boxes, a faulty link and a store that fails and is restored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use vigie_shared::id::{BootId, InstanceId, QueueId, SiteId};
use vigie_shared::wire::frame::{crc, seal};
use vigie_shared::wire::{Answer, Batch, Below, Hello, Lane, LaneHello, Receipted, Stamp};

use super::{Check, Ingest};
use crate::store::facts::GapReason;
use crate::store::memory::State;
use crate::store::{Diary, Facts, Memory};

const LANE: Lane = Lane::Telemetry;
const WINDOW: u64 = 8;

/// A box as the design describes it: one lane, a window, go-back-N.
#[derive(Clone)]
struct Box {
    name: &'static str,
    queue: QueueId,
    uptime_ms: u64,
    instance: u8,
    /// Positions that still exist.
    records: BTreeMap<u64, Bytes>,
    last: u64,
    receipted: Option<Receipted>,
    below: Below,
    next: u64,
    /// One more than the newest position sent over this connection, or receipted before.
    sent: u64,
    /// The hub has answered this connection's hello; before, nothing is sent.
    is_open: bool,
    /// Everything it ever produced, in order.
    produced: Vec<Bytes>,
    dropped: BTreeSet<u64>,
}

impl Box {
    fn new(name: &'static str, queue: u8) -> Self {
        Self {
            name,
            queue: QueueId([queue; 16]),
            uptime_ms: 1,
            instance: 1,
            records: BTreeMap::new(),
            last: 0,
            receipted: None,
            below: Below::Receipted,
            next: 1,
            sent: 1,
            is_open: false,
            produced: Vec::new(),
            dropped: BTreeSet::new(),
        }
    }

    fn first(&self) -> u64 {
        self.records.keys().next().copied().unwrap_or(self.last + 1)
    }

    fn produce(&mut self) {
        self.last += 1;
        let record = Bytes::from(seal(1, &format!("{} {}", self.name, self.produced.len())));
        self.records.insert(self.last, record.clone());
        self.produced.push(record);
    }

    fn drop_oldest(&mut self) {
        if let Some((seq, _)) = self.records.pop_first() {
            self.below = Below::Dropped;
            self.dropped.insert(seq);
        }
    }

    fn hello(&mut self) -> Vec<u8> {
        self.uptime_ms += 1;
        self.next = self.first();
        (self.sent, self.is_open) = (self.next, false);
        let lane = LaneHello {
            lane: LANE,
            queue: self.queue,
            first: self.first(),
            last: self.last,
            receipted: self.receipted,
            below: self.below,
        };
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: self.uptime_ms, wall_ms: 0, is_synced: true };
        Hello { version: "1".to_owned(), instance: InstanceId([self.instance; 16]), stamp, lanes: vec![lane] }.encode()
    }

    fn batch(&mut self, size: u64) -> Option<Vec<u8>> {
        let start = self.next.max(self.first());
        let end = (start + size - 1).min(self.first() + WINDOW - 1).min(self.last);
        if start > end || !self.is_open {
            return None;
        }
        self.next = end + 1;
        self.sent = self.sent.max(self.next);
        let records = self.records.range(start..=end).map(|(_, record)| serde_bytes_of(record)).collect();
        Some(Batch { queue: self.queue, first: self.first(), below: self.below, start, records }.encode())
    }

    fn on_answer(&mut self, answer: &Answer) {
        match answer {
            // A receipt beyond what was sent over this connection is for somebody else.
            Answer::Receipt { queue, through, .. } if *queue == self.queue && *through < self.sent => {
                self.is_open = true;
                if let Some(record) = self.records.get(through) {
                    self.receipted = Some(Receipted { seq: *through, crc: crc(record).unwrap() });
                }
                let kept = self.records.split_off(&(through + 1));
                if !self.records.is_empty() {
                    self.below = Below::Receipted;
                }
                self.records = kept;
            }
            Answer::Renew { queue, .. } if *queue == self.queue => self.renew(),
            _ => {}
        }
    }

    /// Takes a new queue id; what waits gets new positions.
    fn renew(&mut self) {
        let mut bytes = self.queue.0;
        bytes[0] = bytes[0].wrapping_add(1);
        bytes[1..].copy_from_slice(&[self.name.as_bytes()[0]; 15]);
        self.queue = QueueId(bytes);
        let waiting: Vec<Bytes> = std::mem::take(&mut self.records).into_values().collect();
        self.records = (1..).zip(waiting).collect();
        self.last = self.records.len() as u64;
        (self.next, self.sent, self.receipted, self.below) = (1, 1, None, Below::Receipted);
    }
}

fn serde_bytes_of(record: &Bytes) -> &serde_bytes::Bytes {
    serde_bytes::Bytes::new(record)
}

/// The hub: the core and its store. Commits happen when told.
struct Hub {
    ingest: Ingest,
    store: Arc<Memory>,
    backup: Option<State>,
    bugs: Bugs,
}

/// Bugs that can be planted, to see that the laws notice them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Bugs {
    /// Answers go out although the commit failed.
    receipts_without_commit: bool,
    /// A group whose commit failed is forgotten.
    forgets_failed_group: bool,
    /// The store loses the last record of each arrival.
    loses_a_record: bool,
    /// Positions below `first` are not written down.
    no_gaps: bool,
}

impl Hub {
    fn new(bugs: Bugs) -> Self {
        Self { ingest: Ingest::default(), store: Arc::default(), backup: None, bugs }
    }

    fn start_again(&mut self) {
        self.ingest = Ingest::new(now(self.store.queues()));
    }

    fn on_message(&mut self, site: &SiteId, message: &Message) {
        loop {
            let check = match message {
                Message::Hello(bytes) => self.ingest.on_hello(site, &Hello::decode(bytes).unwrap(), 0),
                Message::Batch(bytes) => self.ingest.on_batch(site, LANE, bytes, 0),
            };
            let Some(check) = check else { return };
            let Check { site, queue, seq } = &check;
            let held = now(self.store.record_crc(site, *queue, *seq));
            self.ingest.on_checked(&check, held);
        }
    }

    /// Commits what was collected; a failing store is tried again at once, as the driver would later.
    fn commit(&mut self, failures: usize) -> Vec<Answer> {
        let Some(group) = self.ingest.take_group(0) else { return Vec::new() };
        let mut commit = (*group.commit).clone();
        if self.bugs.loses_a_record {
            commit.arrivals.iter_mut().for_each(|arrival| drop(arrival.records.pop()));
        }
        if self.bugs.no_gaps {
            commit.gaps.clear();
        }
        self.store.fail(failures > 0);
        let commit = Arc::new(commit);
        let failed = block_on(self.store.commit(Arc::clone(&commit))).is_err();
        self.store.fail(false);
        if failed && !self.bugs.receipts_without_commit && !self.bugs.forgets_failed_group {
            now(self.store.commit(commit));
        }
        if failed && self.bugs.forgets_failed_group {
            return Vec::new();
        }
        self.ingest.committed(group, 0).into_iter().map(|(_, answer)| answer).collect()
    }
}

#[derive(Clone)]
enum Message {
    Hello(Vec<u8>),
    Batch(Bytes),
}

/// What can happen.
#[derive(Debug, Clone)]
enum Event {
    Produce(u8),
    Send(u64),
    Deliver,
    Lose,
    Duplicate,
    Reorder,
    Commit { failures: usize, is_receipt_lost: bool },
    GoBack,
    Reconnect,
    RestartBox,
    DropOldest,
    RestartHub,
    Backup,
    Restore,
    Swap,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..6u8).prop_map(Event::Produce),
        6 => (1..6u64).prop_map(Event::Send),
        8 => Just(Event::Deliver),
        1 => Just(Event::Lose),
        1 => Just(Event::Duplicate),
        1 => Just(Event::Reorder),
        5 => (0..2usize, any::<bool>())
            .prop_map(|(failures, is_receipt_lost)| Event::Commit { failures, is_receipt_lost }),
        2 => Just(Event::GoBack),
        1 => Just(Event::Reconnect),
        1 => Just(Event::RestartBox),
        1 => Just(Event::DropOldest),
        1 => Just(Event::RestartHub),
        1 => Just(Event::Backup),
        1 => Just(Event::Restore),
        2 => Just(Event::Swap),
    ]
}

/// Boxes that share one identity (usually one of them), the link of the one that is connected, the hub.
struct World {
    site: SiteId,
    boxes: Vec<Box>,
    talking: usize,
    link: Vec<Message>,
    hub: Hub,
}

impl World {
    fn new(boxes: Vec<Box>, bugs: Bugs) -> Self {
        let mut world = Self { site: "a".parse().unwrap(), boxes, talking: 0, link: Vec::new(), hub: Hub::new(bugs) };
        world.connect();
        world
    }

    fn speaker(&mut self) -> &mut Box {
        &mut self.boxes[self.talking]
    }

    fn connect(&mut self) {
        self.link.clear();
        let hello = self.speaker().hello();
        self.link.push(Message::Hello(hello));
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Produce(count) => (0..*count).for_each(|_| self.speaker().produce()),
            Event::Send(size) => {
                let batch = self.speaker().batch(*size);
                self.link.extend(batch.map(|bytes| Message::Batch(bytes.into())));
            }
            Event::Deliver => self.deliver(),
            Event::Lose => drop(self.link.pop()),
            Event::Duplicate => self.link.extend_from_within(..self.link.len().min(1)),
            // A hello opens its connection, and nothing overtakes it.
            Event::Reorder => {
                let begin = self.link.iter().rposition(|message| matches!(message, Message::Hello(_)));
                self.link[begin.map_or(0, |at| at + 1)..].reverse();
            }
            Event::Commit { failures, is_receipt_lost } => {
                let answers = self.hub.commit(*failures);
                if !is_receipt_lost {
                    self.answer(&answers);
                }
            }
            Event::GoBack => self.go_back(),
            Event::Reconnect => self.connect(),
            Event::RestartBox => {
                self.speaker().instance += 1;
                self.connect();
            }
            Event::DropOldest => self.speaker().drop_oldest(),
            Event::RestartHub => {
                self.hub.start_again();
                self.connect();
            }
            Event::Backup => self.hub.backup = Some(self.hub.store.snapshot()),
            Event::Restore => {
                if let Some(backup) = self.hub.backup.clone() {
                    self.hub.store.restore(backup);
                    self.hub.start_again();
                    self.connect();
                }
            }
            Event::Swap => {
                if self.boxes.len() > 1 {
                    // What the hub has for the box that is cut off does not reach the other one.
                    self.hub.commit(0);
                    self.talking = (self.talking + 1) % self.boxes.len();
                    self.connect();
                }
            }
        }
    }

    /// No progress for a while: send again from the last receipt, or say hello again.
    fn go_back(&mut self) {
        if self.speaker().is_open {
            let first = self.speaker().first();
            self.speaker().next = first;
        } else {
            self.connect();
        }
    }

    fn deliver(&mut self) {
        if !self.link.is_empty() {
            let message = self.link.remove(0);
            self.hub.on_message(&self.site, &message);
        }
    }

    fn answer(&mut self, answers: &[Answer]) {
        for answer in answers {
            let renews = matches!(answer, Answer::Renew { .. });
            self.speaker().on_answer(answer);
            if renews {
                self.connect();
            }
        }
    }

    /// No more faults: every box in turn gets rid of what it has. Nothing but the protocol's own means is used.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        for talking in 0..self.boxes.len() {
            self.talking = talking;
            self.connect();
            for round in 0.. {
                prop_assert!(round < 200, "the stream does not settle");
                while !self.link.is_empty() {
                    self.deliver();
                }
                let answers = self.hub.commit(0);
                self.answer(&answers);
                if self.speaker().records.is_empty() && self.link.is_empty() {
                    break;
                }
                self.go_back();
                while let Some(batch) = self.speaker().batch(3) {
                    self.link.push(Message::Batch(batch.into()));
                }
            }
        }
        Ok(())
    }

    fn stored(&self) -> Vec<(QueueId, u64, Bytes)> {
        let queues = now(self.hub.store.queues());
        let records = queues.iter().flat_map(|queue| {
            now(self.hub.store.records(&self.site, queue.queue, 0, usize::MAX))
                .into_iter()
                .map(|record| (record.queue, record.seq, record.bytes))
        });
        records.collect()
    }
}

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

fn now<T, E: std::fmt::Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    block_on(future).unwrap()
}

/// The store in memory never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("the store in memory answers at once")
}
