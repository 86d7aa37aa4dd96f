//! A network whose observer cannot see.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;
use crate::alerts::news::Words;

/// The section `alerts.blind_observer`.
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
        Self { enabled: true, after: Duration::from_secs(15 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let seen = facts.sites.iter().flat_map(|(id, site)| {
            site.networks.iter().map(move |network| {
                let name = &network.name;
                let seen = Seen { since_ms: network.blind_since_ms, ..Seen::of_part(id, site, name, name) };
                seen.graded(either(network.blind_since_ms.is_some(), Grade::WARNING)).saying(text(&network.reason))
            })
        });
        seen.collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}

fn text(reason: &str) -> Words {
    words(
        format!(
            "The network cannot be watched: {reason}. Nobody is called absent because of it: such hours count as not \
             observed. Look at the box's cable, its Wi-Fi and the access point's client isolation."
        ),
        format!(
            "Le réseau ne peut pas être observé : {reason}. Personne n’est compté absent pour cela : ces heures sont non \
             observées. Vérifiez le câble du boîtier, son Wi-Fi et l’isolation des clients du point d’accès."
        ),
    )
}
