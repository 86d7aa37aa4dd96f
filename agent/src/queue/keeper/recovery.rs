//! How a keeper gets its lane back: open again, rebuild, set aside; with back-off.

use std::io;
use std::time::Duration;

use super::super::{Opening, Queue, QueueError};
use super::{Keeper, Moment, Notice, causes};

/// Waits between tries to open a lane whose disk refuses.
pub(super) const RETRY_MIN: Duration = Duration::from_millis(500);
pub(super) const RETRY_MAX: Duration = Duration::from_secs(60);

impl Keeper {
    /// The open queue; tries to open it if its time has come.
    pub(super) fn ready(&mut self, now: Moment) -> Result<&mut Box<dyn Queue>, QueueError> {
        if self.queue.is_none() {
            if self.retry_at.is_some_and(|at| now.instant < at) {
                let text = "the lane is closed until its disk works again";
                return Err(QueueError::Storage(io::Error::other(text)));
            }
            match self.reopen(Opening::Repair, now) {
                Err(error) if error.is_disk_full() => self.recover(error, now)?,
                result => result?,
            }
        }
        self.queue.as_mut().ok_or_else(|| QueueError::Storage(io::Error::other("the lane is closed")))
    }

    pub(super) fn recover_and_say<T>(&mut self, failure: QueueError, now: Moment) -> Result<T, QueueError> {
        let text = causes(&failure);
        let said = match &failure {
            QueueError::Storage(error) => QueueError::Storage(io::Error::new(error.kind(), text)),
            _ => QueueError::Corrupt(text),
        };
        self.recover(failure, now)?;
        Err(said)
    }

    /// After a failure: opens the lane again; a damaged one is rebuilt, or set aside if even that fails.
    pub(super) fn recover(&mut self, failure: QueueError, now: Moment) -> Result<(), QueueError> {
        if self.rebuild(&failure, now) {
            return Ok(());
        }
        let opening = match &failure {
            QueueError::Storage(_) => Opening::Repair,
            QueueError::Corrupt(_) => Opening::Distrust,
            QueueError::Full(_) => return Err(failure),
            QueueError::Busy(_) | QueueError::Broken(_) => {
                self.close();
                return Err(failure);
            }
        };
        tracing::warn!(lane = self.lane.as_str(), "opening a lane again: {}", causes(&failure));
        self.extent = self.extent();
        // The former handle must be gone before the next one is opened.
        self.queue = None;
        if failure.is_disk_full() {
            self.notices.push(Notice::DiskFull);
            let had_ballast = self.volume.drop_ballast();
            tracing::debug!(lane = self.lane.as_str(), had_ballast, "the disk is full");
        }
        self.reopen(opening, now)
    }

    /// Rebuilds a damaged lane, but not one that was rebuilt a moment ago.
    fn rebuild(&mut self, failure: &QueueError, now: Moment) -> bool {
        let is_again = self.rebuilt.is_some_and(|at| now.instant.saturating_duration_since(at) < RETRY_MAX);
        let (QueueError::Corrupt(why), Some(queue), false) = (failure, &mut self.queue, is_again) else {
            return false;
        };
        self.rebuilt = Some(now.instant);
        match queue.rebuild(now.wall_ms) {
            Ok(remains) => self.notices.push(Notice::Rebuilt { why: why.clone(), remains }),
            Err(error) => {
                tracing::warn!(lane = self.lane.as_str(), "a lane cannot be rebuilt: {}", causes(&error));
                return false;
            }
        }
        true
    }

    pub(super) fn reopen(&mut self, opening: Opening, now: Moment) -> Result<(), QueueError> {
        match (self.open)(opening, now.wall_ms) {
            Ok(opened) => {
                self.notices.extend(opened.set_aside.map(Notice::SetAside));
                self.queue = Some(opened.queue);
                self.retry_at = None;
                self.backoff.reset();
                Ok(())
            }
            Err(error) => {
                self.retry_at = Some(now.instant + self.backoff.next_wait());
                Err(error)
            }
        }
    }
}
