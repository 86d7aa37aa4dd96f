//! What a lane's thread shares with its handle, and with the other lanes' threads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::QueueId;
use vigie_shared::wire::reading::BoxAlarm;
use vigie_shared::wire::{Lane, Stamp};

use super::{JournalError, Slice};
use crate::queue::keeper::Moment;
use crate::queue::{Extent, Limit};

/// What a lane's thread is asked to do.
pub(super) enum Request {
    Append { record: Vec<u8>, answer: Option<oneshot::Sender<Result<(), JournalError>>> },
    Read { from: u64, limit: Limit, answer: oneshot::Sender<Result<Slice, JournalError>> },
    Peek { from: u64, limit: Limit, answer: oneshot::Sender<Result<Slice, JournalError>> },
    Trim { queue: QueueId, through: u64 },
    Renew { queue: QueueId, answer: oneshot::Sender<Result<(), JournalError>> },
    Discard { through: u64, answer: oneshot::Sender<Result<u64, JournalError>> },
    Flush { answer: oneshot::Sender<Result<(), JournalError>> },
}

/// What a lane holds, as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    pub(super) extent: Extent,
    pub(super) size_bytes: u64,
    pub(super) oldest: Option<Stamp>,
}

/// What all lanes' threads share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) flush_interval: Duration,
    pub(super) changed: Arc<watch::Sender<u64>>,
    pub(super) alarms: mpsc::Sender<BoxAlarm>,
    pub(super) stopping: CancellationToken,
}

impl Shared {
    pub(super) fn now(&self) -> Moment {
        Moment { instant: Instant::now().into_std(), wall_ms: self.clock.wall_ms() }
    }
}

/// The thread's name, for logs and the watchdog.
pub(super) fn thread_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Ledger => "journal-ledger",
        Lane::Observations => "journal-observ",
        Lane::Telemetry => "journal-metrics",
    }
}
