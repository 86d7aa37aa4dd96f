//! A record: one reading, stamped with the box's clocks, as it lies in the queue and in the store.

use serde::{Deserialize, Serialize};

use crate::id::BootId;
use crate::wire::frame::{self, FrameError};
use crate::wire::reading::Reading;

/// When a reading was taken, by every clock the box has.
///
/// A box without a battery-backed clock boots in the past. The boot id and the time since boot stay right, so
/// that a reading can be dated later, when an anchor of the same boot is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The start of the machine that `uptime_ms` counts from.
    pub boot: BootId,
    /// Milliseconds since that start, sleep included.
    pub uptime_ms: u64,
    /// Milliseconds since 1970 UTC, as the box believed at that moment.
    pub wall_ms: i64,
    /// Whether the box's clock had been set from a trusted source.
    pub is_synced: bool,
}

/// A reading and its stamp: version 1 of everything stored, frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub stamp: Stamp,
    /// What.
    pub reading: Reading,
}

impl Record {
    /// The version that this program writes.
    pub const VERSION: u8 = 1;

    /// The record as it is stored and sent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        frame::seal(Self::VERSION, self)
    }

    /// Reads a stored record of any released version.
    ///
    /// # Errors
    ///
    /// [`FrameError::UnknownVersion`] for a record of a newer program (keep it), the others for damage.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        frame::open(bytes)
    }
}
