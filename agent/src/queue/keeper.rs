//! Keeps one lane within its quota and alive, whatever its disk does.
//!
//! A handle whose disk failed is dead for good: the keeper drops it and opens the lane again, with back-off. On
//! a full disk it first throws the ballast overboard. When there is no room it does what the lane's policy says:
//! refuse, or give up the oldest. What it had to do is told in [`Notice`]s, for alarms.

mod recovery;

use std::sync::Arc;
use std::time::Instant;

use vigie_shared::backoff::Backoff;
use vigie_shared::id::QueueId;
use vigie_shared::wire::{Below, Lane};

use super::quota::{Load, Policy, Quota, Shortage};
use super::volume::Volume;
use super::{Extent, Limit, Opener, Opening, Queue, QueueError, SetAside, Slice};
use recovery::{RETRY_MAX, RETRY_MIN};

/// An empty lane gives its files back when they are larger than this, bytes.
const SHRINK_BYTES: u64 = 8 << 20;

/// The moment at which a keeper is asked to do something.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For back-off.
    pub instant: Instant,
    /// Milliseconds since 1970 UTC, to name what is set aside.
    pub wall_ms: i64,
}

/// Something that happened to a lane and that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It was damaged; a new one took its place.
    SetAside(SetAside),
    /// Records were given up unsent.
    Dropped {
        /// How many.
        count: u64,
        /// For want of what.
        shortage: Shortage,
    },
    /// It could not be changed any more; everything that could be read was moved to a new store.
    Rebuilt {
        /// What was wrong with it.
        why: String,
        /// The name of the folder that holds the old store, within the lane's folder.
        remains: String,
    },
    /// Records could not be read back and were skipped.
    Damaged {
        /// How many.
        count: u64,
    },
    /// The disk was full, or so nearly that the lane refused records.
    DiskFull,
}

/// One lane under its quota.
pub struct Keeper {
    lane: Lane,
    quota: Quota,
    open: Opener,
    volume: Arc<dyn Volume>,
    queue: Option<Box<dyn Queue>>,
    extent: Option<Extent>,
    backoff: Backoff,
    retry_at: Option<Instant>,
    rebuilt: Option<Instant>,
    notices: Vec<Notice>,
}

impl Keeper {
    /// Opens a lane. If the disk refuses for the moment, the keeper starts without it and tries again later.
    ///
    /// # Errors
    ///
    /// [`QueueError::Busy`] and [`QueueError::Broken`]; [`QueueError::Corrupt`] if the opener does not repair.
    pub fn open(
        lane: Lane,
        quota: Quota,
        open: Opener,
        volume: Arc<dyn Volume>,
        now: Moment,
    ) -> Result<Self, QueueError> {
        let backoff = Backoff::new(RETRY_MIN, RETRY_MAX, now.wall_ms.unsigned_abs());
        let (queue, extent, retry_at, notices) = (None, None, None, Vec::new());
        let mut keeper = Self { lane, quota, open, volume, queue, extent, backoff, retry_at, rebuilt: None, notices };
        match keeper.reopen(Opening::Repair, now) {
            Ok(()) => keeper.volume.take_ballast(keeper.quota.free_bytes_min),
            Err(error @ (QueueError::Busy(_) | QueueError::Broken(_) | QueueError::Corrupt(_))) => {
                return Err(error);
            }
            Err(error) if error.is_disk_full() => drop(keeper.recover(error, now)),
            Err(error) => tracing::warn!(lane = lane.as_str(), "a lane does not open yet: {}", causes(&error)),
        }
        Ok(keeper)
    }

    /// Which lane this is.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// What the lane holds; none if it never opened so far.
    #[must_use]
    pub fn extent(&self) -> Option<Extent> {
        self.queue.as_ref().map(|queue| queue.extent()).or(self.extent)
    }

