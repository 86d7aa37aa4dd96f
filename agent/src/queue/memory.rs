//! The queue in memory: the twin of [`super::disk`] for tests, with a disk that fails on command.
//!
//! The "disk" is shared by all queues opened on it, so that opening again finds what was written.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vigie_shared::id::QueueId;
use vigie_shared::wire::{Below, frame};

use super::{Extent, Limit, Opened, Opener, Opening, Queue, QueueError, SetAside, Slice};

/// Everything that outlives a handle.
struct Contents {
    extent: Extent,
    records: VecDeque<Vec<u8>>,
    failure: Option<Failure>,
}

/// What goes wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The next append fails because the disk is full, and nothing of it is stored.
    Full,
    /// The next append fails because the disk is full, yet its records are there afterwards.
    FullAfterwards,
    /// No handle can be opened.
    Unreachable,
}

/// A lane's disk, in memory.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Mutex<Contents>>);

impl Default for MemoryDisk {
    fn default() -> Self {
        let extent = Extent::new(QueueId::random());
        Self(Arc::new(Mutex::new(Contents { extent, records: VecDeque::new(), failure: None })))
    }
}

impl MemoryDisk {
    /// Opens a queue on this disk.
    #[must_use]
    pub fn open(&self) -> MemoryQueue {
        MemoryQueue { disk: self.clone(), is_dead: false }
    }

    /// An opener for a keeper.
    #[must_use]
    pub fn opener(&self) -> Opener {
        let disk = self.clone();
        Box::new(move |opening, _wall_ms| {
            if disk.contents().failure == Some(Failure::Unreachable) {
                return Err(full());
            }
            let set_aside = (opening == Opening::Distrust).then(|| disk.set_aside());
            Ok(Opened { queue: Box::new(disk.open()), set_aside })
        })
    }

    /// Decides what goes wrong from here on.
    pub fn fail(&self, failure: Option<Failure>) {
        self.contents().failure = failure;
    }

    /// Flips a bit of a stored record.
    pub fn damage(&self, position: u64) {
        let contents = &mut *self.contents();
        let index = usize::try_from(position - contents.extent.first).unwrap_or(usize::MAX);
        if let Some(byte) = contents.records.get_mut(index).and_then(|record| record.first_mut()) {
            *byte ^= 1;
        }
    }

    fn set_aside(&self) -> SetAside {
        let contents = &mut *self.contents();
        let old = std::mem::replace(&mut contents.extent, Extent::new(QueueId::random()));
        contents.records.clear();
        SetAside {
            queue: Some(old.queue),
            from: old.first,
            through: old.last,
            why: "distrusted".to_owned(),
            remains: "corrupt".to_owned(),
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One handle on a [`MemoryDisk`].
pub struct MemoryQueue {
    disk: MemoryDisk,
    is_dead: bool,
}

impl MemoryQueue {
    fn alive(&self) -> Result<MutexGuard<'_, Contents>, QueueError> {
        if self.is_dead { Err(full()) } else { Ok(self.disk.contents()) }
    }
}

impl Contents {
    /// Removes through a position and returns the last one's checksum and the bytes of all.
    fn remove(&mut self, through: u64) -> (Option<u32>, u64) {
        let count = usize::try_from((through + 1).saturating_sub(self.extent.first)).unwrap_or(usize::MAX);
        let removed: Vec<_> = self.records.drain(..count.min(self.records.len())).collect();
        let last = removed.last().filter(|record| frame::check(record).is_ok());
        let checksum = last.and_then(|record| frame::crc(record));
        (checksum, removed.iter().map(|record| record.len() as u64).sum())
    }

    fn give_up(&mut self, through: u64, why: Below) -> u64 {
        let (before, through) = (self.extent.dropped, through.min(self.extent.last));
        if through >= self.extent.first {
            let (_checksum, bytes) = self.remove(through);
            self.extent = self.extent.given_up(through, why, bytes);
        }
        self.extent.dropped - before
    }

    /// Records from a position on.
    fn from(&self, from: u64) -> impl Iterator<Item = &Vec<u8>> {
        let index = usize::try_from(from.saturating_sub(self.extent.first)).unwrap_or(usize::MAX);
        self.records.iter().skip(index)
    }
}

impl Queue for MemoryQueue {
    fn extent(&self) -> Extent {
        self.disk.contents().extent
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), QueueError> {
        let mut contents = self.alive()?;
        let failure = contents.failure.take_if(|failure| *failure != Failure::Unreachable);
        if failure != Some(Failure::Full) {
            contents.extent = contents.extent.grown(records);
            contents.records.extend(records.iter().cloned());
        }
        drop(contents);
        self.is_dead = failure.is_some();
        if self.is_dead { Err(full()) } else { Ok(()) }
    }

    fn peek(&self, from: u64, limit: Limit) -> Result<Slice, QueueError> {
        let contents = self.alive()?;
        let start = from.max(contents.extent.first);
        let mut bytes = 0;
        let fits = |record: &&Vec<u8>| {
            bytes += record.len();
            bytes == record.len() || bytes <= limit.bytes_max
        };
        let whole = contents.from(start).take_while(|record| frame::check(record).is_ok());
        let records = whole.take(limit.records_max).take_while(fits).cloned().collect();
        Ok(Slice { start, records })
    }

    fn next_whole(&self, from: u64) -> Result<u64, QueueError> {
        let contents = self.alive()?;
        let damaged = contents.from(from + 1).take_while(|record| frame::check(record).is_err()).count() as u64;
        Ok(from + 1 + damaged)
    }

    fn trim(&mut self, through: u64) -> Result<(), QueueError> {
        let mut contents = self.alive()?;
        if contents.extent.holds(through) {
            let (checksum, bytes) = contents.remove(through);
            contents.extent = contents.extent.receipted(through, checksum, bytes);
        }
        Ok(())
    }

    fn give_up(&mut self, through: u64, why: Below) -> Result<u64, QueueError> {
        Ok(self.alive()?.give_up(through, why))
    }

    fn renew(&mut self) -> Result<QueueId, QueueError> {
        let mut contents = self.alive()?;
        contents.extent = contents.extent.renewed(QueueId::random());
        Ok(contents.extent.queue)
    }

    fn size_bytes(&self) -> u64 {
        self.disk.contents().extent.bytes
    }

    fn rebuild(&mut self, _wall_ms: i64) -> Result<String, QueueError> {
        self.alive().map(|_contents| "corrupt".to_owned())
    }

    fn shrink(&mut self) -> Result<(), QueueError> {
        self.alive().map(|_contents| ())
    }

    fn close(&mut self) -> Result<(), QueueError> {
        self.alive().map(|_contents| ())
    }
}

fn full() -> QueueError {
    QueueError::Storage(io::Error::from(io::ErrorKind::StorageFull))
}
