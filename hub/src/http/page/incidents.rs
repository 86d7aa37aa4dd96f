//! What should I do: incidents that are open, what nobody wants to be told of, what was closed, and the rules.

mod behind;
pub(super) mod detail;
mod rules;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::marks::{Mark, of_severity};
use super::row::Moment;
use super::sheet::{Cells, SHEET};
use super::table::{Column, Look, Table};
use crate::alerts::alert::{Alert, Stage};
use crate::alerts::incident::{Incident, IncidentStage};
use crate::alerts::news::Severity;
use crate::alerts::rules::Described;
use crate::alerts::silence::Silence;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// Closed incidents that the page looks through, the newest.
const CLOSED_MAX: usize = 500;

/// One incident in a line.
struct IncidentRow {
    id: String,
    mark: Mark,
    /// What the gravest of it concerns; its id once nothing of it is present.
    name: String,
    text: String,
    began: Moment,
    ended: Option<Moment>,
    inside: String,
    /// Said of one that still gathers: nobody was told yet.
    is_untold: bool,
    /// Everybody who took something of it on.
    taken_by: Vec<String>,
}

/// What nobody is told of for a while.
struct SilenceRow {
    no: String,
    about: String,
    until: Moment,
    account: String,
    note: String,
}

/// A rule with its limits.
struct RuleRow {
    id: &'static str,
    name: String,
    settings: String,
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    headline: String,
    open: Vec<IncidentRow>,
    silences: Vec<SilenceRow>,
    closed: Vec<IncidentRow>,
    table: Table,
    rules: Vec<RuleRow>,
    /// The rules to choose from, any of them first.
    rule_choices: Vec<(String, String)>,
    now: Time,
}

/// Shows what is wrong, the gravest and longest first.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let present = admin.alerts.present().await?;
    let mut open = admin.store.incidents_since(i64::MAX).await?;
    open.retain(Incident::is_live);
    open.sort_by_key(|incident| (std::cmp::Reverse(incident.severity), incident.began_ms));
    let sites = admin.store.sites().await?;
    let open: Vec<IncidentRow> = open.iter().map(|incident| at.incident(incident, &present, &sites)).collect();
    let silences = admin.store.silences(now_ms).await?;
    let closed = admin.store.incidents(None, CLOSED_MAX).await?;
    let closed = closed.iter().filter(|incident| incident.stage == IncidentStage::Closed);
    let closed = closed.map(|incident| at.incident(incident, &present, &sites)).filter(|row| look.has(&row.id));
    let closed: Vec<IncidentRow> = closed.collect();
    let columns =
        [Column::plain(w.incident), Column::plain(w.severity), Column::plain(w.began), Column::plain(w.ended)];
    if let Some(sheet) = look.sheet((SHEET, &at), &columns, open.iter().chain(&closed)) {
        return Ok(sheet);
    }
    let (closed, table) = look.page(frame.lang, &columns, closed);
    let rules: Vec<RuleRow> = admin.alerts.rules().into_iter().map(|rule| RuleRow::new(frame.lang, rule)).collect();
    Ok(render(&IncidentsPage {
        frame,
        w,
        look,
        headline: headline(frame.lang, w, (open.len(), silences.len())),
        rule_choices: choices(w, &rules),
        silences: silences.iter().map(|silence| at.silence(silence, w)).collect(),
        open,
        closed,
        table: table.with_sheet(look, SHEET),
        rules,
        now: Time(now_ms),
    }))
}

fn choices(w: &Words, rules: &[RuleRow]) -> Vec<(String, String)> {
    let any = (String::new(), w.any_rule.to_owned());
    std::iter::once(any).chain(rules.iter().map(|rule| (rule.id.to_owned(), rule.name.clone()))).collect()
}

fn headline(lang: Lang, w: &Words, (open, silences): (usize, usize)) -> String {
    let open = text::counted(lang, open as u64, w.open_one, w.open_many);
    let silences = text::counted(lang, silences as u64, w.silence_one, w.silence_many);
    format!("{open} · {silences}")
}

/// How grave an incident is: one that still gathers has not said it yet, so its gravest alert does.
pub(super) fn gravest(incident: &Incident, first: Option<&Alert>) -> Severity {
    first.map_or(incident.severity, |alert| alert.grade.severity.max(incident.severity))
}

/// Where an alert's times are told: at its site, as its own words do; where the hub stands if it is of none.
pub(super) fn zone_of(alert: Option<&Alert>, sites: &[Site]) -> TimeZone {
    let id = alert.and_then(|alert| alert.key.site.as_ref());
    let site = id.and_then(|id| sites.iter().find(|site| site.id == *id));
    site.and_then(|site| TimeZone::get(&site.zone).ok()).unwrap_or_else(TimeZone::system)
}

impl Local<'_> {
    fn incident(&self, incident: &Incident, present: &[Alert], sites: &[Site]) -> IncidentRow {
        let of_it = |alert: &&Alert| alert.incident.as_deref() == Some(incident.id.as_str());
        let inside: Vec<&Alert> = present.iter().filter(of_it).collect();
        let first = inside.iter().copied().max_by_key(|alert| (alert.stage == Stage::Firing, alert.grade));
        let (lang, w) = (self.frame.lang, words::of(self.frame.lang));
        let mut taken_by: Vec<String> =
            inside.iter().filter_map(|alert| Some(alert.acknowledged.as_ref()?.account.clone())).collect();
        taken_by.sort();
        taken_by.dedup();
        let there = Local { zone: zone_of(first, sites), ..*self };
        IncidentRow {
            id: incident.id.clone(),
            mark: of_severity(gravest(incident, first), self.frame.words),
            is_untold: incident.stage == IncidentStage::Gathering,
            name: first.map_or_else(|| incident.id.clone(), |alert| alert.name.clone()),
            text: first.map(|alert| alert.text.of(lang).to_owned()).unwrap_or_default(),
            began: there.moment(incident.began_ms),
            ended: incident.closed_ms.map(|closed_ms| there.moment(closed_ms)),
            inside: text::counted(lang, inside.len() as u64, w.alert_one, w.alert_many),
            taken_by,
        }
    }

    fn silence(&self, silence: &Silence, w: &Words) -> SilenceRow {
        let matcher = &silence.matcher;
        let site = matcher.site.as_ref().map(ToString::to_string);
        let rule = matcher.rule.as_ref().map(|rule| rules::called(self.frame.lang, rule));
        let parts: Vec<String> = [site, rule, matcher.subject.clone()].into_iter().flatten().collect();
        SilenceRow {
            no: silence.no.to_string(),
            about: if parts.is_empty() { w.everything.to_owned() } else { parts.join(" · ") },
            until: self.moment(silence.until_ms),
            account: silence.account.clone(),
            note: silence.note.clone(),
        }
    }
}

impl Cells for IncidentRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let ended = self.ended.as_ref().map(|ended| at.stamp(ended)).unwrap_or_default();
        vec![self.name.clone(), self.mark.word.to_owned(), at.stamp(&self.began), ended]
    }
}

impl RuleRow {
    fn new(lang: Lang, Described { name, settings, .. }: Described) -> Self {
        let settings = match settings {
            serde_json::Value::Object(fields) => {
                fields.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        Self { id: name, name: rules::called(lang, name), settings }
    }
}

#[cfg(test)]
mod tests;
