//! The queue on the disk: a [`Folder`] that says who it is, a [`Store`] that holds the records.
//!
//! The store's key of a record is its position plus the identity's offset. A new queue id is therefore one
//! atomic write, on a full disk too: the offset grows, the waiting records begin at 1 again, and none is copied.

mod open;

use std::cell::Cell;
use std::ops::RangeInclusive;

use vigie_shared::id::QueueId;
use vigie_shared::wire::{Below, frame};

pub use open::{DurableOptions, inspector, open, opener, self_test};

use super::disk::Store;
use super::folder::{Folder, IDENTITY_LAG, Identity};
use super::{Extent, Limit, Queue, QueueError, Slice};

/// Most records removed in one step: bounds the memory that a large trim takes.
const REMOVED_AT_ONCE: u64 = 512;

/// Most receipted records whose removal waits for the next append, which writes it with its own: a card writes two blocks
/// for either, so a lone record that is receipted costs half. After a crash they are there again, and are sent again.
const DEFERRED_MAX: u64 = 256;

/// How much is copied in one step.
const COPIED_AT_ONCE: Limit = Limit { records_max: 512, bytes_max: 256 << 10 };

/// What is stored with the records. Frozen: a change needs a new version beside it.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Memory {
    extent: Extent,
    /// The identity's offset when this was written.
    offset: u64,
}

/// An open queue on the disk.
pub struct DurableQueue {
    // The store must let go of its file before the folder's lock is given back: fields drop in this order.
    store: Store,
    identity: Identity,
    extent: Extent,
    /// Keys of records that are no longer of the queue and still in the store.
    deferred: Option<RangeInclusive<u64>>,
    folder: Folder,
    set_aside_bytes_max: u64,
    /// What the folder took when the store's file was last of another size: to walk it at each record costs more than
    /// to write the record.
    weighed: Cell<Weighed>,
}

/// What a folder took, and the store and size of its file then.
#[derive(Debug, Clone, Copy, Default)]
struct Weighed {
    generation: u64,
    file_bytes: u64,
    folder_bytes: u64,
}

impl DurableQueue {
    fn key(&self, position: u64) -> u64 {
        self.identity.offset + position
    }

    fn memory(&self, extent: Extent) -> Vec<u8> {
        frame::seal(1, &Memory { extent, offset: self.identity.offset })
    }

    /// Writes the identity if it lags; the records are safe without it.
    fn identify_if_late(&mut self) {
        let last = self.key(self.extent.last);
        let is_late = self.identity.hi == 0 || last >= self.identity.hi + IDENTITY_LAG;
        if is_late
            && self.extent.last > 0
            && let Err(error) = self.identify()
        {
            tracing::warn!("a lane's identity was not written, the records are safe: {error}");
        }
    }

    fn identify(&mut self) -> std::io::Result<()> {
        let (hi, first) = (self.key(self.extent.last), self.key(self.extent.first));
        let identity = Identity { hi, first, ..self.identity };
        self.folder.identify(&identity)?;
        self.identity = identity;
        Ok(())
    }

    /// Makes another store the current one: one atomic write of the identity.
    fn move_to(&mut self, fresh: Store, generation: u64) -> Result<(), QueueError> {
        fresh.remember(&self.memory(self.extent))?;
        fresh.commit()?;
        self.identity.generation = generation;
        self.identify().map_err(QueueError::Storage)?;
        self.store = fresh;
        self.deferred = None;
        Ok(())
    }

    fn whole(&self, position: u64) -> Result<Option<Vec<u8>>, QueueError> {
        let record = self.store.record(self.key(position))?;
        Ok(record.filter(|record| frame::check(record).is_ok()))
    }

    /// Takes records out of the queue; the store forgets them with the next append.
    fn defer(&mut self, through: u64, checksum: Option<u32>) -> Result<(), QueueError> {
        let keys = self.key(self.extent.first)..=self.key(through);
        let bytes = self.store.size_bytes(*keys.start(), *keys.end())?;
        self.extent = self.extent.receipted(through, checksum, bytes);
        let from = self.deferred.as_ref().map_or(*keys.start(), |deferred| *deferred.start());
        self.deferred = Some(from..=*keys.end());
        Ok(())
    }

    /// Lets the store forget what waits for that; lazy.
    fn settle(&mut self) -> Result<(), QueueError> {
        if let Some(deferred) = &self.deferred {
            self.store.remove(*deferred.start(), *deferred.end(), |_bytes| self.memory(self.extent))?;
            self.deferred = None;
        }
        Ok(())
    }

    /// Removes through a position, step by step; `after` says what each step leaves.
    fn remove(&mut self, through: u64, after: impl Fn(Extent, u64, u64) -> Extent) -> Result<(), QueueError> {
        self.settle()?;
        while self.extent.first <= through {
            let step = through.min(self.extent.first + REMOVED_AT_ONCE - 1);
            let mut extent = self.extent;
            self.store.remove(self.key(extent.first), self.key(step), |removed_bytes| {
                extent = after(self.extent, step, removed_bytes);
                self.memory(extent)
            })?;
            self.extent = extent;
        }
        Ok(())
    }
}

