//! News of an incident: that it began, that it lasts, that it is over.

use super::{Page, Reader, Row, Section, Tone};
use crate::alerts::news::{Line, News, Phase, Severity};
use crate::mail::letter::Kind;
use crate::text::{counted, duration, moment, spoken};

/// The letter of one piece of news.
#[must_use]
pub fn page(news: &News, reader: &Reader) -> Page {
    let (heading, word) = headings(news, reader);
    let rows = news.lines.iter().map(|line| row(line, news, reader)).collect();
    let note = match news.more {
        0 => String::new(),
        more => {
            let text = counted(reader.lang, more.into(), "autre alerte", "autres alertes");
            let english = counted(reader.lang, more.into(), "more alert", "more alerts");
            format!("{}.", reader.say(&text, &english))
        }
    };
    let link = reader.dashboard.as_deref().map(|dashboard| {
        let address = format!("{}/incidents/{}", dashboard.trim_end_matches('/'), news.incident);
        (address, reader.say("Ouvrir l’incident", "Open the incident").to_owned())
    });
    Page {
        kind: Kind::Incident,
        subject: subject(news, reader, word),
        title: subject(news, reader, word),
        tone: tone_of(news),
        intro: vec![intro(news, reader)],
        sections: vec![Section { heading: heading.to_owned(), rows, none: String::new(), note }],
        closing: Vec::new(),
        link,
        foot: foot(news, reader),
    }
}

fn tone_of(news: &News) -> Tone {
    match news.phase {
        Phase::Closed => Tone::Fine,
        Phase::Opened | Phase::Continues => tone(news.severity),
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Critical,
        Severity::Warning => Tone::Attention,
    }
}

fn severity_word(severity: Severity, reader: &Reader) -> &'static str {
    match severity {
        Severity::Critical => reader.say("Critique", "Critical"),
        Severity::Warning => reader.say("À surveiller", "Attention"),
    }
}

fn headings(news: &News, reader: &Reader) -> (&'static str, &'static str) {
    match news.phase {
        Phase::Opened => (reader.say("Alertes", "Alerts"), severity_word(news.severity, reader)),
        Phase::Continues => (
            reader.say("Alertes", "Alerts"),
            match news.severity {
                Severity::Critical => reader.say("Toujours critique", "Still critical"),
                Severity::Warning => reader.say("Toujours à surveiller", "Still needs attention"),
            },
        ),
        Phase::Closed => (reader.say("Ce qui est terminé", "What is over"), reader.say("Clos", "Closed")),
    }
}

fn subject(news: &News, reader: &Reader, word: &str) -> String {
    let first = news.lines.first().map_or("", |line| line.subject.as_str());
    let others = news.lines.len().saturating_sub(1) as u64 + u64::from(news.more);
    let colon = reader.say("\u{a0}: ", ": ");
    let rest = match others {
        0 => String::new(),
        others => {
            let text = counted(reader.lang, others, "autre", "autres");
            let english = counted(reader.lang, others, "more", "more");
            format!(" {} {}", reader.say("et", "and"), reader.say(&text, &english))
        }
    };
    // What is concerned may have a long name; how many there are must still be read.
    format!("{word}{colon}{}{rest}", super::clean(first, 80))
}

fn intro(news: &News, reader: &Reader) -> String {
    let began = spoken(reader.lang, news.began_ms, &reader.zone);
    let lasted = duration(reader.lang, seconds(news.began_ms, news.at_ms));
    let text = match news.phase {
        Phase::Opened => (format!("Depuis le {began}."), format!("Since {began}.")),
        Phase::Continues => (
            format!("L’incident dure depuis {lasted}, depuis le {began}."),
            format!("The incident has lasted {lasted}, since {began}."),
        ),
        Phase::Closed => {
            let ended = spoken(reader.lang, news.at_ms, &reader.zone);
            (
                format!("L’incident a duré {lasted}, du {began} au {ended}. Vous n’avez rien à faire."),
                format!("The incident lasted {lasted}, from {began} to {ended}. You need do nothing."),
            )
        }
    };
    reader.say(&text.0, &text.1).to_owned()
}

fn row(line: &Line, news: &News, reader: &Reader) -> Row {
    let Some(ended_ms) = line.ended_ms else {
        let since = moment(reader.lang, line.since_ms, news.at_ms, &reader.zone);
        return Row {
            tone: tone(line.severity),
            head: line.subject.clone(),
            word: severity_word(line.severity, reader).to_owned(),
            detail: line.text.of(reader.lang).to_owned(),
            aside: format!("{} {since}", reader.say("depuis", "since")),
        };
    };
    let detail = match &line.ending {
        Some(ending) => ending.of(reader.lang).to_owned(),
        // What was wrong is not wrong any more.
        None => format!("{}{}", reader.say("C’était\u{a0}: ", "It was: "), line.text.of(reader.lang)),
    };
    Row {
        tone: Tone::Fine,
        head: line.subject.clone(),
        word: format!("{} {}", reader.say("terminé", "over"), moment(reader.lang, ended_ms, news.at_ms, &reader.zone)),
        detail,
        aside: duration(reader.lang, seconds(line.since_ms, ended_ms)),
    }
}

fn seconds(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from(to_ms.saturating_sub(from_ms) / 1000).unwrap_or(0)
}

fn foot(news: &News, reader: &Reader) -> String {
    let (incident, address) = (&news.incident, &reader.address);
    let zone = reader.zone.iana_name().unwrap_or("UTC");
    let french = format!("Incident {incident}, courriel {} pour {address}. Heures de la zone {zone}.", news.number);
    let english = format!("Incident {incident}, mail {} for {address}. Times in the zone {zone}.", news.number);
    reader.say(&french, &english).to_owned()
}
