//! What every engine must do: one suite, run on the memory twin and on the disk.

use proptest::prelude::*;
use vigie_shared::wire::{Below, Receipted, Record, Stamp, frame, reading};

use super::*;

const ALL: Limit = Limit { records_max: usize::MAX, bytes_max: usize::MAX };

/// A whole record with a text of its own.
pub(crate) fn record(text: impl std::fmt::Display) -> Vec<u8> {
    let stamp = Stamp { boot: Default::default(), uptime_ms: 1, wall_ms: 1, is_synced: true };
    let alarm = reading::BoxAlarm { kind: reading::AlarmKind::DiskFull, text: text.to_string() };
    Record { stamp, reading: reading::Reading::Alarm(alarm) }.encode()
}

/// Records `from..=through`, each naming its position.
pub(crate) fn records(from: u64, through: u64) -> Vec<Vec<u8>> {
    (from..=through).map(record).collect()
}

fn crc(record: &[u8]) -> u32 {
    frame::crc(record).unwrap()
}

/// Opens the same lane, again and again; the former handle is gone by then.
pub(crate) trait Engine {
    fn open(&mut self) -> Box<dyn Queue>;
}

struct InMemory(memory::MemoryDisk);

impl Engine for InMemory {
    fn open(&mut self) -> Box<dyn Queue> {
        Box::new(self.0.open())
    }
}

pub(crate) struct OnDisk(tempfile::TempDir);

impl OnDisk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn options(&self) -> durable::DurableOptions {
        durable::DurableOptions { folder: self.0.path().join("lane"), set_aside_bytes_max: 1 << 20 }
    }
}

impl Engine for OnDisk {
    fn open(&mut self) -> Box<dyn Queue> {
        let opened = durable::open(&self.options(), Opening::Inspect, 0).unwrap();
        opened.queue
    }
}

fn positions_begin_at_one_and_go_on_after_a_restart(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    assert_eq!((queue.extent().first, queue.extent().last), (1, 0));
    queue.append(&records(1, 3)).unwrap();
    drop(queue);

    let mut queue = engine.open();
    queue.append(&records(4, 4)).unwrap();

    assert_eq!(queue.read(1, ALL).unwrap(), Slice { start: 1, records: records(1, 4) });
}

fn an_emptied_queue_never_gives_a_position_twice(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    let id = queue.extent().queue;
    queue.append(&records(1, 5)).unwrap();
    queue.trim(5).unwrap();
    queue.shrink().unwrap();
    queue.close().unwrap();
    drop(queue);

    let mut queue = engine.open();
    let receipted = Some(Receipted { seq: 5, crc: crc(&record(5)) });
    assert_eq!((queue.extent().queue, queue.extent().receipted), (id, receipted));
    queue.append(&records(6, 6)).unwrap();

    assert_eq!(queue.read(0, ALL).unwrap(), Slice { start: 6, records: records(6, 6) });
}

fn a_read_keeps_its_limits_but_always_moves_on(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    queue.append(&records(1, 5)).unwrap();

    assert_eq!(queue.read(2, Limit { records_max: 2, ..ALL }).unwrap().records, records(2, 3));
    let two = record(1).len() * 2;
    assert_eq!(queue.read(2, Limit { bytes_max: two, ..ALL }).unwrap().records, records(2, 3));
    assert_eq!(queue.read(2, Limit { bytes_max: 1, ..ALL }).unwrap().records, records(2, 2));
    assert_eq!(queue.read(6, ALL).unwrap().records, Vec::<Vec<u8>>::new());
}

fn receipts_that_make_no_sense_change_nothing(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    queue.append(&records(1, 5)).unwrap();
    queue.trim(3).unwrap();
    let before = queue.extent();

    queue.trim(2).unwrap();
    queue.trim(6).unwrap();

    assert_eq!(queue.extent(), before);
    assert_eq!((before.first, before.below), (4, Below::Receipted));
}

fn records_given_up_are_counted_and_named(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    queue.append(&records(1, 5)).unwrap();

    assert_eq!(queue.give_up(2, Below::Dropped).unwrap(), 2);

    assert_eq!((queue.extent().first, queue.extent().below, queue.extent().dropped), (3, Below::Dropped, 2));
    assert_eq!(queue.give_up(99, Below::Dropped).unwrap(), 3);
    assert_eq!((queue.extent().waiting(), queue.extent().bytes), (0, 0));
}

fn a_renewed_queue_keeps_its_records_under_positions_from_one(engine: &mut dyn Engine) {
    let mut queue = engine.open();
    queue.append(&records(1, 5)).unwrap();
    queue.trim(2).unwrap();
    let old = queue.extent().queue;

    let new = queue.renew().unwrap();
    assert_ne!(new, old);
    queue.append(&records(6, 6)).unwrap();
    drop(queue);

    let mut queue = engine.open();
    assert_eq!(queue.extent().queue, new);
    assert_eq!(queue.extent().receipted, None);
    assert_eq!(queue.read(1, ALL).unwrap(), Slice { start: 1, records: records(3, 6) });
    queue.trim(4).unwrap();
    assert_eq!(queue.extent().receipted, Some(Receipted { seq: 4, crc: crc(&record(6)) }));
}

