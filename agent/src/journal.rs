//! The journal: where every reading goes, and where the uplink takes records from.
//!
//! One thread per lane owns that lane's queue; this handle talks to the threads through bounded channels and
//! never blocks the runtime. Many appends share one flush: what goes to the ledger is on the disk when
//! [`Journal::append`] returns; the other lanes are written at most every `flush_interval` (a tenth of it in a process's
//! first minute, its first record at once), and all of them when the process stops. What the lanes hold is published after each change, so that asking costs nothing.

pub mod alarms;
pub mod answers;
mod config;
mod held;
mod lane;
mod live;
mod outlet;
mod shared;
mod start;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::QueueId;
use vigie_shared::wire::delivery::RECORD_BYTES_MAX;
use vigie_shared::wire::{Below, Lane, LaneDepth, LaneHello, Reading, Record, Stamp};

pub use config::QueueConfig;
pub use live::LiveReceiver;
pub use start::{JournalOptions, OnDamage};

use crate::outbox::LaneState;
use crate::queue::quota::Shortage;
use crate::queue::{Extent, Limit, QueueError, keeper};
use crate::timekeeper::built_ms;
use shared::{Request, View};

/// The handle on all lanes. Clones share them.
#[derive(Clone)]
pub struct Journal {
    lanes: Arc<[LaneHandle]>,
    changes: watch::Receiver<u64>,
    live: live::LiveSender,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
}

struct LaneHandle {
    lane: Lane,
    requests: mpsc::Sender<Request>,
    view: watch::Receiver<Option<View>>,
}

/// Consecutive records of a lane, with what a batch has to say about the lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The queue that the positions belong to.
    pub queue: QueueId,
    /// Oldest position that exists.
    pub first: u64,
    /// Why older ones are gone.
    pub below: Below,
    /// Position of the first record.
    pub start: u64,
    /// The records' bytes.
    pub records: Vec<Vec<u8>>,
}

/// Why the journal did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The lane refuses: keep the reading, try again later.
    #[error("the lane has no room: {0}")]
    Full(Shortage),
    /// The reading can never be sent: give it up.
    #[error("a record of {bytes} bytes is larger than the {RECORD_BYTES_MAX} bytes that a lane takes")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The disk under the lane does not work at the moment: keep the reading, try again later.
    #[error("the disk under the lane does not work: {0}")]
    Storage(String),
    /// The process is stopping.
    #[error("the journal has ended because the agent is stopping")]
    Stopped,
}

impl From<QueueError> for JournalError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full(shortage) => Self::Full(shortage),
            other => Self::Storage(keeper::causes(&other)),
        }
    }
}

impl Journal {
    /// Stamps a reading and takes it into its lane: on the disk if it is the ledger, accepted otherwise.
    ///
    /// # Errors
    ///
    /// Every [`JournalError`].
    pub async fn append(&self, reading: Reading) -> Result<(), JournalError> {
        self.append_stamped(&Record { stamp: self.clock.stamp(), reading }).await
    }

    /// Takes a record that carries its stamp already.
    ///
    /// # Errors
    ///
    /// Every [`JournalError`].
    pub async fn append_stamped(&self, record: &Record) -> Result<(), JournalError> {
        let lane = record.reading.lane();
        let record = record.encode();
        if record.len() > RECORD_BYTES_MAX {
            return Err(JournalError::TooLarge { bytes: record.len() });
        }
        if lane == Lane::Ledger {
            return self.ask(lane, |answer| Request::Append { record, answer: Some(answer) }).await?;
        }
        self.send(lane, Request::Append { record, answer: None }).await
    }

    /// Reads records for a batch; see [`crate::queue::Queue::read`] for what happens at damaged ones.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`] and [`JournalError::Stopped`].
    pub async fn read(&self, lane: Lane, from: u64, records_max: u64, bytes_max: usize) -> Result<Slice, JournalError> {
        let limit = Limit { records_max: usize::try_from(records_max).unwrap_or(usize::MAX), bytes_max };
        self.ask(lane, |answer| Request::Read { from, limit, answer }).await?
    }

