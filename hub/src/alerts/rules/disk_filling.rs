//! A disk of a box that will be full soon, if it goes on as it did.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, of_boxes, words};
use crate::alerts::forecast::full_ms;
use crate::text::{Lang, moment};

/// The section `alerts.disk_filling`: how long before the disk is full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// So long before, it is a warning.
    #[serde(with = "units::duration")]
    pub warning: Duration,
    /// So long before, it is critical.
    #[serde(with = "units::duration")]
    pub critical: Duration,
    /// So much longer it must be to be over.
    #[serde(with = "units::duration")]
    pub margin: Duration,
    /// For how long the forecast must say so.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
        Self {
            enabled: true,
            warning: days(7),
            critical: days(1),
            margin: days(1),
            after: Duration::from_secs(60 * 60),
        }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let limits = Limits { warning: Some(ms(self.warning)), critical: Some(ms(self.critical)) };
        let margin_ms = ms(self.margin);
        of_boxes(facts, |id, site| {
            site.disk_hours.last()?;
            let full_ms = full_ms(&site.disk_hours);
            let left_ms = full_ms.map_or(i64::MAX, |full_ms| full_ms.saturating_sub(facts.now_ms));
            let grades = (
                limits.grade(|limit| left_ms < limit),
                limits.grade(|limit| left_ms < limit.saturating_add(margin_ms)),
            );
            let on = |lang| moment(lang, full_ms.unwrap_or(facts.now_ms), facts.now_ms, &site.zone);
            Some(Seen::of_site(id, site).graded(grades).saying(words(
                format!(
                    "If the box's fullest disk goes on filling as it does, it is full on {}. Nothing is lost until then. \
                     Look what grows there: videos, logs, backups.",
                    on(Lang::En)
                ),
                format!(
                    "Au rythme actuel, le disque le plus rempli du boîtier sera plein le {}. D’ici là rien n’est perdu. \
                     Regardez ce qui y grossit : vidéos, journaux, sauvegardes.",
                    on(Lang::Fr)
                ),
            )))
        })
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}