fn records_of_every_size_come_back_whole(engine: &mut dyn Engine) {
    let sizes = [0, 1, 1000, 3000, 3071, 3072, 3073, 6144, 20_000, 31_000];
    let many: Vec<_> = (0..8).flat_map(|_| sizes.map(|size| record("x".repeat(size)))).collect();
    let mut queue = engine.open();
    queue.append(&many).unwrap();
    drop(queue);

    let mut queue = engine.open();

    assert_eq!(queue.read(1, ALL).unwrap().records, many);
    assert_eq!(queue.extent().bytes, many.iter().map(|record| record.len() as u64).sum::<u64>());
}

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    Read(u64),
    Trim(u64),
    Drop(u64),
    Renew,
    Shrink,
    Reopen,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..40u64).prop_map(Step::Append),
        4 => (0..60u64).prop_map(Step::Read),
        4 => (0..60u64).prop_map(Step::Trim),
        1 => (0..20u64).prop_map(Step::Drop),
        1 => Just(Step::Renew),
        1 => Just(Step::Shrink),
        2 => Just(Step::Reopen),
    ]
}

/// The model: all texts ever appended, and where the row under the current id begins in them.
#[derive(Default)]
struct Model {
    written: u64,
    offset: u64,
    first: u64,
    dropped: u64,
}

impl Model {
    fn waiting(&self, from: u64) -> Vec<Vec<u8>> {
        records(self.offset + from.max(self.first), self.written)
    }
}

fn any_history_agrees_with_the_model(engine: &mut dyn Engine, steps: &[Step]) {
    let mut queue = engine.open();
    let mut model = Model { first: 1, ..Model::default() };
    for step in steps {
        let last = model.written - model.offset;
        match *step {
            Step::Append(count) => {
                queue.append(&records(model.written + 1, model.written + count)).unwrap();
                model.written += count;
            }
            Step::Read(ahead) => {
                let from = model.first + ahead;
                assert_eq!(queue.read(from, ALL).unwrap().records, model.waiting(from), "read from {from}");
            }
            Step::Trim(ahead) => {
                let through = (model.first + ahead).saturating_sub(3);
                queue.trim(through).unwrap();
                if (model.first..=last).contains(&through) {
                    model.first = through + 1;
                    let seen = Receipted { seq: through, crc: crc(&record(model.offset + through)) };
                    assert_eq!(queue.extent().receipted, Some(seen));
                }
            }
            Step::Drop(ahead) => {
                let through = (model.first + ahead).saturating_sub(3);
                let gone = (through.min(last) + 1).saturating_sub(model.first);
                assert_eq!(queue.give_up(through, Below::Dropped).unwrap(), gone);
                model.first += gone;
                model.dropped += gone;
            }
            Step::Renew => {
                queue.renew().unwrap();
                model.offset += model.first - 1;
                (model.first, model.dropped) = (1, 0);
            }
            Step::Shrink => queue.shrink().unwrap(),
            Step::Reopen => {
                let before = queue.extent();
                drop(queue);
                queue = engine.open();
                assert_eq!(queue.extent(), before);
            }
        }
        let extent = queue.extent();
        assert_eq!((extent.first, extent.last), (model.first, model.written - model.offset), "after {step:?}");
        assert_eq!(extent.dropped, model.dropped);
    }
    assert_eq!(queue.read(1, ALL).unwrap().records, model.waiting(1));
}

macro_rules! contract {
    ($($check:ident),+ $(,)?) => {
        mod memory_twin {
            use super::*;
            $(#[test] fn $check() { super::$check(&mut InMemory(memory::MemoryDisk::default())); })+
            proptest! {
                #[test]
                fn any_history(steps in prop::collection::vec(any_step(), 1..60)) {
                    any_history_agrees_with_the_model(&mut InMemory(memory::MemoryDisk::default()), &steps);
                }
            }
        }
        mod on_disk {
            use super::*;
            $(#[test] fn $check() { super::$check(&mut OnDisk::new()); })+
            proptest! {
                #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
                #[test]
                fn any_history(steps in prop::collection::vec(any_step(), 1..40)) {
                    any_history_agrees_with_the_model(&mut OnDisk::new(), &steps);
                }
            }
        }
    };
}

contract! {
    positions_begin_at_one_and_go_on_after_a_restart,
    an_emptied_queue_never_gives_a_position_twice,
    a_read_keeps_its_limits_but_always_moves_on,
    receipts_that_make_no_sense_change_nothing,
    records_given_up_are_counted_and_named,
    a_renewed_queue_keeps_its_records_under_positions_from_one,
    records_of_every_size_come_back_whole,
}
