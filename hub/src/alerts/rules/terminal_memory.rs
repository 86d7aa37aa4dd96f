//! A memory of a time clock that will be full soon.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};

use super::limits::Limits;
use super::{Facts, Rule, Seen, SiteFacts, words};
use crate::alerts::facts::MemoryFacts;
use crate::alerts::news::Words;
use crate::text::{Lang, moment, number};

/// The section `alerts.terminal_memory`: how long before the memory is full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// So long before, it is a warning.
    #[serde(with = "units::duration")]
    pub warning: Duration,
    /// So long before, it is critical.
    #[serde(with = "units::duration")]
    pub critical: Duration,
    /// So much longer it must be to be over.
    #[serde(with = "units::duration")]
    pub margin: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
        Self { enabled: true, warning: days(30), critical: days(7), margin: days(2) }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let limits = Limits { warning: Some(ms(self.warning)), critical: Some(ms(self.critical)) };
        let margin_ms = ms(self.margin);
        let seen = facts.sites.iter().flat_map(|(id, site)| {
            let memories = site.terminals.iter().flat_map(|one| one.memories.iter().map(move |memory| (one, memory)));
            memories.map(move |(terminal, memory)| {
                let subject = format!("{}/{}", terminal.serial, memory.what);
                let left_ms = memory.full_ms.map_or(i64::MAX, |full_ms| full_ms.saturating_sub(facts.now_ms));
                let grades = (
                    limits.grade(|limit| left_ms < limit),
                    limits.grade(|limit| left_ms < limit.saturating_add(margin_ms)),
                );
                let name = format!("{} ({})", terminal.serial, memory.what);
                Seen::of_part(id, site, &subject, &name).graded(grades).saying(text(site, memory, facts.now_ms))
            })
        });
        seen.collect()
    }

    /// The hub has the terminal's history.
    fn needs_box(&self) -> bool {
        false
    }
}

fn text(site: &SiteFacts, memory: &MemoryFacts, now_ms: i64) -> Words {
    let on = |lang| moment(lang, memory.full_ms.unwrap_or(now_ms), now_ms, &site.zone);
    let held = |lang| format!("{} / {}", number(lang, memory.used), number(lang, memory.capacity));
    let what = &memory.what;
    words(
        format!(
            "The time clock's memory `{what}` holds {} and is full on {} if it goes on so. What was delivered is safe \
             here; a full log overwrites or refuses punches. Once everything is delivered, empty it with the command \
             `erase_terminal`, or at the terminal itself.",
            held(Lang::En),
            on(Lang::En)
        ),
        format!(
            "La mémoire « {what} » de la pointeuse contient {} et sera pleine le {} à ce rythme. Ce qui est transmis est à \
             l’abri ici ; un journal plein écrase ou refuse des pointages. Une fois tout transmis, videz-la avec la \
             commande `erase_terminal`, ou sur la pointeuse.",
            held(Lang::Fr),
            on(Lang::Fr)
        ),
    )
}
