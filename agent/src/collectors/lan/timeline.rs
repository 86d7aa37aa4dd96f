//! The time that the pure cores count in, and how it maps to the runtime's timers.

use std::time::Duration;

use tokio::time::Instant;

use super::neighbour::CONFIRMED_MAX;

/// Time since a moment that lies [`CONFIRMED_MAX`] before the start, so that what was confirmed shortly before
/// the start has a time too.
#[derive(Debug, Clone, Copy)]
pub struct Timeline(Instant);

impl Timeline {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The present moment.
    #[must_use]
    pub fn now(self) -> Duration {
        self.0.elapsed() + CONFIRMED_MAX
    }

    /// The moment as the runtime's timers understand it.
    #[must_use]
    pub fn instant(self, at: Duration) -> Instant {
        self.0 + at.saturating_sub(CONFIRMED_MAX)
    }
}
