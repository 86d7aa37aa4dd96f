//! An update that did not work and was undone.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::either;
use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;

/// The section `alerts.update_undone`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// How long after it was undone it is over.
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
            site.undone.iter().map(move |undone| {
                let is_recent = facts.now_ms.saturating_sub(undone.at_ms) < ms(self.lasts);
                let seen = Seen { since_ms: Some(undone.at_ms), ..Seen::of_part(id, site, &undone.kind, &undone.kind) };
                let (kind, detail) = (&undone.kind, &undone.detail);
                seen.graded(either(is_recent, Grade::WARNING)).saying(words(
                    format!(
                        "`{kind}` did not work and was undone: {detail} The box runs what it ran before. See `vigie-hub \
                         command list {id}`."
                    ),
                    format!(
                        "`{kind}` a échoué et a été annulé : {detail} Le boîtier fonctionne comme avant. Voyez \
                         `vigie-hub command list {id}`."
                    ),
                ))
            })
        });
        seen.collect()
    }

    /// The hub has the box's word.
    fn needs_box(&self) -> bool {
        false
    }
}
