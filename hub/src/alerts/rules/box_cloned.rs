//! Two boxes that live under one identity.

use serde::{Deserialize, Serialize};

use super::limits::either;
use super::{Facts, Rule, Seen, of_boxes, words};
use crate::alerts::alert::Grade;

/// The section `alerts.box_cloned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        of_boxes(facts, |id, site| {
            let seen = Seen::of_site(id, site).graded(either(site.is_cloned, Grade::CRITICAL));
            Some(seen.saying(words(
                format!(
                    "Two live boxes present themselves as this site. Their records are kept apart, nothing is lost. Run \
                     `vigie-hub site replace {id}`, register the right one with the token, erase the other card."
                ),
                format!(
                    "Deux boîtiers allumés se présentent comme ce site. Leurs enregistrements sont gardés à part, rien \
                     n’est perdu. Lancez `vigie-hub site replace {id}`, enregistrez le bon avec le jeton, effacez \
                     l’autre carte."
                ),
            )))
        })
    }
}
