//! A battery that is nearly empty.

use serde::{Deserialize, Serialize};
use vigie_shared::wire::reading::BatteryState;

use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;
use crate::alerts::facts::BatteryFacts;

/// What was read of a battery longer ago than this says nothing of it: the machine sleeps, or is elsewhere.
const FRESH_MS: i64 = 45 * 60 * 1000;

/// The section `alerts.battery_low`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Below this it is a warning, percent.
    pub warning_percent: u8,
    /// So much more it must be to be over.
    pub margin_percent: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, warning_percent: 30, margin_percent: 5 }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let seen = fresh_batteries(facts).map(|(seen, battery)| {
            let is_below = |percent: u8| {
                // One that is being charged needs nobody.
                either(battery.percent < percent && battery.state != BatteryState::Charging, Grade::WARNING).0
            };
            let eased = self.warning_percent.saturating_add(self.margin_percent);
            let percent = battery.percent;
            seen.graded((is_below(self.warning_percent), is_below(eased))).saying(words(
                format!("Its battery is at {percent}%. Plug it in."),
                format!("Sa batterie est à {percent}\u{a0}%. Branchez-la."),
            ))
        });
        seen.collect()
    }
}

/// Batteries of machines that were read lately.
pub(super) fn fresh_batteries(facts: &Facts) -> impl Iterator<Item = (Seen, BatteryFacts)> {
    facts.sites.iter().flat_map(move |(id, site)| {
        site.machines.iter().filter_map(move |machine| {
            let is_fresh = facts.now_ms.saturating_sub(machine.read_ms) <= FRESH_MS;
            let battery = machine.battery.filter(|_| is_fresh)?;
            Some((Seen::of_part(id, site, &machine.id, &machine.name), battery))
        })
    })
}
