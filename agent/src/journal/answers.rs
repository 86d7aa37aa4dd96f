//! What people ask about the queue, and the answers: the same for a running agent and for a folder of lanes.

mod export;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use vigie_shared::id::QueueId;
use vigie_shared::wire::{Below, Lane, LaneHello, Receipted, Record, frame};

pub use export::{Exported, Piece, Pieces, export};

use super::{Journal, Slice};

/// How much is read at a time.
const SLICE_RECORDS_MAX: u64 = 512;
const SLICE_BYTES_MAX: usize = 256 << 10;

/// What each lane holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// One entry per open lane.
    pub lanes: Vec<LaneStatus>,
}

/// What one lane holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStatus {
    /// Which lane.
    pub lane: Lane,
    /// Its queue id.
    pub queue: QueueId,
    /// Oldest position that exists.
    pub first: u64,
    /// Newest position ever given.
    pub last: u64,
    /// Records that wait for the hub.
    pub waiting: u64,
    /// Bytes that the lane takes on the disk.
    pub bytes: u64,
    /// Age of the oldest waiting record, seconds.
    pub oldest_s: u64,
    /// Records given up unsent since the queue id was taken.
    pub dropped: u64,
    /// Why positions below `first` are gone.
    pub below: Below,
    /// The last record that the hub is known to hold.
    pub receipted: Option<Receipted>,
}

/// What reading every waiting record found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueVerdict {
    /// One entry per open lane.
    pub lanes: Vec<LaneVerdict>,
}

/// What reading one lane found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneVerdict {
    /// Which lane.
    pub lane: Lane,
    /// Records that are whole and readable.
    pub whole: u64,
    /// Records that are whole, but of a version that this program does not know.
    pub unknown: u64,
    /// Positions whose records are damaged or missing.
    pub damaged: u64,
}

impl QueueVerdict {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lanes.iter().all(|lane| lane.damaged == 0)
    }
}

/// What was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// Of which lane.
    pub lane: Lane,
    /// How many records.
    pub records: u64,
    /// How many still wait.
    pub waiting: u64,
}

/// Is told how many records are done, and of how many.
pub type OnProgress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// What each lane holds.
#[must_use]
pub fn status(journal: &Journal) -> QueueStatus {
    let depths = journal.depths();
    let join = |hello: LaneHello| {
        let depth = depths.iter().find(|depth| depth.lane == hello.lane)?;
        let LaneHello { lane, queue, first, last, receipted, below } = hello;
        let (waiting, bytes) = (depth.waiting, depth.bytes);
        let (oldest_s, dropped) = (depth.oldest_s, depth.dropped);
        Some(LaneStatus { lane, queue, first, last, waiting, bytes, oldest_s, dropped, below, receipted })
    };
    QueueStatus { lanes: journal.hello().into_iter().filter_map(join).collect() }
}

/// Reads every waiting record and checks it; changes nothing.
///
/// # Errors
///
/// If a lane cannot be read.
pub async fn verify(journal: &Journal, progress: OnProgress<'_>) -> anyhow::Result<QueueVerdict> {
    let mut walk = Walk::new(journal).await?;
    let lanes = walk.lanes.iter().map(|hello| LaneVerdict { lane: hello.lane, whole: 0, unknown: 0, damaged: 0 });
    let mut verdict = QueueVerdict { lanes: lanes.collect() };
    while let Some(found) = walk.next(journal).await? {
        progress(walk.done, walk.total);
        let Some(lane) = verdict.lanes.iter_mut().find(|lane| lane.lane == found.lane) else { continue };
        match found.slice {
            None => lane.damaged += 1,
            Some(slice) => {
                for record in &slice.records {
                    match Record::decode(record) {
                        Ok(_) => lane.whole += 1,
                        Err(frame::FrameError::UnknownVersion(_)) => lane.unknown += 1,
                        Err(_) => lane.damaged += 1,
                    }
                }
            }
        }
    }
    Ok(verdict)
}

/// Gives up a lane's waiting records through a position.
///
/// # Errors
///
/// If the lane cannot be changed.
pub async fn discard(journal: &Journal, lane: Lane, through: u64) -> anyhow::Result<Discarded> {
    let records = journal.discard(lane, through).await.with_context(|| format!("drop records of the lane `{lane}`"))?;
    let waiting = journal.depths().iter().find(|depth| depth.lane == lane).map_or(0, |depth| depth.waiting);
    Ok(Discarded { lane, records, waiting })
}

/// A walk over everything that waited when it began.
struct Walk {
    lanes: Vec<LaneHello>,
    at: Option<(usize, u64)>,
    done: u64,
    total: u64,
}

/// Where a walk is: a slice, or one damaged position.
struct Found {
    lane: Lane,
    slice: Option<Slice>,
}

impl Walk {
    async fn new(journal: &Journal) -> anyhow::Result<Self> {
        journal.flush().await.context("write what is held in memory")?;
        let lanes = journal.hello();
        let total = lanes.iter().map(|lane| (lane.last + 1).saturating_sub(lane.first)).sum();
        let at = lanes.first().map(|lane| (0, lane.first));
        Ok(Self { lanes, at, done: 0, total })
    }

    /// The oldest position of a lane when the walk began.
    fn first_of(&self, lane: Lane) -> u64 {
        self.lanes.iter().find(|hello| hello.lane == lane).map_or(1, |hello| hello.first)
    }

    async fn next(&mut self, journal: &Journal) -> anyhow::Result<Option<Found>> {
        while let Some((index, from)) = self.at {
            let Some(hello) = self.lanes.get(index) else { break };
            let (lane, last) = (hello.lane, hello.last);
            if from > last {
                self.at = self.lanes.get(index + 1).map(|next| (index + 1, next.first));
                continue;
            }
            let read = journal.peek(lane, from, SLICE_RECORDS_MAX, SLICE_BYTES_MAX).await;
            let slice = read.with_context(|| format!("read the lane `{lane}`"))?;
            anyhow::ensure!(slice.queue == hello.queue, "the lane `{lane}` was replaced meanwhile; ask again");
            // What was receipted meanwhile is neither here nor damaged.
            let start = slice.start.max(from);
            let count = slice.records.len() as u64;
            let is_gap = count == 0 && start == from;
            let next = if is_gap { from + 1 } else { start + count };
            self.done += next - from;
            self.at = Some((index, next));
            if is_gap || count > 0 {
                return Ok(Some(Found { lane, slice: (!is_gap).then_some(slice) }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
