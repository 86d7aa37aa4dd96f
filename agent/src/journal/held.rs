//! What a lane has accepted and not yet written: bounded.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::JournalError;

/// Most bytes and records written in one batch.
const GROUP_BYTES_MAX: usize = 256 << 10;
const GROUP_RECORDS_MAX: usize = 1024;

/// What waits in memory while the disk refuses, bytes; beyond it the oldest goes.
const HELD_BYTES_MAX: usize = 1 << 20;

/// How long a start of the agent counts as new.
const FIRST_MINUTE: Duration = Duration::from_secs(60);

/// How long a record may wait for others. Somebody may have just started the agent to see whether it works: the first
/// record is written at once, and what comes in the first minute soon.
pub(super) struct Pace {
    flush_interval: Duration,
    began: Instant,
    pub(super) has_written: bool,
}

impl Pace {
    pub(super) fn new(flush_interval: Duration) -> Self {
        Self { flush_interval, began: Instant::now(), has_written: false }
    }

    pub(super) fn wait(&self) -> Duration {
        match self.flush_interval {
            _ if !self.has_written => Duration::ZERO,
            interval if self.began.elapsed() < FIRST_MINUTE => interval / 10,
            interval => interval,
        }
    }
}

/// What is accepted and not yet on the disk.
#[derive(Default)]
pub(super) struct Held {
    pub(super) records: Vec<Vec<u8>>,
    pub(super) bytes: usize,
    pub(super) answers: Vec<oneshot::Sender<Result<(), JournalError>>>,
    pub(super) due: Option<Instant>,
    pub(super) is_failing: bool,
}

impl Held {
    /// Takes a record that nobody waits for, to be written after `wait` with what comes until then.
    pub(super) fn take(&mut self, record: Vec<u8>, wait: Duration) {
        self.bytes += record.len();
        self.records.push(record);
        self.due.get_or_insert(Instant::now() + wait);
        if self.is_full() && !self.is_failing {
            self.due = Some(Instant::now());
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= GROUP_BYTES_MAX || self.records.len() >= GROUP_RECORDS_MAX
    }

    /// Forgets the oldest beyond the bound; returns how many.
    pub(super) fn shorten(&mut self) -> u64 {
        let mut excess = 0;
        while self.bytes > HELD_BYTES_MAX {
            self.bytes -= self.records.get(excess).map_or(self.bytes, Vec::len);
            excess += 1;
        }
        self.records.drain(..excess.min(self.records.len())).count() as u64
    }
}
