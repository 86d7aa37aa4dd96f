//! Damage on the disk: whatever it is, the lane opens and works, and what is missing is told: all but the few
//! positions by which the identity may lag.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};

use proptest::prelude::*;
use vigie_shared::wire::Below;

use super::super::super::contract::{record, records};
use super::super::super::folder::IDENTITY_LAG;
use super::super::super::{Limit, Queue};
use super::*;

const COUNT: u64 = 3_000;
const LIMIT: Limit = Limit { records_max: 500, bytes_max: usize::MAX };

struct Bench {
    place: tempfile::TempDir,
}

impl Bench {
    /// A lane with records, closed as a kill leaves it or tidily, with or without a snapshot.
    fn new(opens: u32) -> Self {
        let bench = Self { place: tempfile::tempdir().unwrap() };
        let mut queue = bench.open().unwrap().queue;
        for from in (1..COUNT).step_by(100) {
            queue.append(&records(from, from + 99)).unwrap();
        }
        drop(queue);
        for _ in 0..opens {
            drop(bench.open().unwrap());
        }
        bench
    }

    fn options(&self) -> DurableOptions {
        DurableOptions { folder: self.place.path().join("lane"), set_aside_bytes_max: 64 << 20 }
    }

    fn open(&self) -> Result<Opened, QueueError> {
        open(&self.options(), Opening::Repair, 1_700_000_000_000)
    }

    fn store(&self) -> PathBuf {
        self.options().folder.join("store-1")
    }

    fn db(&self) -> PathBuf {
        self.store().join("db")
    }

    fn db_bytes(&self) -> u64 {
        fs::metadata(self.db()).unwrap().len()
    }