impl Drop for DurableQueue {
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::debug!("receipted records stay in a store and will be sent again: {error}");
        }
    }
}

impl Queue for DurableQueue {
    fn extent(&self) -> Extent {
        self.extent
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), QueueError> {
        if records.is_empty() {
            return Ok(());
        }
        let extent = self.extent.grown(records);
        let (key, memory) = (self.key(self.extent.last + 1), self.memory(extent));
        self.store.put(key, records, self.deferred.clone(), &memory)?;
        self.store.commit()?;
        self.deferred = None;
        self.extent = extent;
        self.identify_if_late();
        Ok(())
    }

    fn peek(&self, from: u64, limit: Limit) -> Result<Slice, QueueError> {
        let start = from.max(self.extent.first);
        let mut slice = Slice { start, records: Vec::new() };
        let mut bytes = 0;
        let stored = self.store.records(self.key(start), self.key(self.extent.last));
        for (expected, stored) in (self.key(start)..).zip(stored) {
            let (key, record) = match stored {
                Ok(stored) => stored,
                Err(QueueError::Corrupt(_)) => break,
                Err(error) => return Err(error),
            };
            bytes += record.len();
            let is_first = slice.records.is_empty();
            let fits = slice.records.len() < limit.records_max && (bytes <= limit.bytes_max || is_first);
            if key != expected || !fits || frame::check(&record).is_err() {
                break;
            }
            slice.records.push(record);
        }
        Ok(slice)
    }

    fn next_whole(&self, from: u64) -> Result<u64, QueueError> {
        for position in from + 1..=self.extent.last {
            match self.whole(position) {
                Ok(Some(_)) => return Ok(position),
                Ok(None) | Err(QueueError::Corrupt(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.extent.last + 1)
    }

    fn trim(&mut self, through: u64) -> Result<(), QueueError> {
        if !self.extent.holds(through) {
            return Ok(());
        }
        // A record that cannot be read leaves no checksum; the older one stays true.
        let last = match self.whole(through) {
            Err(QueueError::Corrupt(_)) => None,
            other => other?,
        };
        let checksum = last.and_then(|record| frame::crc(&record));
        let waiting = self.deferred.as_ref().map_or(self.key(self.extent.first), |deferred| *deferred.start());
        if self.key(through) - waiting < DEFERRED_MAX {
            return self.defer(through, checksum);
        }
        self.remove(through, |extent, step, bytes| extent.receipted(step, checksum.filter(|_| step == through), bytes))
    }

    fn give_up(&mut self, through: u64, why: Below) -> Result<u64, QueueError> {
        let dropped = self.extent.dropped;
        self.remove(through.min(self.extent.last), |extent, step, bytes| extent.given_up(step, why, bytes))?;
        Ok(self.extent.dropped - dropped)
    }

    fn renew(&mut self) -> Result<QueueId, QueueError> {
        self.settle()?;
        let (hi, first) = (self.key(self.extent.last), self.key(self.extent.first));
        let identity = Identity { queue: QueueId::random(), offset: first - 1, first, hi, ..self.identity };
        self.folder.identify(&identity).map_err(QueueError::Storage)?;
        self.identity = identity;
        self.extent = self.extent.renewed(identity.queue);
        self.store.remember(&self.memory(self.extent))?;
        Ok(identity.queue)
    }

    fn size_bytes(&self) -> u64 {
        let (generation, file_bytes) = (self.identity.generation, self.store.file_bytes());
        let mut weighed = self.weighed.get();
        if (weighed.generation, weighed.file_bytes) != (generation, file_bytes) {
            weighed = Weighed { generation, file_bytes, folder_bytes: self.folder.size_bytes() };
            self.weighed.set(weighed);
        }
        weighed.folder_bytes
    }

    fn rebuild(&mut self, wall_ms: i64) -> Result<String, QueueError> {
        let generation = self.folder.newest_generation().map_err(QueueError::Storage)? + 1;
        let fresh = Store::open(&self.folder.store(generation))?;
        let memory = self.memory(self.extent);
        let mut from = self.extent.first;
        while from <= self.extent.last {
            let slice = self.peek(from, COPIED_AT_ONCE)?;
            if slice.records.is_empty() {
                from = self.next_whole(from)?;
            } else {
                fresh.put(self.key(from), &slice.records, None, &memory)?;
                from += slice.records.len() as u64;
            }
        }
        self.move_to(fresh, generation)?;
        self.folder.set_aside(Some(generation), wall_ms, self.set_aside_bytes_max).map_err(QueueError::Storage)
    }

    fn shrink(&mut self) -> Result<(), QueueError> {
        if self.extent.waiting() > 0 {
            return Ok(());
        }
        let generation = self.folder.newest_generation().map_err(QueueError::Storage)? + 1;
        let fresh = Store::open(&self.folder.store(generation))?;
        self.move_to(fresh, generation)?;
        self.folder.remove_stores_except(generation).map_err(QueueError::Storage)
    }

    fn close(&mut self) -> Result<(), QueueError> {
        self.settle()?;
        self.store.commit()?;
        self.identify().map_err(QueueError::Storage)
    }
}
