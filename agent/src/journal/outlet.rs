//! The journal as the collectors' outlet.

use std::time::Duration;

use async_trait::async_trait;
use vigie_shared::backoff::Backoff;
use vigie_shared::wire::{Live, Reading, Record};

use super::{Journal, JournalError};
use crate::collectors::{Outlet, pause};

/// Waits of a reading whose lane has no room.
const ROOM_WAIT_MIN: Duration = Duration::from_millis(500);
const ROOM_WAIT_MAX: Duration = Duration::from_secs(30);

#[async_trait]
impl Outlet for Journal {
    async fn append(&self, reading: Reading) {
        self.keep(reading).await;
    }

    async fn keep(&self, reading: Reading) -> bool {
        let record = Record { stamp: self.clock.stamp(), reading };
        let seed = record.stamp.uptime_ms;
        let mut backoff = Backoff::new(ROOM_WAIT_MIN, ROOM_WAIT_MAX, seed);
        loop {
            match self.append_stamped(&record).await {
                Ok(()) => return true,
                Err(JournalError::Stopped) => return false,
                Err(error @ JournalError::TooLarge { .. }) => {
                    tracing::error!(kind = record.reading.kind(), "a reading is given up: {error}");
                    return true;
                }
                Err(error @ (JournalError::Full(_) | JournalError::Storage(_))) => {
                    tracing::debug!(kind = record.reading.kind(), "a reading waits: {error}");
                }
            }
            if !pause(backoff.next_wait(), &self.stopping).await {
                tracing::warn!(kind = record.reading.kind(), "a reading found no room before the agent stopped");
                return false;
            }
        }
    }

    async fn settle(&self) -> bool {
        let flushed = self.flush().await;
        flushed.inspect_err(|error| tracing::debug!("readings are not on the disk yet: {error}")).is_ok()
    }

    fn live(&self, live: Live) {
        self.live.send(live);
    }
}
