//! Upkeep: what may be forgotten, in short steps, and what long history shrinks to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use crate::store::StoreError;

/// A class of what is kept, with one retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Records of one lane. Only what the projector has followed is forgotten.
    Records(Lane),
    /// Samples as they were taken. They are rolled up before.
    Metrics,
    /// One row per site and hour.
    HourlyMetrics,
    /// When observers could see.
    Coverage,
    /// Devices that nobody registered or declared his own.
    PassingDevices,
    /// The diary.
    Diary,
    /// Sessions, tokens and enrolments that have ended.
    Credentials,
}

/// One hour of a box's pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourlySample {
    /// The hour's beginning, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Samples in the hour.
    pub samples: u32,
    /// Mean use of the processors, 0 to 1000.
    pub cpu_permille_mean: u16,
    /// Highest use of the processors.
    pub cpu_permille_max: u16,
    /// Least memory that programs could still get, bytes.
    pub memory_available_min_bytes: u64,
    /// Highest temperature in thousandths of a degree Celsius.
    pub temperature_max_milli_c: Option<i32>,
    /// Least space that any disk had left, bytes.
    pub disk_available_min_bytes: Option<u64>,
}

/// The upkeep's part of the store.
#[async_trait]
pub trait Upkeep {
    /// Forgets what is older than `before_ms`, at most about `limit` rows, and says how many: call again until 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError>;

    /// Writes one hour of one site, replacing what was there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_hours(&self, hours: &[(SiteId, HourlySample)]) -> Result<(), StoreError>;

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
