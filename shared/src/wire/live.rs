//! What a box says of the moment: seen, shown, forgotten.

use serde::{Deserialize, Serialize};

use crate::id::{CommandId, QueueId};
use crate::wire::delivery::{Lane, message};
use crate::wire::frame::{self, FrameError};
use crate::wire::reading::HostSample;
use crate::wire::record::Stamp;

/// A message that is not stored as fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Live {
    /// The pulse, every 30 s.
    Heartbeat(Heartbeat),
    /// How far a running command is.
    Progress {
        /// Which command.
        command: CommandId,
        /// What it is doing, for people.
        stage: String,
        /// Done so far, 0 to 1000; none if it cannot be told.
        permille: Option<u16>,
        /// Bytes moved so far; none if the stage moves none.
        done_bytes: Option<u64>,
    },
}

/// The pulse of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The box's clocks.
    pub stamp: Stamp,
    /// How the box is.
    pub host: HostSample,
    /// What waits in each lane.
    pub lanes: Vec<LaneDepth>,
}

/// What waits in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneDepth {
    /// Which lane.
    pub lane: Lane,
    /// Its queue.
    pub queue: QueueId,
    /// Records that wait for a receipt.
    pub waiting: u64,
    /// Bytes that the lane's folder takes.
    pub bytes: u64,
    /// Records dropped unsent since the queue was born.
    pub dropped: u64,
    /// Age of the oldest waiting record in seconds, 0 if none waits.
    pub oldest_s: u64,
}

message!(Live);
