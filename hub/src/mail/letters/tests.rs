//! Letters as readers see them: every kind in both languages, and whatever somebody may call a machine.

use proptest::prelude::*;

use super::storage::{Limits, MachineNow};
use super::*;
use crate::alerts::news::Phase;
use crate::mail::overrides::Overrides;

/// 2026-11-20T14:05:00Z.
const NOW: i64 = 1_795_183_500_000;

pub(crate) fn reader(lang: Lang) -> Reader {
    Reader {
        address: "anna@example.org".to_owned(),
        lang,
        zone: TimeZone::get("Europe/Paris").unwrap(),
        dashboard: Some("https://vigie.example.org/".to_owned()),
    }
}

fn content(page: Page, lang: Lang) -> Content {
    page.content(&reader(lang), &Overrides::default()).unwrap()
}

fn sample(name: &str, lang: Lang) -> Content {
    content(samples::page(name, &reader(lang), NOW).unwrap(), lang)
}

#[test]
fn every_kind_of_letter_reads_well_in_both_languages() {
    for lang in Lang::ALL {
        for name in samples::NAMES {
            let content = sample(name, lang);
            let text = format!("{}\n\n{}", content.subject, content.text);
            insta::assert_snapshot!(format!("{name}_{}", lang.code()), text);
        }
    }
}

#[test]
fn the_html_says_what_the_text_says_with_colours_for_light_and_dark() {
    let content = sample("storage", Lang::Fr);
    for said in ["Mac de Marie", "12\u{a0}Go libres", "Batteries pleines", "Batteries faibles", "22\u{a0}%"] {
        assert!(content.html.contains(said) && content.text.contains(said), "{said}");
    }
    assert!(content.html.contains("color:#a3161b") && content.html.contains("prefers-color-scheme:dark"));
    assert!(!content.html.contains("<script") && !content.html.contains("<img"));
}

#[test]
fn the_summary_lists_by_the_limits_at_which_the_owner_is_alerted() {
    let machine = MachineNow {
        disk_free_bytes: Some(40_000_000_000),
        battery_percent: Some(40),
        ..samples::machines().remove(0)
    };
    let limits = Limits { critical_gb: 45, attention_gb: 60, low_battery_percent: 50 };
    let page = storage::page(&[machine], limits, &reader(Lang::En));
    assert_eq!(page.sections[0].rows[0].tone, Tone::Critical);
    assert_eq!(page.sections[0].heading, "Less than 60\u{a0}GB free");
    assert_eq!((page.sections[2].rows.len(), page.sections[2].heading.as_str()), (1, "Low batteries, less than 50%"));
    assert!(page.foot.contains("45\u{a0}GB free or less"), "{}", page.foot);
}

#[test]
fn the_colour_of_a_machine_follows_its_room() {
    let machine = |bytes| MachineNow { disk_free_bytes: Some(bytes), ..samples::machines().remove(0) };
    let tones = |bytes: u64| {
        let page = storage::page(&[machine(bytes)], Limits::default(), &reader(Lang::En));
        page.sections[0].rows.iter().map(|row| row.tone).collect::<Vec<_>>()
    };
    assert_eq!(tones(15_000_000_000), [Tone::Critical]);
    assert_eq!(tones(15_000_000_001), [Tone::Attention]);
    assert_eq!(tones(29_999_999_999), [Tone::Attention]);
    assert_eq!(tones(30_000_000_000), []);
}

#[test]
fn a_full_battery_counts_only_while_plugged_and_none_is_none() {
    let machine = |battery, plugged| MachineNow {
        battery_percent: battery,
        is_plugged: plugged,
        ..samples::machines().remove(0)
    };
    let counts = |battery, plugged| {
        let page = storage::page(&[machine(battery, plugged)], Limits::default(), &reader(Lang::En));
        (page.sections[1].rows.len(), page.sections[2].rows.len())
    };
    assert_eq!(counts(Some(100), Some(true)), (1, 0));
    assert_eq!(counts(Some(100), Some(false)), (0, 0));
    assert_eq!(counts(Some(99), Some(true)), (0, 0));
    assert_eq!(counts(Some(29), Some(true)), (0, 1));
    assert_eq!(counts(Some(30), None), (0, 0));
    assert_eq!(counts(None, Some(true)), (0, 0));
}

#[test]
fn hostile_names_are_shown_as_text_and_break_no_subject() {
    let name = "</td><script>alert(1)</script>\r\nBcc: all@example.org\u{202e}$(reboot)`";
    let mut news = samples::news(Phase::Opened, NOW);
    news.lines.truncate(1);
    news.lines[0].subject = name.to_owned();
    let content = content(incident::page(&news, &reader(Lang::En)), Lang::En);

    assert!(!content.html.contains("<script>") && content.html.contains("&#60;script&#62;"));
    assert!(!content.subject.chars().any(char::is_control) && !content.subject.contains('\u{202e}'));
    assert!(content.subject.contains("Bcc: all@"), "it is words in the subject, not a header: {}", content.subject);
    assert!(content.text.lines().all(|line| !line.starts_with("Bcc")));
}

#[test]
fn more_rows_than_anybody_reads_are_counted() {
    let mut news = samples::news(Phase::Opened, NOW);
    let line = news.lines[0].clone();
    news.lines = vec![line; 150];
    news.more = 7;
    let content = content(incident::page(&news, &reader(Lang::En)), Lang::En);
    assert!(content.subject.ends_with("and 156\u{a0}more"), "{}", content.subject);
    assert!(content.text.contains("and 50 more.") && content.text.contains("7\u{a0}more alerts."));
    assert_eq!(content.text.matches("- Rennes Club").count(), ROWS_MAX);
}

#[test]
fn the_end_of_an_incident_reassures() {
    let content = sample("incident_closed", Lang::En);
    assert!(content.text.contains("all 212 received at 14:02"), "{}", content.text);
    assert!(content.text.contains("lasted 1\u{a0}h\u{a0}05\u{a0}min"), "{}", content.text);
}

proptest! {
    #[test]
    fn whatever_things_are_called_the_subject_is_one_line_and_no_tag_appears(subject: String, text: String) {
        let mut news = samples::news(Phase::Opened, NOW);
        let usual = sample("incident", Lang::Fr).html.matches('<').count();
        news.lines[0].subject = subject;
        news.lines[0].text.fr = format!("x{text}");
        let content = content(incident::page(&news, &reader(Lang::Fr)), Lang::Fr);
        prop_assert!(!content.subject.chars().any(char::is_control));
        prop_assert!(content.subject.chars().count() <= SUBJECT_LENGTH_MAX);
        prop_assert_eq!(content.html.matches('<').count(), usual);
    }
}
