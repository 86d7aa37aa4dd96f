//! A time clock that is not heard by its box.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;
use crate::alerts::news::Words;

/// The section `alerts.terminal_silent`.
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
            site.terminals.iter().map(move |terminal| {
                let serial = &terminal.serial;
                // A box that was away says later of it than it was so; from when on it is so counts.
                let since_ms = terminal.heard_ms.map(|heard_ms| heard_ms.min(facts.now_ms));
                let seen = Seen { since_ms, ..Seen::of_part(id, site, serial, serial) };
                seen.graded(either(!terminal.is_connected, Grade::WARNING)).saying(text(terminal.unsent))
            })
        });
        seen.collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}

fn text(unsent: Option<u64>) -> Words {
    let (en, fr) = match unsent {
        Some(rows) if rows > 0 => {
            (format!("It last held {rows} unsent rows. "), format!("Elle gardait {rows} lignes non transmises. "))
        }
        Some(_) | None => (String::new(), String::new()),
    };
    words(
        format!(
            "The time clock is not connected to its box. It keeps its punches and delivers them when it is back. {en}Check \
             its power and network, and that it calls the box's address."
        ),
        format!(
            "La pointeuse n’est pas connectée à son boîtier. Elle garde ses pointages et les transmettra à son retour. \
             {fr}Vérifiez son alimentation, son réseau et l’adresse du boîtier qu’elle appelle."
        ),
    )
}
