//! Alerts, incidents, their news and silences as the API shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alerts::alert::{Acknowledgement, Alert};
use crate::alerts::incident::Incident;
use crate::alerts::news::{Line, News, Words};
use crate::alerts::silence::Silence;
use crate::http::time::Time;
use crate::http::views::word;

/// An alert.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct AlertView {
    /// Its number.
    number: u64,
    /// The rule that it follows from.
    rule: String,
    /// `pending`, `firing`, `acknowledged`, `silenced`, `suspended` while its box is not heard, or `resolved`.
    state: String,
    /// `warning` or `critical`.
    severity: String,
    /// At which site, if at one.
    site: Option<String>,
    /// What the rule looks at there; empty for the site itself.
    subject: String,
    /// What is concerned, as people call it.
    name: String,
    /// What is wrong, what is safe, what to do.
    text: WordsView,
    /// Since when it is so.
    since: Time,
    /// When it began to fire.
    fired: Option<Time>,
    /// When it was over.
    ended: Option<Time>,
    /// How it ended.
    ending: Option<WordsView>,
    /// The incident that it belongs to.
    incident: Option<String>,
    /// Who has taken it on.
    acknowledged: Option<AcknowledgementView>,
    /// The number of the silence that keeps it from being told.
    silence: Option<u64>,
}

/// A sentence in the languages of people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct WordsView {
    /// In English.
    en: String,
    /// In French.
    fr: String,
}

/// Who has taken an alert on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct AcknowledgementView {
    /// The account.
    account: String,
    /// When.
    at: Time,
    /// What others should know.
    note: String,
}

/// An incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct IncidentView {
    /// Its name.
    id: String,
    /// `gathering` until it is told, `open`, `closed`.
    stage: String,
    /// The gravest that it had.
    severity: String,
    /// When the first of it began.
    began: Time,
    /// When it was told first.
    opened: Option<Time>,
    /// When it was told last.
    last_told: Option<Time>,
    /// When its end was told.
    closed: Option<Time>,
    /// News that were told of it.
    news: u32,
}

/// One piece of news of an incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct NewsView {
    /// The how-manieth of its incident.
    number: u32,
    /// `opened`, `continues`, `closed`.
    phase: String,
    /// When.
    at: Time,
    /// What was told.
    lines: Vec<LineView>,
    /// Lines that found no room.
    more: u32,
}

/// One alert as it was told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ToldView)]
struct LineView {
    rule: String,
    severity: String,
    site: Option<String>,
    name: String,
    text: WordsView,
    since: Time,
    ended: Option<Time>,
    ending: Option<WordsView>,
}

/// What nobody wants to be told of for a while.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct SilenceView {
    /// Its number.
    number: u64,
    /// Only at this site.
    site: Option<String>,
    /// Only of this rule.
    rule: Option<String>,
    /// Only of this subject.
    subject: Option<String>,
    /// When it ends.
    until: Time,
    /// Why.
    note: String,
    /// Who wants it.
    account: String,
    /// Since when.
    made: Time,
}

impl From<&Words> for WordsView {
    fn from(words: &Words) -> Self {
        Self { en: words.en.clone(), fr: words.fr.clone() }
    }
}

impl From<&Acknowledgement> for AcknowledgementView {
    fn from(by: &Acknowledgement) -> Self {
        Self { account: by.account.clone(), at: Time(by.at_ms), note: by.note.clone() }
    }
}

impl From<&Alert> for AlertView {
    fn from(alert: &Alert) -> Self {
        Self {
            number: alert.no,
            rule: alert.key.rule.clone(),
            state: alert.state().to_owned(),
            severity: word(alert.grade.severity),
            site: alert.key.site.as_ref().map(ToString::to_string),
            subject: alert.key.subject.clone(),
            name: alert.name.clone(),
            text: WordsView::from(&alert.text),
            since: Time(alert.since_ms),
            fired: (alert.fired_ms > 0).then_some(Time(alert.fired_ms)),
            ended: alert.ended_ms.map(Time),
            ending: alert.ending.as_ref().map(WordsView::from),
            incident: alert.incident.clone(),
            acknowledged: alert.acknowledged.as_ref().map(AcknowledgementView::from),
            silence: alert.silence,
        }
    }
}

impl From<&Incident> for IncidentView {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id.clone(),
            stage: word(incident.stage),
            severity: word(incident.severity),
            began: Time(incident.began_ms),
            opened: incident.opened_ms.map(Time),
            last_told: incident.told_ms.map(Time),
            closed: incident.closed_ms.map(Time),
            news: incident.number,
        }
    }
}

impl From<&News> for NewsView {
    fn from(news: &News) -> Self {
        Self {
            number: news.number,
            phase: word(news.phase),
            at: Time(news.at_ms),
            lines: news.lines.iter().map(LineView::from).collect(),
            more: news.more,
        }
    }
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self {
            rule: line.rule.clone(),
            severity: word(line.severity),
            site: line.site.as_ref().map(ToString::to_string),
            name: line.subject.clone(),
            text: WordsView::from(&line.text),
            since: Time(line.since_ms),
            ended: line.ended_ms.map(Time),
            ending: line.ending.as_ref().map(WordsView::from),
        }
    }
}

impl From<Silence> for SilenceView {
    fn from(silence: Silence) -> Self {
        Self {
            number: silence.no,
            site: silence.matcher.site.map(String::from),
            rule: silence.matcher.rule,
            subject: silence.matcher.subject,
            until: Time(silence.until_ms),
            note: silence.note,
            account: silence.account,
            made: Time(silence.made_ms),
        }
    }
}
