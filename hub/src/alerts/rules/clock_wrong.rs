//! A clock that is wrong: of a box, or of a time clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, SiteFacts, words};
use crate::alerts::alert::Grade;
use crate::alerts::facts::TerminalFacts;
use crate::alerts::news::Words;
use crate::text::{Lang, duration};

/// The section `alerts.clock_wrong`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// A clock that is further off than this is wrong. A box is measured by its heartbeats, which come every 30 s, so
    /// less than two minutes would be guesswork.
    #[serde(with = "units::duration")]
    pub off: Duration,
    /// For how long. Boxes and time clocks are corrected by themselves; this is for those that do not stay so.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, off: Duration::from_secs(2 * 60), after: Duration::from_secs(30 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let of_site = |(id, site)| {
            let of_terminals = site_terminals(site).filter_map(move |terminal| self.terminal(id, site, terminal));
            self.own(id, site).into_iter().chain(of_terminals)
        };
        facts.sites.iter().flat_map(of_site).collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}

fn site_terminals(site: &SiteFacts) -> impl Iterator<Item = &TerminalFacts> {
    site.terminals.iter().filter(|terminal| terminal.is_connected)
}

impl Config {
    /// The box's own clock.
    fn own(&self, id: &SiteId, site: &SiteFacts) -> Option<Seen> {
        let (pulse, heard_ms) = (site.pulse.as_ref()?, site.heard_ms?);
        let ahead_ms = pulse.stamp.wall_ms.saturating_sub(heard_ms);
        Some(Seen::of_site(id, site).graded(self.grades(ahead_ms)).saying(words(
            format!(
                "The box's clock is {}. Its records are dated by the hub's time, so nothing is wrong with them. Let it \
                 reach a time server (UDP 123), or give it a clock with a battery.",
                off(Lang::En, ahead_ms)
            ),
            format!(
                "L’horloge du boîtier est {}. Ses enregistrements sont datés à l’heure du hub, ils restent justes. \
                 Laissez-le joindre un serveur de temps (UDP 123), ou donnez-lui une horloge à pile.",
                off(Lang::Fr, ahead_ms)
            ),
        )))
    }

    fn terminal(&self, id: &SiteId, site: &SiteFacts, terminal: &TerminalFacts) -> Option<Seen> {
        let ahead_ms = terminal.clock_ahead_ms?;
        let seen = Seen::of_part(id, site, &terminal.serial, &terminal.serial);
        Some(seen.graded(self.grades(ahead_ms)).saying(text_of_terminal(ahead_ms)))
    }

    fn grades(&self, ahead_ms: i64) -> (Option<Grade>, Option<Grade>) {
        let limits = Limits { warning: Some(ms(self.off)), critical: None };
        limits.above(ahead_ms.saturating_abs(), |limit| limit / 2)
    }
}

fn text_of_terminal(ahead_ms: i64) -> Words {
    words(
        format!(
            "The time clock is {}. Its punches are corrected by what was measured. Its box sets it again \
             and again; if that does not last, look at its zone, at its battery, and at who else sets it.",
            off(Lang::En, ahead_ms)
        ),
        format!(
            "La pointeuse est {}. Ses pointages sont corrigés d’après la mesure. Son boîtier la remet \
             à l’heure ; si cela ne tient pas, vérifiez son fuseau, sa pile, et qui d’autre la règle.",
            off(Lang::Fr, ahead_ms)
        ),
    )
}

fn off(lang: Lang, ahead_ms: i64) -> String {
    let by = duration(lang, ahead_ms.unsigned_abs() / 1000);
    match (lang, ahead_ms > 0) {
        (Lang::En, true) => format!("{by} ahead"),
        (Lang::En, false) => format!("{by} behind"),
        (Lang::Fr, true) => format!("en avance de {by}"),
        (Lang::Fr, false) => format!("en retard de {by}"),
    }
}
