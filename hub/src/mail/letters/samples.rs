//! Each kind of letter with invented facts: to look at it before it matters.

use jiff::civil::date;

use super::storage::MachineNow;
use super::weekly::{SiteWeek, Week};
use super::{Page, Reader, incident, password, storage, trial, weekly};
use crate::alerts::news::{Line, News, Phase, Severity, Words};

/// The samples by name.
pub const NAMES: [&str; 7] =
    ["incident", "incident_continues", "incident_closed", "storage", "weekly", "test", "password_reset"];

const MINUTE_MS: i64 = 60_000;

/// The sample of that name, as if written at a moment; none if there is none of that name.
#[must_use]
pub fn page(name: &str, reader: &Reader, at_ms: i64) -> Option<Page> {
    Some(match name {
        "incident" => incident::page(&news(Phase::Opened, at_ms), reader),
        "incident_continues" => incident::page(&news(Phase::Continues, at_ms), reader),
        "incident_closed" => incident::page(&news(Phase::Closed, at_ms), reader),
        "storage" => storage::page(&machines(), storage::Limits::default(), reader),
        "weekly" => weekly::page(&week(), reader),
        "test" => trial::page(reader, at_ms),
        "password_reset" => password::page(reader, "anna", ("https://vigie.example.org/password/0123abcd", 3600)),
        _ => return None,
    })
}

fn words(fr: &str, en: &str) -> Words {
    Words { fr: fr.to_owned(), en: en.to_owned() }
}

/// News of an incident at two sites.
#[must_use]
pub fn news(phase: Phase, at_ms: i64) -> News {
    let began_ms = match phase {
        Phase::Opened => at_ms - 5 * MINUTE_MS,
        Phase::Continues => at_ms - 245 * MINUTE_MS,
        Phase::Closed => at_ms - 65 * MINUTE_MS,
    };
    let is_over = phase == Phase::Closed;
    let silent = Line {
        rule: "site_offline".to_owned(),
        severity: Severity::Critical,
        site: "rennes".parse().ok(),
        subject: "Rennes Club".to_owned(),
        text: words(
            "Le boîtier est muet. Il garde ses relevés et les enverra à son retour. Vérifiez l’alimentation et le réseau du site.",
            "The box has been silent. It keeps its readings and sends them when it returns. Check power and network at the site.",
        ),
        since_ms: began_ms,
        ended_ms: is_over.then_some(at_ms - MINUTE_MS),
        ending: is_over.then(|| words("les 212 relevés sont arrivés à 14:02", "all 212 received at 14:02")),
    };
    let disk = Line {
        rule: "disk".to_owned(),
        severity: Severity::Warning,
        site: "metz".parse().ok(),
        subject: "Metz <Nord> & Sud".to_owned(),
        text: words(
            "Le disque est plein à 91\u{a0}%. Les pointages restent enregistrés. Supprimez des médias ou agrandissez le stockage.",
            "The disk is 91% full. Punches are still recorded. Remove media or enlarge the storage.",
        ),
        since_ms: began_ms + MINUTE_MS,
        ended_ms: is_over.then_some(at_ms),
        ending: None,
    };
    News {
        incident: "sample".to_owned(),
        number: match phase {
            Phase::Opened => 1,
            Phase::Continues => 2,
            Phase::Closed => 3,
        },
        phase,
        severity: Severity::Critical,
        began_ms,
        at_ms,
        lines: vec![silent, disk],
        more: 0,
    }
}

/// Machines of each section, and one of none.
#[must_use]
pub fn machines() -> Vec<MachineNow> {
    let machine = |name: &str, free_gb: u64, battery: Option<u8>, plugged: bool| MachineNow {
        name: name.to_owned(),
        site: "rennes".parse().ok(),
        place: "Rennes Club".to_owned(),
        model: Some("MacBook Pro 14 (M3)".to_owned()),
        disk_free_bytes: Some(free_gb * 1_000_000_000),
        battery_percent: battery,
        is_plugged: Some(plugged),
    };
    vec![
        machine("Mac de Marie", 12, Some(100), true),
        machine("Mac de Paul", 15, Some(22), false),
        machine("Mac de l’accueil", 28, None, true),
        machine("Mac d’Inès", 410, Some(100), true),
        machine("Mac de Tom", 512, Some(74), false),
    ]
}

/// A week of three sites.
#[must_use]
pub fn week() -> Week {
    let site = |name: &str, online_permille, gaps, people, full_days| SiteWeek {
        name: name.to_owned(),
        online_permille,
        gaps,
        people,
        disk_free_bytes: Some(21_400_000_000),
        disk_full_days: full_days,
    };
    Week {
        from: date(2026, 11, 16),
        through: date(2026, 11, 22),
        sites: vec![
            site("Metz", 1000, 0, Some(42), None),
            site("Rennes Club", 861, 2, None, None),
            site("Brest", 998, 0, Some(17), Some(23)),
        ],
        incidents: 2,
    }
}
