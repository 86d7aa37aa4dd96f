//! Upkeep: what may be forgotten, in short steps, and what remains of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::HostSample;

use crate::store::StoreError;
use crate::store::facts::StoredRecord;
use crate::store::projections::Step;

/// A class of rows that stand alone, with one retention. Records are settled instead ([`Upkeep::settle`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// One row per site and hour.
    HourlyMetrics,
    /// Devices that nobody registered or declared his own.
    PassingDevices,
    /// Punches and what was decided of them; whole days that were final.
    Punches,
    /// Terminals that nobody admitted.
    PendingTerminals,
    /// Strips of devices and observers, and moments at which people were said to be gone.
    Strips,
    /// Machines of which no serial number is known, after they were last met.
    PassingMachines,
    /// Machines, after they were last met, and their past.
    Machines,
    /// People's days of presence, and what was decided of them.
    PersonDays,
    /// Who looked at whose presence.
    Looks,
    /// Devices that somebody claimed and nobody decided of.
    Claims,
    /// Commands that have ended.
    Commands,
    /// Alerts and incidents that are over, what was told of them, and silences that have ended.
    Alerts,
    /// The diary.
    Diary,
    /// Sessions, tokens and enrolments that have ended.
    Credentials,
    /// Who asked for which change.
    Acts,
}

/// One hour of a box's pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourlySample {
    /// The hour's beginning, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Samples in the hour.
    pub samples: u32,
    /// Use of the processors, 0 to 1000, of all samples together.
    pub cpu_permille_sum: u64,
    /// Highest use of the processors.
    pub cpu_permille_max: u16,
    /// Least memory that programs could still get, bytes.
    pub memory_available_min_bytes: u64,
    /// Highest temperature in thousandths of a degree Celsius.
    pub temperature_max_milli_c: Option<i32>,
    /// Least space that any disk had left, bytes.
    pub disk_available_min_bytes: Option<u64>,
}

impl HourlySample {
    /// Length of an hour, milliseconds.
    pub const HOUR_MS: i64 = 60 * 60 * 1000;

    /// An hour without samples.
    #[must_use]
    pub fn empty(at_ms: i64) -> Self {
        Self {
            at_ms: Self::hour_of(at_ms),
            samples: 0,
            cpu_permille_sum: 0,
            cpu_permille_max: 0,
            memory_available_min_bytes: u64::MAX,
            temperature_max_milli_c: None,
            disk_available_min_bytes: None,
        }
    }

    /// The beginning of the hour that a moment lies in.
    #[must_use]
    pub fn hour_of(at_ms: i64) -> i64 {
        at_ms - at_ms.rem_euclid(Self::HOUR_MS)
    }

    /// Adds one sample.
    pub fn absorb(&mut self, host: &HostSample) {
        self.samples = self.samples.saturating_add(1);
        self.cpu_permille_sum = self.cpu_permille_sum.saturating_add(u64::from(host.cpu_permille));
        self.cpu_permille_max = self.cpu_permille_max.max(host.cpu_permille);
        self.memory_available_min_bytes = self.memory_available_min_bytes.min(host.memory_available_bytes);
        self.temperature_max_milli_c = self.temperature_max_milli_c.max(host.temperature_milli_c);
        let least = host.disks.iter().map(|disk| disk.available_bytes).min();
        self.disk_available_min_bytes = [self.disk_available_min_bytes, least].into_iter().flatten().min();
    }

    /// Adds another hour to it.
    pub fn unite(&mut self, other: &Self) {
        self.samples = self.samples.saturating_add(other.samples);
        self.cpu_permille_sum = self.cpu_permille_sum.saturating_add(other.cpu_permille_sum);
        self.cpu_permille_max = self.cpu_permille_max.max(other.cpu_permille_max);
        self.memory_available_min_bytes = self.memory_available_min_bytes.min(other.memory_available_min_bytes);
        self.temperature_max_milli_c = self.temperature_max_milli_c.max(other.temperature_max_milli_c);
        let least = [self.disk_available_min_bytes, other.disk_available_min_bytes];
        self.disk_available_min_bytes = least.into_iter().flatten().min();
    }

    /// Mean use of the processors, 0 to 1000; none for an hour without samples.
    #[must_use]
    pub fn cpu_permille_mean(&self) -> Option<u64> {
        self.cpu_permille_sum.checked_div(u64::from(self.samples))
    }
}

/// The upkeep's part of the store.
#[async_trait]
pub trait Upkeep {
    /// Records whose time is over: the oldest of one queue of a lane, at most `limit`, that arrived before a
    /// moment and that the projector has followed. Once they are settled, those of the next queue come; empty if
    /// none are left.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn ripe(&self, lane: Lane, before_ms: i64, limit: usize) -> Result<Vec<StoredRecord>, StoreError>;

    /// Forgets the records of one queue through the cursor of `rest`, keeps `rest` as what they amount to, and
    /// says how many there were; none if the projector no longer stands behind them.
    ///
    /// Samples go into their hours, coverage goes with its records, entries stay in the diary. Devices that have a
    /// name of their own, strips, punches, terminals, who is enrolled, machines, anchors and the cursor are kept apart: a rebuild begins with them
    /// ([`forget_projections`](crate::store::projections::Projections::forget_projections)), so that it loses
    /// nothing that the facts no longer tell.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn settle(&self, rest: Step) -> Result<u64, StoreError>;

    /// Forgets what is older than `before_ms`, at most about `limit` rows, and says how many: call again until 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError>;

    /// Hours of one site with `from_ms <= at_ms < to_ms`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn hours(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<HourlySample>, StoreError>;
}