    fn overwrite(&self, at: u64, bytes: &[u8]) {
        let mut file = File::options().write(true).open(self.db()).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// Opens, drains as the uplink does, and checks that every position was read whole or is accounted for.
    /// Returns how many are missing.
    fn drain(&self) -> u64 {
        let opened = self.open().unwrap();
        let mut queue = opened.queue;
        let lost = opened.set_aside.map_or(0, |set_aside| {
            assert!(set_aside.through > COUNT - 300, "{set_aside:?}");
            assert!(self.options().folder.join(&set_aside.remains).is_dir());
            assert_eq!(queue.extent().last, set_aside.from - 1);
            set_aside.through + 1 - set_aside.from
        });
        let mut read = 0;
        let mut from = 1;
        while from <= queue.extent().last {
            let slice = repaired(queue.as_mut(), |queue| queue.read(from, LIMIT));
            for (position, bytes) in (slice.start..).zip(&slice.records) {
                assert_eq!(*bytes, record(position));
            }
            read += slice.records.len() as u64;
            from = slice.start + slice.records.len() as u64;
            if from > slice.start {
                repaired(queue.as_mut(), |queue| queue.trim(from - 1));
            }
        }
        let extent = queue.extent();
        let told = extent.dropped + lost;
        let silent = COUNT - read - told;
        assert!(silent < IDENTITY_LAG, "{silent} records are missing in silence");
        assert!(extent.dropped == 0 || extent.below != Below::Dropped);
        assert_works(queue.as_mut());
        COUNT - read
    }
}

/// What the keeper does: a lane that fails because of damage is rebuilt, and works from then on.
fn repaired<T>(queue: &mut dyn Queue, act: impl Fn(&mut dyn Queue) -> Result<T, QueueError>) -> T {
    act(queue).unwrap_or_else(|_damage| {
        queue.rebuild(0).unwrap();
        act(queue).unwrap()
    })
}

fn assert_works(queue: &mut dyn Queue) {
    let last = queue.extent().last;
    queue.append(&records(1, 3)).unwrap();
    assert_eq!(queue.read(last + 1, LIMIT).unwrap().records, records(1, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_never_silent(at: prop::sample::Index, bit in 0..8u8, opens in 0..2u32) {
        let bench = Bench::new(opens);
        let at = at.index(usize::try_from(bench.db_bytes()).unwrap());
        let byte = fs::read(bench.db()).unwrap()[at] ^ (1 << bit);
        bench.overwrite(at as u64, &[byte]);
        bench.drain();
    }

    #[test]
    fn a_zeroed_block_is_never_silent(at: prop::sample::Index, opens in 0..2u32) {
        let bench = Bench::new(opens);
        let blocks = usize::try_from(bench.db_bytes()).unwrap() / 4096;
        bench.overwrite(at.index(blocks) as u64 * 4096, &[0; 4096]);
        bench.drain();
    }

    #[test]
    fn a_truncated_file_is_never_silent(length: prop::sample::Index, opens in 0..2u32) {
        let bench = Bench::new(opens);
        let length = length.index(usize::try_from(bench.db_bytes()).unwrap()) as u64;
        File::options().write(true).open(bench.db()).unwrap().set_len(length).unwrap();
        bench.drain();
    }
}

#[test]
fn a_left_over_snapshot_costs_nothing() {
    let bench = Bench::new(1);
    fs::write(bench.store().join("snap.00000000000FFFFF.generating"), b"half a snap").unwrap();

    assert_eq!(bench.drain(), 0);
}

#[test]
fn damaged_snapshots_cost_nothing() {
    let bench = Bench::new(1);
    let is_snapshot = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("snap");
    let snapshots: Vec<PathBuf> = fs::read_dir(bench.store()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let snapshots: Vec<PathBuf> = snapshots.into_iter().filter(is_snapshot).collect();
    assert!(!snapshots.is_empty());
    for path in snapshots {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }

    assert_eq!(bench.drain(), 0);
}

#[test]
fn an_emptied_store_is_set_aside_and_says_what_is_missing() {
    let bench = Bench::new(0);
    fs::remove_dir_all(bench.store()).unwrap();
    fs::create_dir(bench.store()).unwrap();

    let opened = bench.open().unwrap();

    let set_aside = opened.set_aside.unwrap();
    assert_eq!((set_aside.from, set_aside.through > COUNT - 128), (1, true));
    assert_ne!(Some(opened.queue.extent().queue), set_aside.queue);
}

#[test]
fn an_unreadable_identity_is_set_aside() {
    let bench = Bench::new(0);
    fs::write(bench.options().folder.join("identity"), b"").unwrap();

    let opened = bench.open().unwrap();

    assert_eq!(opened.set_aside.unwrap().queue, None);
    assert_eq!(opened.queue.extent().last, 0);
}

#[test]
fn a_store_put_back_from_yesterday_is_noticed() {
    let bench = Bench::new(0);
    let yesterday = bench.place.path().join("yesterday");
    copy_folder(&bench.store(), &yesterday);
    let mut queue = bench.open().unwrap().queue;
    for from in (COUNT + 1..COUNT + 1000).step_by(100) {
        queue.append(&records(from, from + 99)).unwrap();
    }
    drop(queue);
    fs::remove_dir_all(bench.store()).unwrap();
    copy_folder(&yesterday, &bench.store());

    let mut opened = bench.open().unwrap();

    let set_aside = opened.set_aside.unwrap();
    assert_eq!((set_aside.from, set_aside.through > COUNT + 800), (COUNT + 1, true));
    assert_ne!(Some(opened.queue.extent().queue), set_aside.queue);
    assert_eq!(opened.queue.extent().waiting(), COUNT);
    assert_eq!(opened.queue.read(1, LIMIT).unwrap().records, records(1, 500));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_interrupted_change_of_stores_is_finished() {
    let bench = Bench::new(0);
    fs::create_dir(bench.options().folder.join("store-9")).unwrap();
    fs::write(bench.options().folder.join("identity.new"), b"half").unwrap();

    assert_eq!(bench.drain(), 0);

    assert!(!bench.options().folder.join("store-9").exists());
}

#[test]
fn a_queue_without_damage_loses_nothing() {
    assert_eq!(Bench::new(0).drain(), 0);
    assert_eq!(Bench::new(2).drain(), 0);
}
