//! A box whose memory is nearly used up.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, of_boxes, words};
use crate::http::reach::used_permille;
use crate::text::{Lang, percent};

/// The section `alerts.memory`; percent of the machine's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Above this it is a warning.
    pub warning_percent: u8,
    /// So far below the limit it must be to be over.
    pub margin_percent: u8,
    /// For how long.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, warning_percent: 90, margin_percent: 3, after: Duration::from_secs(5 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let permille = |percent: u8| u64::from(percent) * 10;
        let limits = Limits { warning: Some(permille(self.warning_percent)), critical: None };
        of_boxes(facts, |id, site| {
            let host = &site.pulse.as_ref()?.host;
            let used = used_permille(host.memory_total_bytes, host.memory_available_bytes);
            let grades = limits.above(used, |limit| limit.saturating_sub(permille(self.margin_percent)));
            Some(Seen::of_site(id, site).graded(grades).saying(words(
                format!(
                    "{} of the box's memory is used. Nothing is lost; the system may end a program that takes too much. \
                     Restart the local application, or look which program grows.",
                    percent(Lang::En, used)
                ),
                format!(
                    "La mémoire du boîtier est utilisée à {}. Rien n’est perdu ; le système peut arrêter un programme \
                     trop gourmand. Redémarrez l’application locale, ou cherchez le programme qui grossit.",
                    percent(Lang::Fr, used)
                ),
            )))
        })
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}
