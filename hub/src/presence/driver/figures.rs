//! What the driver counts, for `/metrics`.

use std::sync::PoisonError;
use std::time::Duration;

use super::Presences;
use super::here::HereNow;
use crate::presence::close::stale;

/// What is counted of presence since the hub started, and at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// People who are here.
    pub online: usize,
    /// Open sessions that have been silent for longer than anybody may be.
    pub stale: usize,
    /// Rounds that were made.
    pub rounds: u64,
    /// Rounds that the store or a third party broke.
    pub failed_rounds: u64,
    /// Time of all rounds.
    pub time: Duration,
    /// Days that were computed.
    pub computed_days: u64,
    /// Answers to days of which the world was told something else than before.
    pub revisions: u64,
    /// Requests that were done.
    pub requests: u64,
    /// When days that are not final were last looked at, milliseconds since 1970 UTC.
    pub looked_ms: i64,
}

impl Presences {
    /// The present figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        *self.0.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note_round(&self, time: Duration, has_failed: bool) {
        self.with_figures(|figures| {
            figures.rounds += 1;
            figures.failed_rounds += u64::from(has_failed);
            figures.time += time;
        });
    }

    pub(super) fn note_here(&self, here: &HereNow) {
        let limits = self.config().limits();
        let stale = stale(&here.open(), limits.lan_ms.max(limits.app_ms), here.at_ms).len();
        let online = here.people.iter().filter(|visitor| visitor.standing.is_here()).count();
        self.with_figures(|figures| (figures.online, figures.stale) = (online, stale));
    }
}
