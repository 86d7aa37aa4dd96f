//! A third party that gets nothing any more.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::{Facts, Rule, Seen, words};
use crate::alerts::alert::Grade;
use crate::alerts::facts::ConnectorFacts;
use crate::alerts::news::Words;
use crate::text::{Lang, counted};

/// The section `alerts.connector_stopped`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Rows that were tried in vain make it a warning when none passed for so long.
    #[serde(with = "units::duration")]
    pub failing: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, failing: Duration::from_secs(60 * 60) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let seen = facts.connectors.iter().map(|connector| {
            let name = connector.name.clone();
            let grade = self.grade(connector, facts.now_ms);
            let since_ms = connector.stopped.as_ref().map(|(_, since_ms)| *since_ms);
            let seen = Seen { subject: name.clone(), name, since_ms, ..Seen::default() };
            seen.graded((grade, grade)).saying(text(connector))
        });
        seen.collect()
    }

    fn needs_box(&self) -> bool {
        false
    }
}

impl Config {
    fn grade(&self, connector: &ConnectorFacts, now_ms: i64) -> Option<Grade> {
        if connector.stopped.is_some() {
            return Some(Grade::CRITICAL);
        }
        let passed_ms = connector.passed_ms.unwrap_or(i64::MIN);
        let is_failing = connector.failed > 0 && now_ms.saturating_sub(passed_ms) > ms(self.failing);
        is_failing.then_some(Grade::WARNING)
    }
}

fn text(connector: &ConnectorFacts) -> Words {
    let (name, failed) = (&connector.name, connector.failed);
    if let Some((reason, _)) = &connector.stopped {
        return words(
            format!(
                "It stopped: {reason}. Its rows wait, none is lost. Mend that, then run `vigie-hub connector sync {name}`."
            ),
            format!(
                "Il s’est arrêté : {reason}. Ses lignes attendent, aucune n’est perdue. Corrigez, puis lancez `vigie-hub \
                 connector sync {name}`."
            ),
        );
    }
    words(
        format!(
            "{} did not pass and are tried again; none is lost. See `vigie-hub job list --connector {name}`.",
            counted(Lang::En, failed, "row", "rows")
        ),
        format!(
            "{} ne passent pas et sont réessayées ; aucune n’est perdue. Voyez `vigie-hub job list --connector {name}`.",
            counted(Lang::Fr, failed, "ligne", "lignes")
        ),
    )
}
