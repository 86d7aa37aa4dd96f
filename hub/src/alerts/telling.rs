//! How often people are told: what an owner sets of it, in `hub.toml`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::news::Severity;
use super::quiet::QuietHours;

/// The section `alerts.telling`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telling {
    /// Between the first alert of an incident and its first news: what belongs together comes together, and what is over
    /// by then is never told.
    #[serde(with = "units::duration")]
    pub first_wait: Duration,
    /// Least time between an incident's news about what came to it.
    #[serde(with = "units::duration")]
    pub more_after: Duration,
    /// What ended while the rest of its incident lasts is told after this time.
    #[serde(with = "units::duration")]
    pub ends_after: Duration,
    /// An incident is over when all of it is over for so long; longer for one that comes back again and again.
    #[serde(with = "units::duration")]
    pub over_after: Duration,
    /// What is critical and nobody acknowledged is told again after this time.
    #[serde(with = "units::duration")]
    pub again_after: Duration,
    /// Warnings that nobody acknowledged are told again after this time.
    #[serde(with = "units::duration")]
    pub warnings_again_after: Duration,
    /// Hours in which warnings wait, by the clock of the site, or of the hub for what is at no site.
    pub quiet: Option<QuietHours>,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(60),
            more_after: Duration::from_secs(5 * 60),
            ends_after: Duration::from_secs(15 * 60),
            over_after: Duration::from_secs(2 * 60),
            again_after: Duration::from_secs(4 * 60 * 60),
            warnings_again_after: Duration::from_secs(24 * 60 * 60),
            quiet: None,
        }
    }
}

/// Longest time after which an incident that comes back again and again counts as over.
const OVER_AFTER_MAX_MS: i64 = 60 * 60 * 1000;

impl Telling {
    /// For how long all of an incident must be over, milliseconds, if it came back so often.
    #[must_use]
    pub fn over_after_ms(&self, returns: u32) -> i64 {
        let usual_ms = ms(self.over_after);
        // Four times as long each time: three rounds of whatever flaps every few minutes, then it is one incident.
        let longer_ms = usual_ms.saturating_mul(4_i64.saturating_pow(returns));
        longer_ms.min(OVER_AFTER_MAX_MS.max(usual_ms))
    }

    /// After how long what nobody acknowledged is told again, milliseconds.
    #[must_use]
    pub fn again_after_ms(&self, severity: Severity) -> i64 {
        match severity {
            Severity::Critical => ms(self.again_after),
            Severity::Warning => ms(self.warnings_again_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_back_must_be_over_for_longer_each_time() {
        let telling = Telling::default();
        let minutes = |returns| telling.over_after_ms(returns) / 60_000;
        assert_eq!([minutes(0), minutes(1), minutes(2), minutes(3), minutes(u32::MAX)], [2, 8, 32, 60, 60]);
    }
}
