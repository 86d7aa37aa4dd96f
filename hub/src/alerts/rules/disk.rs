//! A disk of a box that is nearly full.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units::{self, ms};
use vigie_shared::wire::reading::Disk;

use super::limits::Limits;
use super::{Facts, Rule, Seen, words};
use crate::alerts::news::Words;
use crate::http::reach::used_permille;
use crate::text::{Lang, percent, size};

/// The section `alerts.disk`; percent of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Above this it is a warning.
    pub warning_percent: u8,
    /// Above this it is critical.
    pub critical_percent: u8,
    /// So far below a limit it must be to be over.
    pub margin_percent: u8,
    /// For how long.
    #[serde(with = "units::duration")]
    pub after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            warning_percent: 90,
            critical_percent: 95,
            margin_percent: 2,
            after: Duration::from_secs(60),
        }
    }
}

impl Rule for Config {
    fn look(&self, facts: &Facts) -> Vec<Seen> {
        let permille = |percent: u8| u64::from(percent) * 10;
        let limits =
            Limits { warning: Some(permille(self.warning_percent)), critical: Some(permille(self.critical_percent)) };
        let eased = |limit: u64| limit.saturating_sub(permille(self.margin_percent));
        let pulses = facts.sites.iter().filter_map(|(id, site)| Some((id, site, site.pulse.as_ref()?)));
        let seen = pulses.flat_map(|(id, site, pulse)| {
            pulse.host.disks.iter().map(move |disk| {
                let used = used_permille(disk.total_bytes, disk.available_bytes);
                let seen = Seen::of_part(id, site, &disk.mount, &disk.mount);
                seen.graded(limits.above(used, eased)).saying(text(disk, used))
            })
        });
        seen.collect()
    }

    fn after_ms(&self) -> i64 {
        ms(self.after)
    }
}

fn text(disk: &Disk, used: u64) -> Words {
    let mount = &disk.mount;
    words(
        format!(
            "The disk {mount} of the box is {} full, {} are left. Punches are safe: the box keeps room for them. Remove \
             videos that are no longer needed, or enlarge the disk.",
            percent(Lang::En, used),
            size(Lang::En, disk.available_bytes)
        ),
        format!(
            "Le disque {mount} du boîtier est plein à {}, il reste {}. Les pointages sont à l’abri : le boîtier leur \
             réserve de la place. Supprimez les vidéos inutiles, ou agrandissez le disque.",
            percent(Lang::Fr, used),
            size(Lang::Fr, disk.available_bytes)
        ),
    )
}
