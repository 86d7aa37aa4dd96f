//! Delivery: hello, batches, receipts. Nothing is lost, nothing counts twice.
//!
//! The agent keeps a record until a receipt covers it. A batch holds consecutive positions of one lane and
//! always says what lies `below`: the oldest position that still exists and why older ones are gone. So a hub
//! that missed some records can write down a gap and go on instead of waiting for ever.

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use crate::id::{InstanceId, QueueId};
use crate::wire::frame::{self, FrameError};
use crate::wire::record::Stamp;

/// A class of records with its own queue, positions and policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Punches and outcomes of commands: never dropped.
    Ledger,
    /// Sightings, coverage, alarms: the oldest go first when the lane is full.
    Observations,
    /// Metrics: the oldest go first, and never delay the others.
    Telemetry,
}

impl Lane {
    /// Every lane, the most precious first.
    pub const ALL: [Self; 3] = [Self::Ledger, Self::Observations, Self::Telemetry];

    /// The lane as one word, as in topics and folders.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Observations => "observations",
            Self::Telemetry => "telemetry",
        }
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first message of every connection: what each lane holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The agent's program version.
    pub version: String,
    /// This start of the agent. An instance that was replaced never comes back, unless two boxes share one
    /// identity.
    pub instance: InstanceId,
    /// The box's clocks at the moment of sending, the boot id among them.
    pub stamp: Stamp,
    /// One entry per lane.
    pub lanes: Vec<LaneHello>,
}

/// What one lane holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneHello {
    /// Which lane.
    pub lane: Lane,
    /// The queue that its positions belong to.
    pub queue: QueueId,
    /// Oldest position that still exists; `last + 1` if the lane is empty.
    pub first: u64,
    /// Newest position ever given; 0 if none was.
    pub last: u64,
    /// The last record that the agent saw receipted, with the checksum it had.
    pub receipted: Option<Receipted>,
    /// Why positions below `first` are gone.
    pub below: Below,
}

/// A record that the agent knows to be in the hub's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipted {
    /// Its position.
    pub seq: u64,
    /// The checksum of its bytes.
    pub crc: u32,
}

/// Why the positions below a lane's first one no longer exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// The hub receipted them.
    Receipted,
    /// The lane was full and dropped them unsent.
    Dropped,
    /// The disk damaged them.
    Damaged,
}

/// Consecutive records of one lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch<'a> {
    /// The queue that the positions belong to.
    pub queue: QueueId,
    /// Oldest position that still exists at the agent.
    pub first: u64,
    /// Why older ones are gone.
    pub below: Below,
    /// Position of the first record in `records`.
    pub start: u64,
    /// The records' bytes, positions `start`, `start + 1`, ….
    #[serde(borrow)]
    pub records: Vec<&'a Bytes>,
}

/// What the hub says about a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The hub holds every record of this queue through `through`, on its disk.
    Receipt {
        /// Which lane.
        lane: Lane,
        /// Which queue.
        queue: QueueId,
        /// The newest position of the unbroken row that the hub holds.
        through: u64,
        /// The hub's time, milliseconds since 1970 UTC.
        hub_ms: i64,
    },
    /// Take a new queue id for this lane: the hub already holds other records under this one.
    Renew {
        /// Which lane.
        lane: Lane,
        /// The queue id to give up.
        queue: QueueId,
    },
}

/// Largest message that an agent sends and a hub accepts, bytes. What is larger travels by HTTPS.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024;

/// Largest record that a lane takes, bytes: a batch can always hold at least one.
pub const RECORD_BYTES_MAX: usize = MESSAGE_BYTES_MAX - 1024;

/// Declares the encoding of a message: a frame of version 1.
macro_rules! message {
    ($($name:ident),+) => {$(
        impl $name {
            /// The message as it is sent.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                frame::seal(1, self)
            }

            /// Reads a message.
            ///
            /// # Errors
            ///
            /// Every [`FrameError`].
            pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
                frame::open(bytes)
            }
        }
    )+};
}
pub(crate) use message;

message!(Hello, Answer);

impl<'a> Batch<'a> {
    /// The message as it is sent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        frame::seal(1, self)
    }

    /// Reads a message; the records borrow from it.
    ///
    /// # Errors
    ///
    /// Every [`FrameError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        match frame::check(bytes)? {
            (1, body) => frame::body_of(body),
            (version, _) => Err(FrameError::UnknownVersion(version)),
        }
    }
}
