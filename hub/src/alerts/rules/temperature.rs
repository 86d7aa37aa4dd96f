//! A box that is too hot.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, of_boxes, words};
use crate::text::degrees;

/// The section `alerts.temperature`; degrees Celsius.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Above this it is a warning.
    pub warning_c: i32,
    /// Above this it is critical.
    pub critical_c: i32,
    /// So far below a limit it must be to be over.
    pub margin_c: i32,
    /// For how long.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, warning_c: 75, critical_c: 80, margin_c: 3, after: Duration::from_secs(60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let milli = |degrees: i32| degrees.saturating_mul(1000);
        let limits = Limits { warning: Some(milli(self.warning_c)), critical: Some(milli(self.critical_c)) };
        of_boxes(facts, |id, site| {
            let heat = site.pulse.as_ref()?.host.temperature_milli_c?;
            let grades = limits.above(heat, |limit| limit.saturating_sub(milli(self.margin_c)));
            Some(Seen::of_site(id, site).graded(grades).saying(words(
                format!(
                    "The box's processor is at {}. It slows down above 80 °C; nothing is lost. Give it air, out of the \
                     sun and away from other devices.",
                    degrees(heat)
                ),
                format!(
                    "Le processeur du boîtier est à {}. Au-dessus de 80 °C il ralentit ; rien n’est perdu. Aérez-le, \
                     loin du soleil et des autres appareils.",
                    degrees(heat)
                ),
            )))
        })
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}
