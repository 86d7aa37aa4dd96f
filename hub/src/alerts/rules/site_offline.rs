//! A box that is not heard any more.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::either;
use super::{Alert, Ending, Facts, Rule, Seen, SiteFacts, words};
use crate::alerts::alert::Grade;
use crate::alerts::facts::KNOWN_MS;
use crate::alerts::news::Words;
use crate::text::{Lang, moment, number};

/// For so long the news of a box's return waits for what it kept meanwhile.
const CATCH_UP_MS: i64 = 10 * 60 * 1000;

/// The section `alerts.site_offline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// The silence after which a box counts as offline.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, after: Duration::from_secs(5 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let delivering = facts.sites.iter().filter(|(_, site)| site.has_delivered || site.heard_ms.is_some());
        let seen = delivering.filter_map(|(id, site)| {
            let silent_since_ms = site.heard_ms.unwrap_or(facts.listening_since_ms);
            let silence_ms = facts.now_ms.saturating_sub(silent_since_ms);
            let is_silent = silence_ms > ms(self.after);
            // Shortly after the hub's start nobody knows who will be heard.
            if site.heard_ms.is_none() && !is_silent {
                return None;
            }
            let (reached, _) = either(is_silent, Grade::CRITICAL);
            let (holds, _) = either(silence_ms > KNOWN_MS, Grade::CRITICAL);
            let last_ms = site.heard_ms.or(site.newest_ms).unwrap_or(silent_since_ms).min(facts.now_ms);
            let seen = Seen { since_ms: Some(last_ms), ..Seen::of_site(id, site) };
            Some(seen.graded((reached, holds)).saying(text(site, last_ms, facts.now_ms)))
        });
        seen.collect()
    }

    fn needs_box(&self) -> bool {
        false
    }

    fn is_root(&self) -> bool {
        true
    }

    /// What waited on the box, and that it has arrived.
    fn ending(&self, alert: &Alert, facts: &Facts) -> Option<Ending> {
        let site = alert.key.site.as_ref().and_then(|site| facts.sites.get(site))?;
        let (mark, ended_ms) = (alert.mark?, alert.ended_ms?);
        let lost = site.mark.missing.saturating_sub(mark.missing);
        let received = site.mark.through.saturating_sub(mark.through).saturating_sub(lost);
        let is_complete = site.complete_ms.is_some_and(|complete_ms| complete_ms >= ended_ms);
        let is_open = !is_complete && facts.now_ms.saturating_sub(ended_ms) < CATCH_UP_MS;
        let at = |lang| moment(lang, facts.now_ms, facts.now_ms, &site.zone);
        let of = |lang| number(lang, received);
        let words = if is_complete {
            words(
                format!("All {} records that waited on the box were received by {}.", of(Lang::En), at(Lang::En)),
                format!(
                    "Les {} enregistrements gardés par le boîtier sont tous arrivés ({}).",
                    of(Lang::Fr),
                    at(Lang::Fr)
                ),
            )
        } else {
            words(
                format!("{} of the records that waited have been received; the rest follows.", of(Lang::En)),
                format!("{} des enregistrements gardés sont arrivés ; la suite arrive.", of(Lang::Fr)),
            )
        };
        Some(Ending { words: with_loss(words, lost), is_open })
    }
}

fn text(site: &SiteFacts, last_ms: i64, now_ms: i64) -> Words {
    let at = |lang| moment(lang, last_ms, now_ms, &site.zone);
    words(
        format!(
            "The box has not been heard since {}. What it sees it keeps, and delivers when it is back. Check its power, \
             its network and the site's internet access.",
            at(Lang::En)
        ),
        format!(
            "Le boîtier ne répond plus depuis {}. Il garde ce qu’il voit et le transmettra à son retour. Vérifiez son \
             alimentation, son réseau et l’accès internet du site.",
            at(Lang::Fr)
        ),
    )
}

fn with_loss(words: Words, lost: u64) -> Words {
    if lost == 0 {
        return words;
    }
    let Words { en, fr } = words;
    super::words(
        format!("{en} {} records were lost; the site's page says which.", number(Lang::En, lost)),
        format!("{fr} {} enregistrements sont perdus ; la page du site dit lesquels.", number(Lang::Fr, lost)),
    )
}
