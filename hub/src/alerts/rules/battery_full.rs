//! A battery that is full and still plugged in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};
use vigie_shared::wire::reading::BatteryState;

use super::battery_low::fresh_batteries;
use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;

/// The section `alerts.battery_full`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// For how long.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, after: Duration::from_secs(60 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let seen = fresh_batteries(facts).map(|(seen, battery)| {
            // A system that spares its battery holds it below full on purpose.
            let is_full = battery.percent == 100 && battery.is_plugged && battery.state == BatteryState::Full;
            seen.graded(either(is_full, Grade::WARNING)).saying(words(
                "Its battery is full and still plugged in, which ages it. Unplug it, or let the system optimise charging.",
                "Sa batterie est pleine et toujours branchée, ce qui l’use. Débranchez-la, ou activez la recharge \
                 optimisée.",
            ))
        });
        seen.collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}
