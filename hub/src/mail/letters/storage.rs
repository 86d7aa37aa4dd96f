//! The storage summary: which machines have little room left, which batteries should be unplugged, which charged.
//!
//! It is written when a machine's room becomes critical, and then shows all of them, so that one round on foot is enough.

use vigie_shared::id::SiteId;

use super::{Page, Reader, Row, Section, Tone};
use crate::alerts::rules::AlertsConfig;
use crate::mail::letter::Kind;
use crate::text::{Lang, counted, percent, size};

const GB: u64 = 1_000_000_000;

/// From when on a machine is listed: as alerts are raised by its owner's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Room at or below which a machine is critical, gigabytes of 1 000 000 000 bytes.
    pub critical_gb: u64,
    /// Room below which a machine is listed, gigabytes.
    pub attention_gb: u64,
    /// Charge below which a battery is listed, percent.
    pub low_battery_percent: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&AlertsConfig::default())
    }
}

impl Limits {
    /// The limits of the alerts on the same.
    #[must_use]
    pub fn of(alerts: &AlertsConfig) -> Self {
        Self {
            critical_gb: alerts.machine_disk.critical_gb,
            attention_gb: alerts.machine_disk.warning_gb,
            low_battery_percent: alerts.battery_low.warning_percent,
        }
    }

    fn is_critical(self, free_bytes: u64) -> bool {
        free_bytes <= self.critical_gb.saturating_mul(GB)
    }

    fn is_listed(self, free_bytes: u64) -> bool {
        self.is_critical(free_bytes) || free_bytes < self.attention_gb.saturating_mul(GB)
    }
}

/// A machine as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineNow {
    /// What people call it.
    pub name: String,
    /// At which site, if at one.
    pub site: Option<SiteId>,
    /// Where that is, as people call it.
    pub place: String,
    /// Its model, if known.
    pub model: Option<String>,
    /// Room left on its disk, bytes; none if unknown.
    pub disk_free_bytes: Option<u64>,
    /// Charge of its battery, 0 to 100; none if it has none.
    pub battery_percent: Option<u8>,
    /// Whether it is plugged in; none if unknown.
    pub is_plugged: Option<bool>,
}

/// The letter on all machines.
#[must_use]
pub fn page(machines: &[MachineNow], limits: Limits, reader: &Reader) -> Page {
    let free = machines.iter().filter_map(|one| one.disk_free_bytes);
    let critical = free.filter(|free| limits.is_critical(*free)).count();
    let room = size(reader.lang, limits.critical_gb.saturating_mul(GB));
    let title = title(critical as u64, reader);
    let link = reader
        .dashboard
        .clone()
        .map(|dashboard| (dashboard, reader.say("Ouvrir le tableau de bord", "Open the dashboard").to_owned()));
    let foot = match reader.lang {
        Lang::Fr => format!("Envoyé à {} dès qu’une machine a {room} libres ou moins.", reader.address),
        Lang::En => format!("Sent to {} as soon as a machine has {room} free or less.", reader.address),
    };
    Page {
        kind: Kind::Storage,
        subject: title.clone(),
        title,
        tone: Tone::Critical,
        intro: vec![
            reader
                .say(
                    "Libérez de la place sur les machines en rouge : elles ne pourront bientôt plus rien enregistrer.",
                    "Free space on the machines in red: soon they cannot save anything.",
                )
                .to_owned(),
        ],
        sections: vec![storage(machines, limits, reader), full(machines, reader), low(machines, limits, reader)],
        closing: Vec::new(),
        link,
        foot,
    }
}

fn title(critical: u64, reader: &Reader) -> String {
    match reader.lang {
        Lang::Fr => format!("Stockage critique\u{a0}: {}", counted(reader.lang, critical, "machine", "machines")),
        Lang::En => format!("Critical storage: {}", counted(reader.lang, critical, "machine", "machines")),
    }
}

fn storage(machines: &[MachineNow], limits: Limits, reader: &Reader) -> Section {
    let mut short: Vec<(u64, &MachineNow)> = machines
        .iter()
        .filter_map(|one| Some((one.disk_free_bytes?, one)))
        .filter(|(free, _)| limits.is_listed(*free))
        .collect();
    short.sort_by_key(|(free, one)| (*free, one.name.clone()));
    let row = |(free, machine): (u64, &MachineNow)| {
        let (tone, word) = if limits.is_critical(free) {
            (Tone::Critical, reader.say("Critique", "Critical"))
        } else {
            (Tone::Attention, reader.say("À surveiller", "Attention"))
        };
        let free = size(reader.lang, free);
        Row {
            word: word.to_owned(),
            aside: format!("{free}{}", reader.say(" libres", " free")),
            ..plain(machine, tone)
        }
    };
    let room = size(reader.lang, limits.attention_gb.saturating_mul(GB));
    Section {
        heading: match reader.lang {
            Lang::Fr => format!("Moins de {room} libres"),
            Lang::En => format!("Less than {room} free"),
        },
        rows: short.into_iter().map(row).collect(),
        none: reader.say("Aucune machine.", "No machine.").to_owned(),
        note: String::new(),
    }
}

fn full(machines: &[MachineNow], reader: &Reader) -> Section {
    let is_full = |one: &&MachineNow| one.battery_percent == Some(100) && one.is_plugged == Some(true);
    Section {
        heading: reader.say("Batteries pleines, toujours branchées", "Full batteries, still plugged in").to_owned(),
        rows: batteries(machines.iter().filter(is_full), Tone::Plain, reader),
        none: reader.say("Aucune machine.", "No machine.").to_owned(),
        note: String::new(),
    }
}

fn low(machines: &[MachineNow], limits: Limits, reader: &Reader) -> Section {
    let limit = limits.low_battery_percent;
    let is_low = |one: &&MachineNow| one.battery_percent.is_some_and(|charge| charge < limit);
    Section {
        heading: match reader.lang {
            Lang::Fr => format!("Batteries faibles, moins de {limit}\u{a0}%"),
            Lang::En => format!("Low batteries, less than {limit}%"),
        },
        rows: batteries(machines.iter().filter(is_low), Tone::Attention, reader),
        none: reader.say("Aucune machine.", "No machine.").to_owned(),
        note: String::new(),
    }
}

fn batteries<'a>(machines: impl Iterator<Item = &'a MachineNow>, tone: Tone, reader: &Reader) -> Vec<Row> {
    let mut sorted: Vec<&MachineNow> = machines.collect();
    sorted.sort_by_key(|one| (one.battery_percent, one.name.clone()));
    let row = |machine: &MachineNow| {
        let charge = u64::from(machine.battery_percent.unwrap_or(0));
        Row { aside: percent(reader.lang, charge * 10), ..plain(machine, tone) }
    };
    sorted.into_iter().map(row).collect()
}

fn plain(machine: &MachineNow, tone: Tone) -> Row {
    let place = [Some(machine.place.as_str()), machine.model.as_deref()];
    let detail = place.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    Row { tone, head: machine.name.clone(), word: String::new(), detail, aside: String::new() }
}
