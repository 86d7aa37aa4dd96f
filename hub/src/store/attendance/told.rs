//! A row as a box told it, and how rows that say the same become one.

use serde::{Deserialize, Serialize};

use super::Punch;
use crate::attendance::time;

/// A row, and what its moment depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The row. Its place in the order of arrival is the store's to give.
    pub punch: Punch,
    /// How far the terminal's clock was ahead of the box's when last measured, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// The latest moment that it can have happened at, milliseconds since 1970 UTC: when the box told it, if the box's
    /// clock was right, or when the hub received it.
    pub told_ms: i64,
    /// When the hub received the last of the rows that say the same, milliseconds since 1970 UTC.
    pub last_ms: i64,
}

impl Told {
    /// Corrects the moment by the terminal's error against true time, and says what is odd; none if the error is
    /// unknown.
    pub fn correct(&mut self, ahead_ms: Option<i64>) {
        time::correct(&mut self.punch, ahead_ms, self.told_ms);
    }

    /// Corrects the moment once the box's own error is known: when its boot began, as it believed and in truth,
    /// milliseconds since 1970 UTC.
    pub fn date(&mut self, believed_ms: i64, began_ms: i64) {
        let ahead_ms =
            self.clock_ahead_ms.map(|ahead_ms| ahead_ms.saturating_add(believed_ms).saturating_sub(began_ms));
        self.correct(ahead_ms);
    }

    /// Adds another row that says the same: the one that the hub received first stays. True if the other stays.
    pub fn merge(&mut self, other: Self) -> bool {
        let (seen, last_ms) = (self.punch.seen.saturating_add(other.punch.seen), self.last_ms.max(other.last_ms));
        let is_other = other.rank() < self.rank();
        if is_other {
            let order = self.punch.order;
            *self = other;
            self.punch.order = order;
        }
        (self.punch.seen, self.last_ms) = (seen, last_ms);
        is_other
    }

    /// An order that does not depend on who came first.
    fn rank(&self) -> (i64, i64, &str, Option<i64>, &str) {
        let Punch { received_ms, site, zone, .. } = &self.punch;
        (*received_ms, self.told_ms, site.as_str(), self.clock_ahead_ms, zone)
    }
}
