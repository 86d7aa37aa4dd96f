//! What sites are sorted, picked and counted by: known of all of them at once, where a row is written only of those shown.

use super::Look;
use crate::http::Admin;
use crate::http::page::history::DAY_MS;
use crate::http::page::marks;
use crate::http::page::row::{fullest_permille, in_one_line};
use crate::http::reach::{Reach, health, reach};
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// A site among the others.
pub(super) struct Ranked<'a> {
    pub(super) site: &'a Site,
    /// The smaller, the more somebody should look.
    urgency: u8,
    /// Its link.
    pub(super) reach: Reach,
    /// When it was heard last, milliseconds since 1970 UTC.
    heard_ms: Option<i64>,
    /// How full the fullest disk is.
    disk_permille: Option<u64>,
    /// The version, if it is known.
    version: Option<String>,
}

/// All sites, as they are at this moment.
pub(super) fn ranked<'a>(admin: &Admin, sites: &'a [Site]) -> Vec<Ranked<'a>> {
    let (mut fleet, hearing) = (admin.fleet.snapshot(), admin.hearing());
    let rank = |site: &'a Site| {
        let live = fleet.remove(&site.id).unwrap_or_default();
        let reach = reach(&live, site.revoked_ms.is_some(), hearing);
        Ranked {
            site,
            urgency: marks::urgency(reach, health(&live, reach)),
            reach,
            heard_ms: live.heard_ms,
            disk_permille: fullest_permille(&live),
            version: live.version,
        }
    };
    sites.iter().map(rank).collect()
}

impl Ranked<'_> {
    /// Whether it is one of those that the address asks for.
    pub(super) fn is_wanted(&self, look: &Look, now_ms: i64) -> bool {
        let is_in_state = match look.get("state") {
            "trouble" => self.urgency <= 1,
            "silent" => matches!(self.reach, Reach::Silent | Reach::Cloned),
            "attention" => self.urgency == 1,
            "never" => self.urgency == 2,
            "fine" => self.urgency == 3,
            _ => true,
        };
        let version = look.get("version");
        let has_version = version.is_empty() || self.version.as_deref() == Some(version);
        let is_quiet = look.get("quiet").parse::<i64>().map_or(true, |days| {
            self.heard_ms.is_none_or(|heard_ms| now_ms.saturating_sub(heard_ms) >= days.saturating_mul(DAY_MS))
        });
        let site = self.site;
        is_in_state && has_version && is_quiet && look.has(&format!("{} {} {}", site.name, site.id, in_one_line(site)))
    }
}

/// Puts sites into the order that the address asks for; the worst first if it asks for none.
pub(super) fn sort(sites: &mut [Ranked<'_>], look: &Look) {
    let (by, is_descending) = look.sort();
    sites.sort_by_cached_key(|one| one.site.name.to_lowercase());
    match by {
        "name" => {}
        "heard" => sites.sort_by_key(|one| one.heard_ms),
        "disk" => sites.sort_by_key(|one| one.disk_permille),
        "version" => sites.sort_by(|one, other| one.version.cmp(&other.version)),
        _ => sites.sort_by_key(|one| one.urgency),
    }
    if is_descending {
        sites.reverse();
    }
}

/// Every version that runs somewhere.
pub(super) fn versions(sites: &[Ranked<'_>]) -> Vec<String> {
    let mut versions: Vec<String> = sites.iter().filter_map(|one| one.version.clone()).collect();
    versions.sort();
    versions.dedup();
    versions
}

/// The state of the whole fleet as one sentence.
pub(super) fn headline(lang: Lang, ranked: &[Ranked<'_>]) -> String {
    let count = |urgency: u8| ranked.iter().filter(|one| one.urgency == urgency).count() as u64;
    let all = ranked.len() as u64;
    let sites = text::counted(lang, all, "site", "sites");
    let parts = match lang {
        Lang::Fr => [
            (count(0), "à traiter", "à traiter"),
            (count(1), "à surveiller", "à surveiller"),
            (count(2), "jamais entendu", "jamais entendus"),
            (count(3), "en ordre", "en ordre"),
            (count(4), "révoqué", "révoqués"),
        ],
        Lang::En => [
            (count(0), "to settle", "to settle"),
            (count(1), "needs attention", "need attention"),
            (count(2), "never heard", "never heard"),
            (count(3), "fine", "fine"),
            (count(4), "revoked", "revoked"),
        ],
    };
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| text::counted(lang, count, one, many))
        .collect();
    let colon = match lang {
        Lang::Fr => "\u{a0}: ",
        Lang::En => ": ",
    };
    if told.is_empty() { sites } else { format!("{sites}{colon}{}", told.join(", ")) }
}
