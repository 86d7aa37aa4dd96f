//! What an owner can set about the queue.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

use crate::queue::quota::Quota;

/// The `[queue]` section. All bounds are per lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// How long observations and metrics may wait in memory so that many share one write. A power cut costs at
    /// most this much of them; punches never wait.
    #[serde(with = "units::duration")]
    pub flush_interval: Duration,
    /// Most records that wait for the hub; each takes some 40 bytes of memory.
    pub records_max: u64,
    /// Most bytes of a lane's folder; the records in it take about half.
    #[serde(with = "units::bytes")]
    pub bytes_max: u64,
    /// Space that the queue leaves to others on the disk.
    #[serde(with = "units::bytes")]
    pub free_bytes_min: u64,
    /// Files that must still be possible on the disk.
    pub free_inodes_min: u64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_secs(10),
            records_max: 200_000,
            bytes_max: 256 << 20,
            free_bytes_min: 64 << 20,
            free_inodes_min: 1_000,
        }
    }
}

impl QueueConfig {
    /// The bounds as the lanes take them.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let Self { records_max, bytes_max, free_bytes_min, free_inodes_min, .. } = *self;
        Quota { records_max, bytes_max, free_bytes_min, free_inodes_min }
    }
}
