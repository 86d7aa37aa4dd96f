//! The engine on the disk: an ordered store of records in sled, every call guarded.
//!
//! What sled does not do by itself, and is done here:
//!
//! - *Durability.* sled's `flush` writes, but only its background thread syncs. [`Store::commit`] adds an
//!   `fdatasync` of its file, held open; a new store's files, folder and parents are synced once.
//! - *Large values.* A page beyond a quarter of a segment goes into a file of its own that sled never syncs. A
//!   page holds up to 17 values, so records are cut into parts of [`PART_BYTES`] that keep it below that.
//! - *Panics.* Damage makes sled panic as often as it makes it fail: both become [`QueueError::Corrupt`].
//! - *Left-over or damaged snapshot files* keep sled from opening; they are only a shortcut and are removed.
//!
//! Keys are the position and the part, big endian; one more key, behind all others, holds what the queue
//! wants to remember with its records: it lies on the page that an append writes anyway.

mod guard;

use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use vigie_shared::file::sync_folder;

use self::guard::{Careful, guarded};
use super::QueueError;

/// Cache of one lane, bytes.
const CACHE_BYTES: u64 = 1 << 20;
/// Unit in which sled takes disk space, and the size of its write buffers, bytes.
const SEGMENT_BYTES: usize = 256 << 10;
/// Longest stored value: 17 of them and their keys stay well below a quarter of a segment.
const PART_BYTES: usize = 3 << 10;
/// Pause of sled's background thread, which writes lazy removals and cleans segments.
const BACKGROUND_MS: u64 = 2_000;
/// Key of what is remembered beside the records.
const MEMORY_KEY: [u8; 1] = [0xff];
/// How often and how long to wait for a former handle of this process to let go of the file.
const HANDLE_TRIES: u32 = 100;
const HANDLE_WAIT: Duration = Duration::from_millis(20);

/// An open store. After a [`QueueError::Storage`] it is dead for good.
pub struct Store {
    db: Careful,
    file: File,
}

impl Store {
    /// Opens the store in a folder, or makes it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] if it cannot be opened even without its snapshots; [`QueueError::Storage`] if the
    /// disk does not let us.
    pub fn open(folder: &Path) -> Result<Self, QueueError> {
        match Self::open_once(folder) {
            Err(QueueError::Corrupt(_)) => {}
            other => return other,
        }
        remove_snapshots(folder).map_err(QueueError::Storage)?;
        Self::open_once(folder)
    }

    fn open_once(folder: &Path) -> Result<Self, QueueError> {
        let config = sled::Config::default()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(Some(BACKGROUND_MS));
        let mut tries = 0;
        let db = loop {
            match guarded(|| config.open()) {
                Err(QueueError::Busy(_)) if tries < HANDLE_TRIES => wait_for_former_handle(),
                result => break result?,
            }
            tries += 1;
        };
        let file = sync_files(folder).map_err(QueueError::Storage)?;
        Ok(Self { db: Careful::new(db), file })
    }

