//! The report of a week: per site how long its box was there, what is missing, how many people came, when disks are full.

use jiff::civil::Date;

use super::{Page, Reader, Row, Section, Tone};
use crate::mail::letter::Kind;
use crate::text::{Lang, counted, number, percent, size, spoken_day};

/// Share of the week below which a site needs a look, thousandths.
const ONLINE_FINE_PERMILLE: u64 = 990;
/// The same below which somebody must act.
const ONLINE_ATTENTION_PERMILLE: u64 = 900;
/// A disk that is full within so many days is worth a line, and one within a week must be mended.
const FORECAST_DAYS_MAX: u32 = 60;

/// What a week was like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its first day, a Monday.
    pub from: Date,
    /// Its last day.
    pub through: Date,
    /// Its sites, by name.
    pub sites: Vec<SiteWeek>,
    /// Incidents that this reader was told of.
    pub incidents: u64,
}

/// What a week was like at one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteWeek {
    /// What people call it.
    pub name: String,
    /// Share of the hours of the week of which its box told, thousandths.
    pub online_permille: u64,
    /// Holes in what arrived.
    pub gaps: u64,
    /// People who were there in the week, if they are enough to be told.
    pub people: Option<u32>,
    /// Room left on its fullest disk, bytes.
    pub disk_free_bytes: Option<u64>,
    /// Days until that disk is full if it goes on as in this week.
    pub disk_full_days: Option<u32>,
}

/// The letter on a week.
#[must_use]
pub fn page(week: &Week, reader: &Reader) -> Page {
    let (from, through) = (spoken_day(reader.lang, week.from), spoken_day(reader.lang, week.through));
    let title = match reader.lang {
        Lang::Fr => format!("Semaine du {from} au {through}"),
        Lang::En => format!("Week from {from} to {through}"),
    };
    let incidents = match (reader.lang, week.incidents) {
        (Lang::Fr, 0) => "Aucun incident ne vous a été signalé.".to_owned(),
        (Lang::Fr, count) => format!("{} vous ont été signalés.", counted(Lang::Fr, count, "incident", "incidents")),
        (Lang::En, 0) => "No incident was reported to you.".to_owned(),
        (Lang::En, count) => format!("{} reported to you.", counted(Lang::En, count, "incident was", "incidents were")),
    };
    let worst = week.sites.iter().map(tone).max_by_key(|tone| grade(*tone)).unwrap_or(Tone::Fine);
    let mut sites: Vec<&SiteWeek> = week.sites.iter().collect();
    sites.sort_by_key(|site| (std::cmp::Reverse(grade(tone(site))), site.online_permille, site.name.clone()));
    Page {
        kind: Kind::Weekly,
        subject: format!("Vigie · {title}"),
        title,
        tone: worst,
        intro: vec![incidents],
        sections: vec![Section {
            heading: reader.say("Sites", "Sites").to_owned(),
            rows: sites.into_iter().map(|site| row(site, reader)).collect(),
            none: reader.say("Aucun site.", "No site.").to_owned(),
            note: reader
                .say(
                    "Le pourcentage est la part des heures de la semaine dont le boîtier a donné des relevés.",
                    "The percentage is the share of the week’s hours of which the box delivered readings.",
                )
                .to_owned(),
        }],
        closing: Vec::new(),
        link: reader
            .dashboard
            .clone()
            .map(|dashboard| (dashboard, reader.say("Ouvrir le tableau de bord", "Open the dashboard").to_owned())),
        foot: format!("{} {}", reader.say("Envoyé chaque semaine à", "Sent every week to"), reader.address),
    }
}

fn tone(site: &SiteWeek) -> Tone {
    let is_nearly_full = site.disk_full_days.is_some_and(|days| days <= 7);
    match site.online_permille {
        0..ONLINE_ATTENTION_PERMILLE => Tone::Critical,
        _ if is_nearly_full => Tone::Critical,
        ONLINE_ATTENTION_PERMILLE..ONLINE_FINE_PERMILLE => Tone::Attention,
        _ if site.gaps > 0 => Tone::Attention,
        _ => Tone::Fine,
    }
}

fn grade(tone: Tone) -> u8 {
    match tone {
        Tone::Critical => 3,
        Tone::Attention => 2,
        Tone::Plain => 1,
        Tone::Fine => 0,
    }
}

fn row(site: &SiteWeek, reader: &Reader) -> Row {
    let mut parts = Vec::new();
    if site.gaps > 0 {
        let (fr, en) = (counted(Lang::Fr, site.gaps, "lacune", "lacunes"), counted(Lang::En, site.gaps, "gap", "gaps"));
        parts.push(reader.say(&fr, &en).to_owned());
    }
    parts.push(people(site, reader));
    if let Some(free) = site.disk_free_bytes {
        parts.push(disk(free, site.disk_full_days, reader));
    }
    let word = match tone(site) {
        Tone::Critical => reader.say("Critique", "Critical"),
        Tone::Attention => reader.say("À surveiller", "Attention"),
        Tone::Fine | Tone::Plain => reader.say("En ordre", "Fine"),
    };
    Row {
        tone: tone(site),
        head: site.name.clone(),
        word: word.to_owned(),
        detail: parts.join(" · "),
        aside: percent(reader.lang, site.online_permille),
    }
}

/// Numbers that would say who are not told.
fn people(site: &SiteWeek, reader: &Reader) -> String {
    match (reader.lang, site.people) {
        (Lang::Fr, Some(count)) => format!("{} personnes présentes", number(Lang::Fr, count.into())),
        (Lang::En, Some(count)) => format!("{} people here", number(Lang::En, count.into())),
        (Lang::Fr, None) => "moins de 5 personnes présentes".to_owned(),
        (Lang::En, None) => "fewer than 5 people here".to_owned(),
    }
}

fn disk(free: u64, full_days: Option<u32>, reader: &Reader) -> String {
    let free = size(reader.lang, free);
    let full = full_days.filter(|days| *days <= FORECAST_DAYS_MAX);
    match (reader.lang, full) {
        (Lang::Fr, None) => format!("disque\u{a0}: {free} libres"),
        (Lang::En, None) => format!("disk: {free} free"),
        (Lang::Fr, Some(days)) => {
            format!("disque\u{a0}: {free} libres, plein dans {}", counted(Lang::Fr, days.into(), "jour", "jours"))
        }
        (Lang::En, Some(days)) => {
            format!("disk: {free} free, full in {}", counted(Lang::En, days.into(), "day", "days"))
        }
    }
}
