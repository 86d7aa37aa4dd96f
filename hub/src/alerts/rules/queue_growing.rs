//! Records that wait on a box for long although it is heard.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, words};
use crate::alerts::news::Words;
use crate::text::{Lang, duration, number};

/// The section `alerts.queue_growing`: the age of the oldest record that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Older than this is a warning.
    #[serde(with = "units::duration")]
    pub warning: Duration,
    /// Older than this is critical.
    #[serde(with = "units::duration")]
    pub critical: Duration,
    /// For how long: a box that was away needs some time to deliver.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self { enabled: true, warning: minutes(30), critical: minutes(6 * 60), after: minutes(15) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let limits = Limits { warning: Some(self.warning.as_secs()), critical: Some(self.critical.as_secs()) };
        let seen = facts.sites.iter().flat_map(|(id, site)| {
            site.lanes().map(move |lane| {
                let name = lane.lane.to_string();
                let seen = Seen::of_part(id, site, &name, &name);
                seen.graded(limits.above(lane.oldest_s, |limit| limit / 2)).saying(text(lane.waiting, lane.oldest_s))
            })
        });
        seen.collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}

fn text(waiting: u64, oldest_s: u64) -> Words {
    words(
        format!(
            "{} records wait on the box, the oldest for {}, although it is connected. They are safe on its disk. Look at \
             the link's speed and at the hub's log.",
            number(Lang::En, waiting),
            duration(Lang::En, oldest_s)
        ),
        format!(
            "{} enregistrements attendent sur le boîtier, le plus ancien depuis {}, alors qu’il est connecté. Ils sont à \
             l’abri sur son disque. Vérifiez le débit de la liaison et le journal du hub.",
            number(Lang::Fr, waiting),
            duration(Lang::Fr, oldest_s)
        ),
    )
}
