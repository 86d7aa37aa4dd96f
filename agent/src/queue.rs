//! Port: the durable queue of one lane.
//!
//! A queue hands out positions 1, 2, 3, … and never gives one twice under the same queue id, also after it was
//! emptied, closed and opened again. What [`Queue::append`] took is on the disk when it returns. Removing is
//! lazy: a removal that a crash undoes costs the hub a duplicate, which it knows, never a record.
//!
//! The engine knows nothing of quotas and policies: those are the [`keeper`]'s, which also reopens a lane whose
//! disk failed. [`extent`] does the arithmetic for every engine; [`durable`] (over [`disk`]) and [`memory`] are the engines.

#[cfg(test)]
mod contract;
pub mod disk;
pub mod durable;
pub mod extent;
pub mod folder;
pub mod keeper;
pub mod memory;
pub mod quota;
pub mod volume;

use vigie_shared::id::QueueId;
use vigie_shared::wire::Below;

pub use durable::self_test;
pub use extent::Extent;

/// The rows of a lane, oldest first, in positions without holes.
pub trait Queue: Send {
    /// What the queue holds.
    fn extent(&self) -> Extent;

    /// Adds records behind the last one and returns when they are on the disk: all of them or none.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`]: whether the records are there shows when the queue is opened again.
    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), QueueError>;

    /// Reads whole records from `from` on, or from the first one if that is later: as many as the limit allows,
    /// but at least one if there is one. The slice ends before a damaged record.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] or [`QueueError::Corrupt`].
    fn peek(&self, from: u64, limit: Limit) -> Result<Slice, QueueError>;

    /// The first position behind `from` that holds a whole record; `last + 1` if none does.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`].
    fn next_whole(&self, from: u64) -> Result<u64, QueueError>;

    /// Reads as [`Queue::peek`] does, and gives up damaged records at the very beginning of the lane: the slice
    /// then starts behind them and the extent says so. Damaged records further back are skipped once everything
    /// before them was receipted.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] or [`QueueError::Corrupt`].
    fn read(&mut self, from: u64, limit: Limit) -> Result<Slice, QueueError> {
        let slice = self.peek(from, limit)?;
        let extent = self.extent();
        let is_stuck = slice.records.is_empty() && slice.start == extent.first && extent.holds(slice.start);
        if !is_stuck || limit.records_max == 0 {
            return Ok(slice);
        }
        let whole = self.next_whole(slice.start)?;
        self.give_up(whole - 1, Below::Damaged)?;
        self.peek(whole, limit)
    }

    /// Forgets what the hub receipted, lazily. Positions never given are no receipt of ours: nothing happens.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] or [`QueueError::Corrupt`].
    fn trim(&mut self, through: u64) -> Result<(), QueueError>;

    /// Gives up records that no receipt covers, lazily, and remembers why. Returns how many.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] or [`QueueError::Corrupt`].
    fn give_up(&mut self, through: u64, why: Below) -> Result<u64, QueueError>;

    /// Takes a new queue id. The waiting records stay, under positions that begin at 1 again.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`]: the queue keeps its old id.
    fn renew(&mut self) -> Result<QueueId, QueueError>;

    /// Bytes that the lane takes on the disk, what was set aside included.
    fn size_bytes(&self) -> u64;

    /// Copies everything that can be read into a new store, under the same positions, and sets the old one
    /// aside. Positions that cannot be read are damaged ones from then on. `wall_ms` names the remains; their name is returned.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`] or [`QueueError::Corrupt`]: the queue must be opened again.
    fn rebuild(&mut self, wall_ms: i64) -> Result<String, QueueError>;

    /// Gives the disk space of an empty queue back; a queue that holds records stays as it is.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`]: the queue must be opened again.
    fn shrink(&mut self) -> Result<(), QueueError>;

    /// Brings everything lazy to the disk, before the queue is dropped.
    ///
    /// # Errors
    ///
    /// [`QueueError::Storage`]: what was appended is safe all the same.
    fn close(&mut self) -> Result<(), QueueError>;
}

/// How much one read may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Most records.
    pub records_max: usize,
    /// Most bytes, all records together.
    pub bytes_max: usize,
}

/// Consecutive records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// Position of the first one.
    pub start: u64,
    /// Their bytes, positions `start`, `start + 1`, ….
    pub records: Vec<Vec<u8>>,
}

/// A freshly opened queue.
pub struct Opened {
    /// The queue.
    pub queue: Box<dyn Queue>,
    /// What had to be set aside on the way.
    pub set_aside: Option<SetAside>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("extent", &self.queue.extent()).field("set_aside", &self.set_aside).finish()
    }
}

/// A damaged queue that was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The queue id that its positions belong to; none if even that was unreadable.
    pub queue: Option<QueueId>,
    /// Oldest position that the hub may be missing.
    pub from: u64,
    /// Newest position known to have been given; newer ones may have existed.
    pub through: u64,
    /// What was wrong with it.
    pub why: String,
    /// The name of the folder that holds the remains, within the lane's folder.
    pub remains: String,
}

/// How to open a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Repair or set aside what is damaged, then start anew.
    Repair,
    /// What lies there is known to be damaged: set it aside.
    Distrust,
    /// Change nothing that is damaged, only report it: for a person who asks.
    Inspect,
}

/// Opens one lane; called again whenever its handle is dead. The argument is the wall clock in milliseconds.
pub type Opener = Box<dyn FnMut(Opening, i64) -> Result<Opened, QueueError> + Send>;

/// Why a queue did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The lane has no room and may not drop anything: keep the record, try later.
    #[error("the lane has no room: {0}")]
    Full(quota::Shortage),
    /// The disk failed. The handle is dead: open the lane again, with back-off. Nothing stored is lost.
    #[error("the disk under the lane failed")]
    Storage(#[source] std::io::Error),
    /// What is stored cannot be read.
    #[error("the lane is damaged: {0}")]
    Corrupt(String),
    /// Another process has the lane open.
    #[error("{} is in use by another process; stop the agent, or ask it instead", .0.display())]
    Busy(std::path::PathBuf),
    /// The engine is beyond repair in this process: only a restart helps.
    #[error("the storage engine broke down: {0}")]
    Broken(String),
}

impl QueueError {
    /// Whether the disk, or the user's share of it, is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Storage(error) if matches!(error.kind(), StorageFull | QuotaExceeded))
    }
}
