//! Projections: what the facts amount to. Each follows the facts with a cursor and can be rebuilt.

use async_trait::async_trait;
use serde::Serialize;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::HostSample;

use crate::store::StoreError;

/// A device as the facts show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Where it was seen.
    pub site: SiteId,
    /// Its pseudonym, or its MAC if the owner declares the network's equipment his own.
    pub id: String,
    /// How it is named.
    pub kind: DeviceKind,
    /// Its last internet address; only for owned equipment.
    pub ip: Option<String>,
    /// The name it gave itself; only for owned equipment.
    pub name: Option<String>,
    /// First confirmation, milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// Last confirmation.
    pub last_seen_ms: i64,
    /// Confirmations in all.
    pub sightings: u64,
    /// Sources that confirmed it, a sum of `Source::bit`.
    pub sources: u16,
    /// As in `Sighting::flags`.
    pub flags: u8,
}

/// How a device is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// Registered: its pseudonym is stable.
    Known,
    /// Anybody: its pseudonym dies daily.
    Passing,
    /// The owner's equipment, named openly.
    Owned,
}

/// One sample of a box's pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricSample {
    /// When, corrected, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether `at_ms` is sure: the clock was synchronised, or an anchor dated it.
    pub is_dated: bool,
    /// The pulse.
    pub host: HostSample,
}

/// An interval in which a network's observer saw, or was blind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageSpan {
    /// The network.
    pub network: String,
    /// From, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
    /// Why it was blind; none if it saw.
    pub blind: Option<String>,
}

/// How far a projection has followed one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Whose.
    pub site: SiteId,
    /// Which lane.
    pub lane: Lane,
    /// Which queue.
    pub queue: QueueId,
    /// Everything through this position is in the projection.
    pub through: u64,
    /// Time of the newest record through there, corrected, milliseconds since 1970 UTC; none if there is none.
    pub complete_ms: Option<i64>,
}

/// What one step of the projector changes, with the cursors that it moves: all or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Devices to merge: first seen is the earlier, last seen the later, sightings add up, sources unite.
    pub devices: Vec<Device>,
    /// Samples to add, replacing one of the same site and time.
    pub metrics: Vec<(SiteId, MetricSample)>,
    /// Coverage to add.
    pub coverage: Vec<(SiteId, CoverageSpan)>,
    /// Time corrections learnt: wall time of the boot's beginning, milliseconds since 1970 UTC, per site and
    /// boot id.
    pub anchors: Vec<(SiteId, vigie_shared::id::BootId, i64)>,
    /// Cursors to move.
    pub cursors: Vec<Cursor>,
}

/// The projections' part of the store.
#[async_trait]
pub trait Projections {
    /// Every cursor, for the start of the projector.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn cursors(&self) -> Result<Vec<Cursor>, StoreError>;

    /// Applies one step: everything or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn apply(&self, step: Step) -> Result<(), StoreError>;

    /// Forgets everything derived, cursors included: the projector starts again from the facts.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget_projections(&self) -> Result<(), StoreError>;

    /// Known anchors: wall time of a boot's beginning, milliseconds since 1970 UTC.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn anchors(&self, site: &SiteId) -> Result<Vec<(vigie_shared::id::BootId, i64)>, StoreError>;

    /// Devices after `(site, id)` in that order, of one site or of all, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn devices(
        &self,
        site: Option<&SiteId>,
        after: Option<(SiteId, String)>,
        limit: usize,
    ) -> Result<Vec<Device>, StoreError>;

    /// Samples of one site with `from_ms <= at_ms < to_ms`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn metrics(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<MetricSample>, StoreError>;

    /// Coverage of one site that touches `from_ms..to_ms`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn coverage(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<CoverageSpan>, StoreError>;
}
