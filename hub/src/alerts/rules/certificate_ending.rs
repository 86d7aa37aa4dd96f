//! A certificate of a box that ends soon.

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::{Facts, Rule, Seen, SiteFacts, of_boxes, words};
use crate::alerts::alert::Grade;
use crate::alerts::news::{Severity, Words};
use crate::text::{Lang, moment};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The section `alerts.certificate_ending`: days that are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// With less than this it is a warning.
    pub warning_days: u16,
    /// With less than this it is told once more.
    pub again_days: u16,
    /// With less than this it is critical.
    pub critical_days: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, warning_days: 30, again_days: 14, critical_days: 7 }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        of_boxes(facts, |id, site| {
            let ends_ms = site.certificate_ends_ms?;
            let grade = self.grade(ends_ms.saturating_sub(facts.now_ms));
            Some(Seen::of_site(id, site).graded((grade, grade)).saying(text(id, site, ends_ms, facts.now_ms)))
        })
    }

    /// A box that is away for long needs its certificate to come back.
    fn needs_box(&self) -> bool {
        false
    }

    /// A box renews its certificate a month before its end, some minutes after it could.
    fn after_ms(&self) -> i64 {
        DAY_MS
    }
}

impl Config {
    fn grade(&self, left_ms: i64) -> Option<Grade> {
        let is_less = |days: u16| left_ms < i64::from(days) * DAY_MS;
        if is_less(self.critical_days) {
            return Some(Grade::CRITICAL);
        }
        if is_less(self.again_days) {
            return Some(Grade { severity: Severity::Warning, step: 1 });
        }
        is_less(self.warning_days).then_some(Grade::WARNING)
    }
}

fn text(id: &SiteId, site: &SiteFacts, ends_ms: i64, now_ms: i64) -> Words {
    let on = |lang| moment(lang, ends_ms, now_ms, &site.zone);
    words(
        format!(
            "The box's certificate ends on {}. A box that is connected renews it by itself; without it, it goes on \
             collecting, but cannot deliver. Connect it before, or run `vigie-hub site replace {id}`.",
            on(Lang::En)
        ),
        format!(
            "Le certificat du boîtier expire le {}. Un boîtier connecté le renouvelle seul ; sans lui il continue à \
             collecter, mais ne peut plus transmettre. Connectez-le avant, ou lancez `vigie-hub site replace {id}`.",
            on(Lang::Fr)
        ),
    )
}
