//! Records that a box had to give up, or found damaged.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;
use crate::alerts::news::Words;

/// The diary's words for what this rule looks at, and what people call it.
const KINDS: [(&str, &str); 3] = [
    ("lane_dropped", "records dropped"),
    ("lane_quarantined", "queue damaged"),
    ("uploads_dropped", "uploads dropped"),
];

/// The section `alerts.queue_loss`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// How long after the last loss it is over.
    #[serde(with = "units::duration")]
    pub lasts: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, lasts: Duration::from_secs(24 * 60 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let seen = facts.sites.iter().flat_map(|(id, site)| {
            KINDS.iter().map(move |(kind, name)| {
                let alarm = site.alarms.iter().rfind(|alarm| alarm.kind == *kind);
                let is_recent = alarm.is_some_and(|alarm| facts.now_ms.saturating_sub(alarm.at_ms) < ms(self.lasts));
                let seen = Seen { since_ms: alarm.map(|alarm| alarm.at_ms), ..Seen::of_part(id, site, kind, name) };
                seen.graded(either(is_recent, Grade::WARNING))
                    .saying(alarm.map_or_else(Words::default, |alarm| text(&alarm.text)))
            })
        });
        seen.collect()
    }

    /// The hub has the box's word in its diary.
    fn needs_box(&self) -> bool {
        false
    }
}

fn text(said: &str) -> Words {
    words(
        format!("The box says: {said} What is missing is named on the site's page."),
        format!("Le boîtier dit : {said} Ce qui manque est nommé sur la page du site."),
    )
}
