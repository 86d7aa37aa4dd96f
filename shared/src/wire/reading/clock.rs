//! The true time of a boot: what a box says once it knows, and what follows for everything stamped before.

use serde::{Deserialize, Serialize};

use crate::id::BootId;
use crate::wire::record::Stamp;

/// The true time of one moment of a boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAnchor {
    /// The boot that it dates.
    pub boot: BootId,
    /// The moment, as milliseconds since that boot.
    pub uptime_ms: u64,
    /// The same moment in milliseconds since 1970 UTC.
    pub wall_ms: i64,
    /// How much the box's clock was moved, milliseconds; positive is forward.
    pub step_ms: i64,
    /// Who knew the time.
    pub source: TimeSource,
}

impl ClockAnchor {
    /// The true time of a stamp in milliseconds since 1970 UTC; none if the stamp is of another boot.
    #[must_use]
    pub fn date(&self, stamp: &Stamp) -> Option<i64> {
        let since_ms = i128::from(stamp.uptime_ms) - i128::from(self.uptime_ms);
        let wall_ms = i64::try_from(i128::from(self.wall_ms) + since_ms).ok()?;
        (stamp.boot == self.boot).then_some(wall_ms)
    }
}

/// Who told the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeSource {
    /// The system's own synchronisation (NTP, GPS…).
    System,
    /// The hub, in a receipt.
    Hub,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_dates_its_own_boot_and_no_other() {
        let (boot, other) = (BootId([1; 16]), BootId([2; 16]));
        let anchor = ClockAnchor { boot, uptime_ms: 95_000, wall_ms: 5_000, step_ms: 0, source: TimeSource::System };
        let stamp = |boot, uptime_ms| Stamp { boot, uptime_ms, wall_ms: -7, is_synced: false };

        assert_eq!(anchor.date(&stamp(boot, 20_000)), Some(-70_000));
        assert_eq!(anchor.date(&stamp(boot, 96_000)), Some(6_000));
        assert_eq!(anchor.date(&stamp(other, 96_000)), None);
        assert_eq!(anchor.date(&stamp(boot, u64::MAX)), None);
    }
}
