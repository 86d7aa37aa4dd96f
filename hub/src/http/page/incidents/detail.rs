//! One incident, where a mail's link leads: what is wrong, what to do, who knows.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::behind::behind;
use super::words::{self, Words};
use super::{gravest, rules, zone_of};
use crate::alerts::alert::Alert;
use crate::alerts::incident::{Incident, IncidentStage};
use crate::alerts::news::{News, Phase};
use crate::alerts::silence::silence_of;
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::mails::{MailRow, mails_about};
use crate::http::page::marks::{Mark, of_severity};
use crate::http::page::row::Moment;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::alerts::AlertFilter;

/// Alerts of one incident that are shown.
const ALERTS_MAX: usize = 1_000;

/// One alert of it.
struct AlertRow {
    no: String,
    mark: Mark,
    name: String,
    rule: String,
    /// What people call the rule.
    about: String,
    site: String,
    subject: String,
    text: String,
    state: &'static str,
    since: Moment,
    ended: Option<Moment>,
    ending: String,
    account: String,
    note: String,
    /// The number of the silence that keeps it from being told.
    silence: Option<String>,
    /// What nobody sees while this box is silent.
    behind: Option<String>,
    /// Whether somebody can still take it on.
    is_open: bool,
}

/// One piece of news of it.
struct NewsRow {
    phase: &'static str,
    at: Moment,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: &'a str,
    name: String,
    mark: Mark,
    stage: &'static str,
    is_open: bool,
    began: Moment,
    ended: Option<Moment>,
    alerts: Vec<AlertRow>,
    news: Vec<NewsRow>,
    mails: Vec<MailRow>,
    now: Time,
}

/// Shows one incident.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &id).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, id: &str) -> Result<Response, Problem> {
    let incident = admin.store.incident(id).await?.ok_or_else(|| Problem::unknown("incident", id))?;
    let Incident { stage, began_ms, closed_ms, .. } = incident;
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let (alerts, sites) = (alerts(admin, id, now_ms).await?, admin.store.sites().await?);
    let first = alerts.iter().max_by_key(|alert| (alert.is_firing(), alert.grade));
    let mut rows = Vec::with_capacity(alerts.len());
    for alert in &alerts {
        let there = Local { zone: zone_of(Some(alert), &sites), ..at };
        rows.push(AlertRow { behind: behind(admin, &there, w, alert).await?, ..there.alert(alert, w) });
    }
    let there = Local { zone: zone_of(first, &sites), ..at };
    let news = admin.store.news_of(id).await?;
    let mails = if frame.is_operator() { mails_about(admin, &at, id).await? } else { Vec::new() };
    Ok(render(&IncidentPage {
        frame,
        w,
        id,
        name: first.map_or_else(|| id.to_owned(), |alert| alert.name.clone()),
        mark: of_severity(gravest(&incident, first), frame.words),
        stage: match stage {
            IncidentStage::Gathering => w.gathering,
            IncidentStage::Open => w.is_open,
            IncidentStage::Closed => w.is_closed,
        },
        is_open: stage != IncidentStage::Closed,
        began: there.moment(began_ms),
        ended: closed_ms.map(|closed_ms| there.moment(closed_ms)),
        alerts: rows,
        news: news.iter().map(|news| at.news(news, w)).collect(),
        mails,
        now: Time(now_ms),
    }))
}

/// Its alerts as they are at this moment, what fires first. Silences count from when they are made, before the lookout's
/// next look.
async fn alerts(admin: &Admin, id: &str, now_ms: i64) -> Result<Vec<Alert>, Problem> {
    let filter = AlertFilter { incident: Some(id.to_owned()), ..AlertFilter::default() };
    let mut alerts = admin.store.alerts(&filter, None, ALERTS_MAX).await?;
    for present in admin.alerts.present().await? {
        if let Some(kept) = alerts.iter_mut().find(|kept| kept.no == present.no) {
            *kept = present;
        }
    }
    let silences = admin.store.silences(now_ms).await?;
    for alert in alerts.iter_mut().filter(|alert| alert.is_firing()) {
        alert.silence = silence_of(&silences, &alert.key, now_ms).map(|silence| silence.no);
    }
    alerts.sort_by_key(|alert| (!alert.is_firing(), std::cmp::Reverse(alert.grade), alert.since_ms, alert.no));
    Ok(alerts)
}

impl Local<'_> {
    fn alert(&self, alert: &Alert, w: &Words) -> AlertRow {
        let lang = self.frame.lang;
        let taken = alert.acknowledged.as_ref();
        AlertRow {
            no: alert.no.to_string(),
            mark: of_severity(alert.grade.severity, self.frame.words),
            name: alert.name.clone(),
            about: rules::called(lang, &alert.key.rule),
            rule: alert.key.rule.clone(),
            site: alert.key.site.as_ref().map(ToString::to_string).unwrap_or_default(),
            subject: alert.key.subject.clone(),
            text: alert.text.of(lang).to_owned(),
            state: state(alert.state(), w),
            since: self.moment(alert.since_ms),
            ended: alert.ended_ms.map(|ended_ms| self.moment(ended_ms)),
            ending: alert.ending.as_ref().map(|ending| ending.of(lang).to_owned()).unwrap_or_default(),
            account: taken.map(|by| by.account.clone()).unwrap_or_default(),
            note: taken.map(|by| by.note.clone()).unwrap_or_default(),
            silence: alert.silence.map(|no| no.to_string()),
            behind: None,
            is_open: alert.is_firing(),
        }
    }

    fn news(&self, news: &News, w: &Words) -> NewsRow {
        NewsRow {
            phase: match news.phase {
                Phase::Opened => w.opened,
                Phase::Continues => w.continues,
                Phase::Closed => w.closing,
            },
            at: self.moment(news.at_ms),
            lines: news.lines.iter().map(|line| line.subject.clone()).collect(),
        }
    }
}

fn state(word: &str, w: &Words) -> &'static str {
    match word {
        "pending" => w.pending,
        "acknowledged" => w.acknowledged,
        "silenced" => w.silenced,
        "suspended" => w.suspended,
        "resolved" => w.resolved,
        _ => w.firing,
    }
}
