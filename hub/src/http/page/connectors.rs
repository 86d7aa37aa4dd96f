//! Has the third party received everything? Connectors, those that stopped or were refused first.

pub(super) mod job;
pub(super) mod one;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::sheet::{Cells, SHEET};
use super::table::{Column, Look, Table};
use crate::connectors::job::JobState;
use crate::connectors::settings::{Connector, MappingChoice, Standing};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::jobs::JobCount;
use crate::text;

/// Mappings that come with the hub, as a form offers them.
const MAPPINGS: [&str; 6] = ["default", "erpnext", "odoo", "kimai", "tickets", "presence"];

/// Ways to prove who asks that a form offers beside the mapping's own; their secret is a token.
const AUTH_KINDS: [&str; 2] = ["none", "bearer"];

/// One connector in a line.
struct ConnectorRow {
    name: String,
    mapping: String,
    mark: Mark,
    waiting: String,
    sent: String,
    to_settle: String,
    /// The same as numbers: waiting, to settle, sent.
    counts: [u64; 3],
    passed: Option<Moment>,
    served: Option<Moment>,
    /// Why it stopped; empty if it did not.
    stopped: String,
    is_on: bool,
    /// The smaller, the more somebody should look.
    urgency: u8,
}

#[derive(Template)]
#[template(path = "connectors.html")]
struct ConnectorsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    rows: Vec<ConnectorRow>,
    table: Table,
    mappings: Vec<(String, String)>,
    auth_kinds: Vec<(String, String)>,
    now: Time,
}

/// Shows the connectors.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let counts = admin.store.job_counts().await?;
    let all = admin.store.connectors().await?;
    let mut rows: Vec<ConnectorRow> =
        all.iter().map(|(one, standing)| at.connector((one, standing), &counts)).collect();
    rows.sort_by_key(|row| row.urgency);
    if let Some(sheet) = look.sheet((SHEET, &at), &columns(w), &rows) {
        return Ok(sheet);
    }
    let (rows, table) = look.page(frame.lang, &columns(w), rows);
    let (table, now) = (table.with_sheet(look, SHEET), Time(now_ms));
    let mappings = MAPPINGS.map(|name| (name.to_owned(), name.to_owned())).to_vec();
    let mapping_says = (String::new(), w.auth_mapping.to_owned());
    let kinds = AUTH_KINDS.map(|kind| (kind.to_owned(), kind.to_owned()));
    let auth_kinds = std::iter::once(mapping_says).chain(kinds).collect();
    Ok(render(&ConnectorsPage { frame, w, rows, table, mappings, auth_kinds, now }))
}

fn columns(w: &'static Words) -> [Column; 6] {
    [
        Column::plain(w.name),
        Column::plain(w.state),
        Column::plain(w.waiting).number(),
        Column::plain(w.to_settle).number(),
        Column::plain(w.sent).number(),
        Column::plain(w.passed),
    ]
}

impl Cells for ConnectorRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let [waiting, to_settle, sent] = self.counts.map(|count| count.to_string());
        let passed = self.passed.as_ref().map(|passed| at.stamp(passed)).unwrap_or_default();
        vec![self.name.clone(), self.mark.word.to_owned(), waiting, to_settle, sent, passed]
    }
}

/// How many jobs of a connector are in these states.
fn count(counts: &[JobCount], name: &str, states: &[JobState]) -> u64 {
    counts.iter().filter(|one| one.connector == name && states.contains(&one.state)).map(|one| one.count).sum()
}

impl Local<'_> {
    fn connector(&self, (connector, standing): (&Connector, &Standing), counts: &[JobCount]) -> ConnectorRow {
        let (lang, w) = (self.frame.lang, words::of(self.frame.lang));
        let of = |states: &[JobState]| count(counts, &connector.name, states);
        let to_settle = of(&[JobState::Dead, JobState::Parked]);
        let (waiting, sent) = (of(&[JobState::Pending, JobState::Failed]), of(&[JobState::Sent]));
        let (mark, urgency) = match (connector.is_on, &standing.stopped) {
            (false, _) => (Mark { state: "paused", word: w.paused }, 3),
            (true, Some(_)) => (Mark { state: "critical", word: w.stopped }, 0),
            (true, None) if to_settle > 0 => (Mark { state: "attention", word: w.to_settle }, 1),
            (true, None) => (Mark { state: "fine", word: w.working }, 2),
        };
        ConnectorRow {
            name: connector.name.clone(),
            mapping: match &connector.mapping {
                MappingChoice::Shipped(name) | MappingChoice::Own(name, _) => name.clone(),
            },
            mark,
            waiting: text::number(lang, waiting),
            sent: text::number(lang, sent),
            to_settle: text::number(lang, to_settle),
            counts: [waiting, to_settle, sent],
            passed: standing.passed_ms.map(|at_ms| self.moment(at_ms)),
            served: standing.served_ms.map(|at_ms| self.moment(at_ms)),
            stopped: standing.stopped.as_ref().map(|stopped| stopped.reason.clone()).unwrap_or_default(),
            is_on: connector.is_on,
            urgency,
        }
    }
}

#[cfg(test)]
mod tests;
