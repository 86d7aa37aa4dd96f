//! Projections: what the facts amount to. Each follows the facts with a cursor and can be rebuilt.
//!
//! Facts end ([`Upkeep::settle`](crate::store::upkeep::Upkeep::settle)). What a projection shows for longer than its
//! facts last is kept as the facts leave, and a rebuild begins there.

use async_trait::async_trait;
use serde::Serialize;
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::HostSample;

use crate::store::StoreError;
use crate::store::commands::Told;
use crate::store::diary::Entry;
use crate::store::presence::Sights;
use crate::store::terminals::{self, Terminal};
use crate::store::{attendance, machines, media, releases};

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

/// Something that facts amount to, and whether its times are sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived<T> {
    /// What, with times as the box believed them.
    pub value: T,
    /// If the box's clock was not synchronised: the boot whose anchor dates it.
    pub undated: Option<Undated>,
}

/// A boot, and when its box believed that it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undated {
    /// The boot.
    pub boot: BootId,
    /// Its beginning by the unsynchronised clock, milliseconds since 1970 UTC.
    pub believed_ms: i64,
}

/// The true beginning of a boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Whose.
    pub site: SiteId,
    /// The boot.
    pub boot: BootId,
    /// Its beginning, milliseconds since 1970 UTC.
    pub began_ms: i64,
}

/// An entry for the diary that came from a record: written once, also when the record is projected again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxEntry {
    /// The record's queue.
    pub queue: QueueId,
    /// The record's position.
    pub seq: u64,
    /// The entry; its site is the record's.
    pub entry: Entry,
}

/// What one step of the projector changes, with the cursors that it moves: all or nothing.
///
/// The store dates it: an undated thing whose boot has an anchor, known before or in this step, is moved by
/// the difference between belief and truth and counts as dated from then on. The first anchor of a boot wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Devices to merge: first seen is the earlier, last seen the later, sightings add up, sources unite.
    pub devices: Vec<Derived<Device>>,
    /// Samples to add. Of two with one site and time, the one with the greater bytes stays: an order that does
    /// not depend on who came first.
    pub metrics: Vec<Derived<(SiteId, MetricSample)>>,
    /// Coverage to add; the same network and beginning replaces by the same rule.
    pub coverage: Vec<Derived<(SiteId, CoverageSpan)>>,
    /// Sights of devices, and when observers could see or were blind, to unite with the strips of their days. Those
    /// that are undated are held back until their boot's anchor is known.
    pub sights: Vec<Derived<Sights>>,
    /// Entries for the diary.
    pub entries: Vec<BoxEntry>,
    /// Words of boxes about commands.
    pub outcomes: Vec<Told>,
    /// Words of boxes about their disks, in their order: each replaces its stretch.
    pub media: Vec<Derived<media::Told>>,
    /// Words of boxes about the owner's machines.
    pub machines: Vec<machines::Told>,
    /// Words of boxes about their software, in their order: each replaces what is older.
    pub software: Vec<releases::Told>,
    /// Rows of terminals' logs: of those that say the same, the one that the hub received first stays.
    pub punches: Vec<Derived<attendance::Told>>,
    /// Words of terminals.
    pub terminals: Vec<Terminal>,
    /// Words of who is enrolled on terminals, in their order.
    pub enrolled: Vec<terminals::Told>,
    /// Time corrections learnt.
    pub anchors: Vec<Anchor>,
    /// Cursors to move. One without a time keeps the time it had.
    pub cursors: Vec<Derived<Cursor>>,
}

impl Step {
    /// Takes out what belongs to attendance, as a step of its own.
    #[must_use]
    pub fn take_attendance(&mut self) -> Self {
        Self {
            punches: std::mem::take(&mut self.punches),
            terminals: std::mem::take(&mut self.terminals),
            enrolled: std::mem::take(&mut self.enrolled),
            ..Self::default()
        }
    }
}

impl Device {
    /// Adds what another sight of the same device tells. Name and address are the later one's, if it has any.
    pub fn merge(&mut self, other: &Self) {
        if other.last_seen_ms >= self.last_seen_ms {
            self.ip = other.ip.clone().or_else(|| self.ip.take());
            self.name = other.name.clone().or_else(|| self.name.take());
            self.kind = other.kind;
        } else {
            self.ip = self.ip.take().or_else(|| other.ip.clone());
            self.name = self.name.take().or_else(|| other.name.clone());
        }
        self.first_seen_ms = self.first_seen_ms.min(other.first_seen_ms);
        self.last_seen_ms = self.last_seen_ms.max(other.last_seen_ms);
        self.sightings = self.sightings.saturating_add(other.sightings);
        self.sources |= other.sources;
        self.flags |= other.flags;
    }

    /// Moves its times.
    pub fn shift(&mut self, by_ms: i64) {
        self.first_seen_ms = self.first_seen_ms.saturating_add(by_ms);
        self.last_seen_ms = self.last_seen_ms.saturating_add(by_ms);
    }
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

    /// Forgets everything derived from records that are still held, cursors included: the projections stand where
    /// the settled records left them, and the projector follows the rest again. Hours of metrics and the diary stay.
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
    async fn anchors(&self, site: &SiteId) -> Result<Vec<(BootId, i64)>, StoreError>;

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
