//! Pure: an incident's news as the diary and people's programs have it.

use std::collections::BTreeSet;

use super::news::{Line, News, Phase};
use crate::store::diary::{Entry, Level};
use crate::text::{Lang, counted};

/// Lines that an entry spells out; the rest is counted.
const SPELT_MAX: usize = 3;

/// The diary's entry: of the site, if all of it is at one.
pub(super) fn entry(news: &News) -> Entry {
    let sites: BTreeSet<_> = news.lines.iter().map(|line| line.site.as_ref()).collect();
    let only = if sites.len() == 1 { sites.into_iter().next().flatten().cloned() } else { None };
    let lines: Vec<&Line> = news.lines.iter().collect();
    Entry { at_ms: news.at_ms, site: only, level: level(news), kind: kind(news).to_owned(), text: text(news, &lines) }
}

/// What programs are told: an event for each site, with what is of that site.
pub(super) fn events(news: &News) -> Vec<Entry> {
    let sites: BTreeSet<_> = news.lines.iter().filter_map(|line| line.site.as_ref()).collect();
    let event = |site: &vigie_shared::id::SiteId| {
        let lines: Vec<&Line> = news.lines.iter().filter(|line| line.site.as_ref() == Some(site)).collect();
        Entry { site: Some(site.clone()), text: text(news, &lines), ..entry(news) }
    };
    sites.into_iter().map(event).collect()
}

fn kind(news: &News) -> &'static str {
    match news.phase {
        Phase::Opened => "incident_opened",
        Phase::Continues => "incident_continues",
        Phase::Closed => "incident_closed",
    }
}

fn level(news: &News) -> Level {
    match news.phase {
        Phase::Opened | Phase::Continues => Level::Alarm,
        Phase::Closed => Level::Note,
    }
}

fn text(news: &News, lines: &[&Line]) -> String {
    let head = match news.phase {
        Phase::Opened => "began",
        Phase::Continues => "goes on",
        Phase::Closed => "is over",
    };
    let said: Vec<String> = lines.iter().take(SPELT_MAX).map(|line| said(line)).collect();
    let rest = lines.len().saturating_sub(SPELT_MAX) as u64 + u64::from(news.more);
    let rest = if rest == 0 { String::new() } else { format!(" And {}.", counted(Lang::En, rest, "other", "others")) };
    format!("Incident {} {head}. {}{rest}", news.incident, said.join(" ")).replace('\u{a0}', " ")
}

fn said(line: &Line) -> String {
    let ending = line.ending.as_ref().map(|ending| ending.en.as_str());
    let text = if line.ended_ms.is_some() { ending.unwrap_or("It is over.") } else { &line.text.en };
    format!("{}: {text}", line.subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::news::{Severity, Words};

    fn line(site: &str, ended_ms: Option<i64>) -> Line {
        let words = |text: &str| Words { en: text.to_owned(), fr: String::new() };
        Line {
            rule: "site_offline".to_owned(),
            severity: Severity::Critical,
            site: Some(site.parse().unwrap()),
            subject: site.to_owned(),
            text: words("The box is silent."),
            since_ms: 1,
            ended_ms,
            ending: ended_ms.map(|_| words("All 212 were received.")),
        }
    }

    fn news(phase: Phase, lines: Vec<Line>) -> News {
        let incident = "20261120-140500".to_owned();
        News { incident, number: 1, phase, severity: Severity::Critical, began_ms: 1, at_ms: 9, lines, more: 0 }
    }

    #[test]
    fn what_is_at_one_site_stands_in_its_diary_and_what_is_at_many_in_the_hubs() {
        let one = entry(&news(Phase::Closed, vec![line("metz", Some(5))]));
        assert_eq!((one.site.unwrap().as_str(), one.kind.as_str()), ("metz", "incident_closed"));
        assert_eq!(one.text, "Incident 20261120-140500 is over. metz: All 212 were received.");
        let many = entry(&news(Phase::Opened, ["a", "b", "c", "d", "e"].map(|site| line(site, None)).into()));
        assert_eq!((many.site, many.level), (None, Level::Alarm));
        assert!(many.text.ends_with("And 2 others."), "{}", many.text);
    }

    #[test]
    fn programs_are_told_of_each_site_what_is_its_own() {
        let told = events(&news(Phase::Opened, vec![line("a", None), line("b", None), line("a", None)]));
        let sites: Vec<&str> = told.iter().map(|one| one.site.as_ref().unwrap().as_str()).collect();
        assert_eq!(sites, ["a", "b"]);
        assert_eq!(told[1].text.matches("silent").count(), 1);
    }
}