    /// What was remembered with the last change.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn memory(&self) -> Result<Option<Vec<u8>>, QueueError> {
        Ok(guarded(|| self.db.get(MEMORY_KEY))?.map(|value| value.to_vec()))
    }

    /// Adds records at `key`, `key + 1`, …, removes others and remembers something with that: all or nothing, not yet
    /// durable. One batch costs two blocks on the card, whatever is in it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn put(
        &self,
        key: u64,
        records: &[Vec<u8>],
        removed: Option<RangeInclusive<u64>>,
        memory: &[u8],
    ) -> Result<(), QueueError> {
        let mut batch = sled::Batch::default();
        if let Some(removed) = removed {
            self.each_part(removed, |key, _value| batch.remove(key))?;
        }
        for (key, record) in (key..).zip(records) {
            for (part, value) in (0..).zip(record.chunks(PART_BYTES)) {
                batch.insert(&part_key(key, part), value);
            }
        }
        batch.insert(&MEMORY_KEY, memory);
        guarded(|| self.db.apply_batch(batch))
    }

    /// The bytes stored at a key; none if there are none.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn record(&self, key: u64) -> Result<Option<Vec<u8>>, QueueError> {
        self.records(key, key).next().transpose().map(|found| found.map(|(_key, bytes)| bytes))
    }

    /// The records from one key through another, in order; keys without a record are left out.
    pub fn records(&self, from: u64, through: u64) -> Records {
        let parts = self.db.range(part_key(from, 0)..=part_key(through, u8::MAX));
        Records { parts, begun: None }
    }

    /// Bytes that the file takes on the disk; 0 if it cannot be asked.
    pub fn file_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.blocks() * 512)
    }

    /// Bytes of the records from one key through another, as far as they can be read.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`].
    pub fn size_bytes(&self, from: u64, through: u64) -> Result<u64, QueueError> {
        let mut bytes = 0;
        self.each_part(from..=through, |_key, value| bytes += value.len() as u64)?;
        Ok(bytes)
    }

    /// Removes records, and remembers something with that, which is told their bytes; lazy. Parts of a page that
    /// cannot be read stay behind: nobody asks for them again.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn remove(&self, from: u64, through: u64, memory: impl FnOnce(u64) -> Vec<u8>) -> Result<(), QueueError> {
        let mut batch = sled::Batch::default();
        let mut removed_bytes = 0;
        self.each_part(from..=through, |key, value| {
            removed_bytes += value.len() as u64;
            batch.remove(key);
        })?;
        batch.insert(&MEMORY_KEY, memory(removed_bytes));
        guarded(|| self.db.apply_batch(batch))
    }

    /// Goes through the parts of some records, as far as they can be read.
    fn each_part(
        &self,
        keys: RangeInclusive<u64>,
        mut each: impl FnMut(sled::IVec, sled::IVec),
    ) -> Result<(), QueueError> {
        let mut parts = self.db.range(part_key(*keys.start(), 0)..=part_key(*keys.end(), u8::MAX));
        loop {
            match guarded(|| parts.next().transpose()) {
                Ok(Some((key, value))) => each(key, value),
                Ok(None) | Err(QueueError::Corrupt(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces what is remembered; lazy.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn remember(&self, memory: &[u8]) -> Result<(), QueueError> {
        guarded(|| self.db.insert(MEMORY_KEY, memory)).map(|_former| ())
    }

    /// Brings every change so far to the disk; it is there when this returns.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`], [`QueueError::Corrupt`].
    pub fn commit(&self) -> Result<(), QueueError> {
        guarded(|| self.db.flush())?;
        self.file.sync_data().map_err(QueueError::Storage)
    }

    /// Whether no record is stored.
    ///
    /// # Errors
    ///
    /// [`QueueError::Corrupt`] or [`QueueError::Storage`].
    pub fn is_empty(&self) -> Result<bool, QueueError> {
        guarded(|| self.db.range(..MEMORY_KEY).next().transpose()).map(|first| first.is_none())
    }
}

/// Records in the order of their keys.
pub struct Records {
    parts: sled::Iter,
    begun: Option<(u64, Vec<u8>)>,
}

impl Iterator for Records {
    type Item = Result<(u64, Vec<u8>), QueueError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let part = match guarded(|| self.parts.next().transpose()) {
                Ok(part) => part.and_then(|(key, value)| Some((u64::from_be_bytes(*key.first_chunk()?), value))),
                Err(error) => {
                    self.begun = None;
                    return Some(Err(error));
                }
            };
            let Some((key, value)) = part else { return self.begun.take().map(Ok) };
            match &mut self.begun {
                Some((begun, bytes)) if *begun == key => bytes.extend_from_slice(&value),
                begun => {
                    if let Some(whole) = begun.replace((key, value.to_vec())) {
                        return Some(Ok(whole));
                    }
                }
            }
        }
    }
}

fn part_key(key: u64, part: u8) -> [u8; 9] {
    let mut bytes = [part; 9];
    if let Some(head) = bytes.first_chunk_mut() {
        *head = key.to_be_bytes();
    }
    bytes
}

#[expect(clippy::disallowed_methods, reason = "a queue lives on a thread of its own and may block it")]
fn wait_for_former_handle() {
    std::thread::sleep(HANDLE_WAIT);
}

/// Makes the names and contents of a store's files durable; returns the file to sync from then on.
fn sync_files(folder: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).open(folder.join("db"))?;
    file.sync_all()?;
    File::open(folder.join("conf"))?.sync_all()?;
    sync_folder(folder)?;
    folder.parent().map_or(Ok(()), sync_folder)?;
    Ok(file)
}

fn remove_snapshots(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
