//! A Mac or PC whose disk is nearly full.

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::{Facts, Rule, Seen, words};
use crate::alerts::news::Words;
use crate::text::{Lang, size};

const GB: u64 = 1_000_000_000;

/// The section `alerts.machine_disk`: bytes that are free, in powers of ten as Macs show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// With less than this it is a warning, gigabytes of 1 000 000 000 bytes.
    pub warning_gb: u64,
    /// With this or less it is critical.
    pub critical_gb: u64,
    /// So much more it must be to be over.
    pub margin_gb: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, warning_gb: 30, critical_gb: 15, margin_gb: 1 }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        // What is critical begins at its limit, what is a warning below it.
        let bytes = |gb: u64| gb.saturating_mul(GB);
        let limits =
            Limits { warning: Some(bytes(self.warning_gb)), critical: Some(bytes(self.critical_gb).saturating_add(1)) };
        let margin = bytes(self.margin_gb);
        let seen = facts.sites.iter().flat_map(|(id, site)| {
            site.machines.iter().filter_map(move |machine| {
                let free = machine.free_bytes?;
                let grades =
                    (limits.grade(|limit| free < limit), limits.grade(|limit| free < limit.saturating_add(margin)));
                Some(Seen::of_part(id, site, &machine.id, &machine.name).graded(grades).saying(text(free)))
            })
        });
        seen.collect()
    }
}

fn text(free: u64) -> Words {
    words(
        format!(
            "{} are left on its disk. Nothing is lost yet; programs stop saving when it is full. Empty the trash and the \
             downloads, move large files away.",
            size(Lang::En, free)
        ),
        format!(
            "Il reste {} sur son disque. Rien n’est encore perdu ; plein, les programmes n’enregistrent plus. Videz la \
             corbeille et les téléchargements, déplacez les gros fichiers.",
            size(Lang::Fr, free)
        ),
    )
}
