//! Facts: records as boxes sent them, each once, in order, for ever or until their retention ends.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use crate::store::StoreError;
use crate::store::diary::Entry;

/// One queue of one lane of one site, as far as the hub holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueState {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// Every position through this one is stored or named in a gap; 0 if none.
    pub through: u64,
    /// When the hub first heard of it, milliseconds since 1970 UTC.
    pub born_ms: i64,
}

/// Consecutive records of one queue that are new to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// Position of the first record.
    pub start: u64,
    /// The records' bytes, positions `start`, `start + 1`, ….
    pub records: Vec<Bytes>,
}

/// Positions that the hub will never hold, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// First missing position.
    pub from: u64,
    /// Last missing position.
    pub to: u64,
    /// Why.
    pub reason: GapReason,
    /// When the hub noticed, milliseconds since 1970 UTC.
    pub noticed_ms: i64,
}

/// Why positions are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The box's lane was full and dropped them.
    Dropped,
    /// The box's disk damaged them.
    Damaged,
    /// This hub had receipted them, then was restored from an older backup.
    HubRestored,
}

/// What one transaction adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// New records.
    pub arrivals: Vec<Arrival>,
    /// New gaps. A gap and the arrivals after it may be in the same commit.
    pub gaps: Vec<Gap>,
    /// Queues' new states, one per touched queue.
    pub queues: Vec<QueueState>,
    /// What people should read about it.
    pub entries: Vec<Entry>,
    /// When, milliseconds since 1970 UTC.
    pub received_ms: i64,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// Its position.
    pub seq: u64,
    /// When the hub received it, milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// Its bytes: a frame of `vigie_shared::wire::Record` of any version.
    pub bytes: Bytes,
}

/// The facts' part of the store.
#[async_trait]
pub trait Facts {
    /// Every queue that the store knows, for the start of the hub.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn queues(&self) -> Result<Vec<QueueState>, StoreError>;

    /// Adds everything or nothing; on disk when it returns. Goes before every other write that waits.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if a record's position is taken. [`StoreError::Failed`]. After either, nothing
    /// was added and no receipt may be sent.
    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError>;

    /// The checksum that one stored record ends with; `None` if the store does not hold it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn record_crc(&self, site: &SiteId, queue: QueueId, seq: u64) -> Result<Option<u32>, StoreError>;

    /// Records of one queue from a position on, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn records(
        &self,
        site: &SiteId,
        queue: QueueId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<StoredRecord>, StoreError>;

    /// Every gap of a site, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn gaps(&self, site: &SiteId) -> Result<Vec<Gap>, StoreError>;
}
