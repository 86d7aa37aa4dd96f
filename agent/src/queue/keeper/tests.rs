//! The keeper on a memory disk that fails on command: quotas, drops, refusals, reopening.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::contract::records;
use super::super::memory::{Failure, MemoryDisk};
use super::super::quota::Free;
use super::*;

const ALL: Limit = Limit { records_max: usize::MAX, bytes_max: usize::MAX };
const QUOTA: Quota = Quota { records_max: 10, bytes_max: 1 << 20, free_bytes_min: 100, free_inodes_min: 10 };

struct FakeVolume {
    free: Mutex<Free>,
    has_ballast: AtomicBool,
}

impl FakeVolume {
    fn new() -> Arc<Self> {
        let free = Free { bytes: u64::MAX, inodes: u64::MAX };
        Arc::new(Self { free: Mutex::new(free), has_ballast: AtomicBool::new(false) })
    }
}

impl Volume for FakeVolume {
    fn free(&self) -> std::io::Result<Free> {
        Ok(*self.free.lock().unwrap())
    }

    fn drop_ballast(&self) -> bool {
        self.has_ballast.swap(false, Ordering::SeqCst)
    }

    fn take_ballast(&self, _spare_bytes: u64) {
        self.has_ballast.store(true, Ordering::SeqCst);
    }
}

struct Bench {
    disk: MemoryDisk,
    volume: Arc<FakeVolume>,
    keeper: Keeper,
    now: Moment,
}

#[expect(clippy::disallowed_methods, reason = "a starting point only; the tests move it by hand")]
fn bench(lane: Lane) -> Bench {
    let (disk, volume) = (MemoryDisk::default(), FakeVolume::new());
    let now = Moment { instant: Instant::now(), wall_ms: 1_000 };
    let keeper = Keeper::open(lane, QUOTA, disk.opener(), Arc::<FakeVolume>::clone(&volume), now).unwrap();
    Bench { disk, volume, keeper, now }
}

impl Bench {
    fn append(&mut self, from: u64, through: u64) -> Result<(), QueueError> {
        self.keeper.append(&records(from, through), self.now)
    }

    fn stored(&mut self) -> Vec<Vec<u8>> {
        self.keeper.read(1, ALL, self.now).unwrap().records
    }
}

#[test]
fn a_full_ledger_refuses_and_keeps_everything() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 10).unwrap();

    assert!(matches!(bench.append(11, 11), Err(QueueError::Full(Shortage::Records))));

    assert_eq!(bench.stored(), records(1, 10));
    bench.keeper.trim(bench.disk.open().extent().queue, 1, bench.now).unwrap();
    bench.append(11, 11).unwrap();
}

#[test]
fn full_telemetry_gives_up_its_oldest_and_says_so() {
    let mut bench = bench(Lane::Telemetry);
    bench.append(1, 10).unwrap();

    bench.append(11, 12).unwrap();

    assert_eq!(bench.stored(), records(3, 12));
    assert_eq!(bench.keeper.take_notices(), [Notice::Dropped { count: 2, shortage: Shortage::Records }]);
    let extent = bench.keeper.extent().unwrap();
    assert_eq!((extent.first, extent.below, extent.dropped), (3, Below::Dropped, 2));
}

#[test]
fn a_nearly_full_volume_stops_the_ledger_before_the_disk_does() {
    let mut bench = bench(Lane::Ledger);
    *bench.volume.free.lock().unwrap() = Free { bytes: 99, inodes: u64::MAX };
    assert!(matches!(bench.append(1, 1), Err(QueueError::Full(Shortage::FreeBytes))));

    *bench.volume.free.lock().unwrap() = Free { bytes: 100, inodes: 9 };
    assert!(matches!(bench.append(1, 1), Err(QueueError::Full(Shortage::FreeInodes))));
}

#[test]
fn a_full_disk_costs_the_ballast_and_the_ledger_refuses() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 3).unwrap();
    bench.disk.fail(Some(Failure::Full));

    assert!(matches!(bench.append(4, 4), Err(QueueError::Full(Shortage::Disk))));

    assert!(!bench.volume.has_ballast.load(Ordering::SeqCst));
    assert_eq!(bench.keeper.take_notices(), [Notice::DiskFull]);
    assert_eq!(bench.stored(), records(1, 3));
    bench.keeper.tend(bench.now).unwrap();
    assert!(bench.volume.has_ballast.load(Ordering::SeqCst));
}

#[test]
fn a_full_disk_costs_observations_their_oldest() {
    let mut bench = bench(Lane::Observations);
    bench.append(1, 5).unwrap();
    bench.disk.fail(Some(Failure::Full));

    bench.append(6, 7).unwrap();

    assert_eq!(bench.stored(), records(3, 7));
}

#[test]
fn a_failed_write_that_reached_the_disk_is_not_written_twice() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 3).unwrap();
    bench.disk.fail(Some(Failure::FullAfterwards));

    bench.append(4, 5).unwrap();

    assert_eq!(bench.stored(), records(1, 5));
}

#[test]
fn a_lane_whose_disk_is_gone_is_tried_again_with_back_off() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 3).unwrap();
    bench.keeper.close();
    bench.disk.fail(Some(Failure::Unreachable));
    assert!(bench.append(4, 4).is_err());

    bench.disk.fail(None);
    assert!(bench.append(4, 4).is_err(), "the wait is not over");
    assert_eq!(bench.keeper.extent().map(|extent| extent.last), Some(3), "what it holds is still known");
    bench.now.instant += RETRY_MAX;

    bench.append(4, 4).unwrap();
    assert_eq!(bench.stored(), records(1, 4));
}

#[test]
fn damaged_records_are_skipped_and_told_once() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 6).unwrap();
    (1..=2).for_each(|position| bench.disk.damage(position));
    bench.disk.damage(5);

    assert_eq!(bench.keeper.read(1, ALL, bench.now).unwrap(), Slice { start: 3, records: records(3, 4) });
    assert_eq!(bench.keeper.take_notices(), [Notice::Damaged { count: 2 }]);
    assert_eq!(bench.keeper.extent().unwrap().below, Below::Damaged);
    assert_eq!(bench.keeper.read(5, ALL, bench.now).unwrap().records, records(1, 0), "its predecessors come first");

    bench.keeper.trim(bench.disk.open().extent().queue, 4, bench.now).unwrap();
    assert_eq!(bench.keeper.read(5, ALL, bench.now).unwrap(), Slice { start: 6, records: records(6, 6) });
    assert_eq!(bench.keeper.take_notices(), [Notice::Damaged { count: 1 }]);
}

#[test]
fn a_receipt_for_another_queue_trims_nothing() {
    let mut bench = bench(Lane::Ledger);
    bench.append(1, 3).unwrap();

    bench.keeper.trim(QueueId::random(), 3, bench.now).unwrap();
    bench.keeper.renew(QueueId::random(), bench.now).unwrap();

    assert_eq!(bench.stored(), records(1, 3));
    assert_eq!(bench.keeper.extent().unwrap().queue, bench.disk.open().extent().queue);
}