    /// Bytes that the lane takes on the disk.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.size_bytes())
    }

    /// What happened since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Adds records; they are on the disk when this returns.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`] if the lane refuses, [`QueueError::Storage`] while the disk does.
    pub fn append(&mut self, records: &[Vec<u8>], now: Moment) -> Result<(), QueueError> {
        let before = self.ready(now)?.extent();
        let added = load_of(records);
        let waiting = Load { records: before.waiting(), bytes: before.bytes };
        let free = self.volume.free().map_err(QueueError::Storage)?;
        if let Some(shortage) = self.quota.shortage(waiting, added, free) {
            self.make_room(added, shortage, now)?;
        }
        let failure = match self.ready(now)?.append(records) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let is_disk_full = failure.is_disk_full();
        self.recover(failure, now)?;
        let after = self.ready(now)?.extent();
        if after.queue == before.queue && after.last >= before.last + added.records {
            // The failed write was on the disk all the same.
            return Ok(());
        }
        if is_disk_full {
            self.make_room(added, Shortage::Disk, now)?;
        }
        let result = self.ready(now)?.append(records);
        result.or_else(|failure| self.recover_and_say(failure, now))
    }

    /// Reads records; see [`Queue::read`].
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] while the disk refuses; [`QueueError::Corrupt`] once, when the lane had to be set
    /// aside.
    pub fn read(&mut self, from: u64, limit: Limit, now: Moment) -> Result<Slice, QueueError> {
        let queue = self.ready(now)?;
        let dropped = queue.extent().dropped;
        let result = queue.read(from, limit);
        let count = queue.extent().dropped.saturating_sub(dropped);
        if count > 0 {
            self.notices.push(Notice::Damaged { count });
        }
        result.or_else(|failure| self.recover_and_say(failure, now))
    }

    /// Reads records and changes nothing; see [`Queue::peek`].
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] while the disk refuses, [`QueueError::Corrupt`].
    pub fn peek(&mut self, from: u64, limit: Limit, now: Moment) -> Result<Slice, QueueError> {
        self.ready(now)?.peek(from, limit)
    }

    /// Forgets what the hub receipted under this queue id; a receipt for another queue is not ours.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] while the disk refuses.
    pub fn trim(&mut self, queue: QueueId, through: u64, now: Moment) -> Result<(), QueueError> {
        self.change(queue, now, |queue| {
            queue.trim(through)?;
            let is_drained = queue.extent().waiting() == 0;
            if is_drained && queue.size_bytes() > SHRINK_BYTES { queue.shrink() } else { Ok(()) }
        })
    }

    /// Gives up records because a person says so. Returns how many.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] while the disk refuses.
    pub fn discard(&mut self, through: u64, now: Moment) -> Result<u64, QueueError> {
        let result = self.ready(now)?.give_up(through, Below::Dropped);
        result.or_else(|failure| self.recover_and_say(failure, now))
    }

    /// Takes a new queue id if the current one is the one to give up.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] while the disk refuses.
    pub fn renew(&mut self, queue: QueueId, now: Moment) -> Result<(), QueueError> {
        self.change(queue, now, |queue| queue.renew().map(|_id| ()))
    }

    /// Does what has no occasion of its own: opens a closed lane, takes ballast on again.
    ///
    /// # Errors
    ///
    /// [`QueueError::Broken`] only: the process has to end.
    pub fn tend(&mut self, now: Moment) -> Result<(), QueueError> {
        match self.ready(now) {
            Ok(_) => self.volume.take_ballast(self.quota.free_bytes_min),
            Err(error @ QueueError::Broken(_)) => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    /// Brings everything to the disk and lets go of the lane.
    pub fn close(&mut self) {
        self.extent = self.extent();
        if let Some(mut queue) = self.queue.take()
            && let Err(error) = queue.close()
        {
            tracing::warn!(
                lane = self.lane.as_str(),
                "a lane closed untidily, its records are safe: {}",
                causes(&error)
            );
        }
    }

    fn change(
        &mut self,
        id: QueueId,
        now: Moment,
        act: impl FnOnce(&mut dyn Queue) -> Result<(), QueueError>,
    ) -> Result<(), QueueError> {
        let queue = self.ready(now)?;
        if queue.extent().queue != id {
            return Ok(());
        }
        let result = act(queue.as_mut());
        result.or_else(|failure| self.recover_and_say(failure, now))
    }

    /// Refuses, or gives up the oldest, as the lane's policy says.
    fn make_room(&mut self, added: Load, shortage: Shortage, now: Moment) -> Result<(), QueueError> {
        if Policy::of(self.lane) == Policy::Refuse {
            if matches!(shortage, Shortage::FreeBytes | Shortage::FreeInodes) {
                self.notices.push(Notice::DiskFull);
            }
            return Err(QueueError::Full(shortage));
        }
        let quota = self.quota;
        let queue = self.ready(now)?;
        let extent = queue.extent();
        let waiting = Load { records: extent.waiting(), bytes: extent.bytes };
        let through = extent.first + quota.records_to_drop(waiting, added, shortage);
        let result = queue.give_up(through.saturating_sub(1), Below::Dropped);
        let count = result.or_else(|failure| self.recover_and_say(failure, now))?;
        if count > 0 {
            self.notices.push(Notice::Dropped { count, shortage });
        }
        Ok(())
    }
}

fn load_of(records: &[Vec<u8>]) -> Load {
    let bytes: usize = records.iter().map(Vec::len).sum();
    Load { records: records.len() as u64, bytes: bytes as u64 }
}

/// An error with what caused it, on one line.
pub(crate) fn causes(error: &QueueError) -> String {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