    /// Reads records for a person: a damaged one at `from` gives an empty slice and stays where it is.
    pub(crate) async fn peek(
        &self,
        lane: Lane,
        from: u64,
        records_max: u64,
        bytes_max: usize,
    ) -> Result<Slice, JournalError> {
        let limit = Limit { records_max: usize::try_from(records_max).unwrap_or(usize::MAX), bytes_max };
        self.ask(lane, |answer| Request::Peek { from, limit, answer }).await?
    }

    /// Forgets what the hub receipted. If the disk refuses, the next receipt does it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Stopped`].
    pub async fn trim(&self, lane: Lane, queue: QueueId, through: u64) -> Result<(), JournalError> {
        self.send(lane, Request::Trim { queue, through }).await
    }

    /// Gives a lane a new queue id, if `queue` is still its current one.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`] and [`JournalError::Stopped`].
    pub async fn renew(&self, lane: Lane, queue: QueueId) -> Result<(), JournalError> {
        self.ask(lane, |answer| Request::Renew { queue, answer }).await?
    }

    /// Gives up waiting records because a person says so. Returns how many.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`] and [`JournalError::Stopped`].
    pub async fn discard(&self, lane: Lane, through: u64) -> Result<u64, JournalError> {
        self.ask(lane, |answer| Request::Discard { through, answer }).await?
    }

    /// Brings everything accepted so far to the disk.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`] and [`JournalError::Stopped`].
    pub async fn flush(&self) -> Result<(), JournalError> {
        for lane in Lane::ALL {
            self.ask(lane, |answer| Request::Flush { answer }).await??;
        }
        Ok(())
    }

    /// What each open lane holds, for a hello.
    #[must_use]
    pub fn hello(&self) -> Vec<LaneHello> {
        self.views().map(|(lane, view)| view.extent.hello(lane)).collect()
    }

    /// What each open lane holds, for the outbox.
    #[must_use]
    pub fn lanes(&self) -> Vec<LaneState> {
        let state = |(lane, view): (Lane, View)| {
            let Extent { queue, first, last, .. } = view.extent;
            LaneState { lane, queue, first, last }
        };
        self.views().map(state).collect()
    }

    /// How full each open lane is, for a heartbeat.
    #[must_use]
    pub fn depths(&self) -> Vec<LaneDepth> {
        let now = self.clock.stamp();
        let depth = |(lane, view): (Lane, View)| LaneDepth {
            lane,
            queue: view.extent.queue,
            waiting: view.extent.waiting(),
            bytes: view.size_bytes,
            dropped: view.extent.dropped,
            oldest_s: view.oldest.map_or(0, |oldest| age_s(oldest, now)),
        };
        self.views().map(depth).collect()
    }

    /// Changes whenever a lane does: records added, trimmed, dropped, a queue renewed. Ask [`Journal::lanes`] then.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Receives what is of the moment from here on; the oldest goes first when nobody reads.
    #[must_use]
    pub fn live_receiver(&self) -> LiveReceiver {
        self.live.receiver()
    }

    /// The clocks that stamp readings.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn views(&self) -> impl Iterator<Item = (Lane, View)> {
        self.lanes.iter().filter_map(|handle| handle.view.borrow().map(|view| (handle.lane, view)))
    }

    async fn send(&self, lane: Lane, request: Request) -> Result<(), JournalError> {
        let handle = self.lanes.iter().find(|handle| handle.lane == lane).ok_or(JournalError::Stopped)?;
        handle.requests.send(request).await.map_err(|_closed| JournalError::Stopped)
    }

    async fn ask<T>(&self, lane: Lane, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(lane, request(answer)).await?;
        answered.await.map_err(|_closed| JournalError::Stopped)
    }
}

/// Seconds from one stamp to another: by the time since boot if both are of one boot; if the clock of the other boot
/// stood before this program was built, at least the time since this one.
fn age_s(then: Stamp, now: Stamp) -> u64 {
    if then.boot == now.boot {
        return now.uptime_ms.saturating_sub(then.uptime_ms) / 1000;
    }
    if then.wall_ms < built_ms() {
        return now.uptime_ms / 1000;
    }
    u64::try_from(now.wall_ms.saturating_sub(then.wall_ms)).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests;
