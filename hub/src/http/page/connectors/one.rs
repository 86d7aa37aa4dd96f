//! One connector: what waits, what is to be settled and why, how the last rounds went, whom the third party lists.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;
use vigie_shared::units::duration_text;

use super::job::JobRow;
use super::words::{self, Words};
use super::{ConnectorRow, count};
use crate::connectors::job::{Job, JobState};
use crate::connectors::settings::Connector;
use crate::http::Admin;
use crate::http::page::form::zoned;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::row::Moment;
use crate::http::page::sheet::SHEET;
use crate::http::page::table::{Column, Look, Table};
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::connectors::{Listed, Run, RunKind};
use crate::store::jobs::JobFilter;
use crate::text;

/// Jobs that the page looks through, the newest of a state.
const JOBS_MAX: usize = 1_000;
/// Rounds shown, the newest.
const RUNS: usize = 20;
/// People whom a field offers to choose from; more can be typed by their number.
const CHOICES_MAX: usize = 500;

/// Somebody who has another number there.
struct MappedRow {
    here: u64,
    there: u64,
    /// What is undone, in one word.
    subject: String,
    /// As the third party calls them; empty if it lists nobody of that number.
    name: String,
    /// The field of a form that undoes it.
    field: String,
}

/// One round.
struct RunRow {
    kind: &'static str,
    began: Moment,
    counts: String,
    error: String,
}

#[derive(Template)]
#[template(path = "connector.html")]
struct ConnectorPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    row: ConnectorRow,
    /// What is set of it.
    settings: Vec<(&'static str, String)>,
    oldest: Option<Moment>,
    next_try: Option<Moment>,
    to_settle: Vec<JobRow>,
    /// What is tried again because of its last answer.
    failing: Option<JobRow>,
    jobs: Vec<JobRow>,
    table: Table,
    states: Vec<(&'static str, &'static str)>,
    runs: Vec<RunRow>,
    /// How many people are listed, and how many no more, in words.
    people: String,
    people_gone: String,
    people_at: Option<Moment>,
    people_note: String,
    mapped: Vec<MappedRow>,
    /// Numbers and names there, to choose from.
    listed: Vec<(String, String)>,
    /// The field of the first day to compare, and of the last: they say in which zone days are.
    compare_from: String,
    compare_to: String,
    now: Time,
}

/// Shows one connector.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    uri: Uri,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, (&name, &Look::of(&uri))).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, (name, look): (&str, &Look)) -> Result<Response, Problem> {
    let (connector, standing) =
        admin.store.connector(name).await?.ok_or_else(|| Problem::unknown("connector", name))?;
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let counts = admin.store.job_counts().await?;
    let mut open = jobs(admin, name, Some(JobState::Pending)).await?;
    open.extend(jobs(admin, name, Some(JobState::Failed)).await?);
    let mut to_settle = jobs(admin, name, Some(JobState::Dead)).await?;
    to_settle.extend(jobs(admin, name, Some(JobState::Parked)).await?);
    let all = jobs(admin, name, JobState::parse(look.get("state"))).await?;
    let rows: Vec<JobRow> = all.iter().map(|job| at.job(job, w)).filter(|row| look.has(&row.words())).collect();
    if let Some(sheet) = look.sheet((SHEET, &at), &columns(w), &rows) {
        return Ok(sheet);
    }
    let (rows, table) = look.page(frame.lang, &columns(w), rows);
    let listed = admin.store.listed_people(name).await?;
    let people = listed.values().filter(|one| !one.is_gone).count() as u64;
    let oldest = open.iter().map(|job| job.created_ms).min().filter(|_| count(&counts, name, &OPEN) > 0);
    Ok(render(&ConnectorPage {
        frame,
        w,
        look,
        row: at.connector((&connector, &standing), &counts),
        settings: settings(&connector, w),
        oldest: oldest.map(|at_ms| at.moment(at_ms)),
        next_try: open.iter().map(|job| job.next_try_ms).min().map(|at_ms| at.moment(at_ms)),
        to_settle: to_settle.iter().map(|job| at.job(job, w)).collect(),
        failing: open.iter().find(|job| job.state == JobState::Failed).map(|job| at.job(job, w)),
        jobs: rows,
        table: table.with_sheet(look, SHEET),
        states: JobState::ALL.map(|state| (state.word(), word(state, w))).to_vec(),
        runs: admin.store.runs(name, RUNS).await?.iter().map(|run| at.run(run, w)).collect(),
        people: text::counted(frame.lang, people, w.listed_one, w.listed_many),
        people_gone: text::counted(frame.lang, listed.len() as u64 - people, w.gone_one, w.gone_many),
        people_at: standing.people_ms.map(|at_ms| at.moment(at_ms)),
        people_note: standing.people_note.unwrap_or_default(),
        mapped: mapped(&connector, &listed),
        listed: if frame.is_owner() { choices(&listed) } else { Vec::new() },
        compare_from: day_field("from", &connector),
        compare_to: day_field("to", &connector),
        now: Time(now_ms),
    }))
}

fn mapped(connector: &Connector, listed: &BTreeMap<u64, Listed>) -> Vec<MappedRow> {
    let row = |(here, there): (&u64, &u64)| MappedRow {
        here: *here,
        there: *there,
        subject: here.to_string(),
        name: listed.get(there).and_then(|one| one.person.name.clone()).unwrap_or_default(),
        field: format!("numbers.{here}:json"),
    };
    connector.numbers.iter().map(row).collect()
}

/// Whom the third party lists, by number, as a field offers them.
pub(super) fn choices(listed: &BTreeMap<u64, Listed>) -> Vec<(String, String)> {
    let here = listed.values().filter(|one| !one.is_gone).take(CHOICES_MAX);
    here.map(|one| (one.person.enrol_id.to_string(), one.person.name.clone().unwrap_or_default())).collect()
}

/// A field of a form that takes a day of the third party's zone: the moment where it begins, or, of the last, ends.
fn day_field(field: &str, connector: &Connector) -> String {
    let zone = connector.mapping().ok().and_then(|mapping| mapping.zone.iana_name().map(str::to_owned));
    let zone = zone.or_else(|| TimeZone::system().iana_name().map(str::to_owned)).unwrap_or_else(|| "UTC".to_owned());
    let end = if field == "to" { "through" } else { "from" };
    zoned(field, end, &zone)
}

/// States in which something still goes out by itself.
pub(super) const OPEN: [JobState; 2] = [JobState::Pending, JobState::Failed];

async fn jobs(admin: &Admin, name: &str, state: Option<JobState>) -> Result<Vec<Job>, Problem> {
    let filter = JobFilter { connector: Some(name.to_owned()), state, ..JobFilter::default() };
    Ok(admin.store.jobs(&filter, None, JOBS_MAX).await?)
}

fn columns(w: &'static Words) -> [Column; 5] {
    [
        Column::plain(w.person),
        Column::plain(w.when),
        Column::plain(w.state),
        Column::plain(w.attempts).number(),
        Column::plain(w.answer),
    ]
}

fn settings(connector: &Connector, w: &Words) -> Vec<(&'static str, String)> {
    let every = connector.interval_ms.map(|ms| duration_text(std::time::Duration::from_millis(ms)));
    let values = [
        (w.base, connector.base.clone().unwrap_or_default()),
        (w.every, every.unwrap_or_else(|| w.at_once.to_owned())),
        (w.terminals, connector.terminals.join(", ")),
        (w.zone, connector.zone.clone().unwrap_or_default()),
    ];
    values.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

pub(super) fn word(state: JobState, w: &Words) -> &'static str {
    match state {
        JobState::Pending => w.state_pending,
        JobState::Failed => w.state_failed,
        JobState::Parked => w.state_parked,
        JobState::Sent => w.state_sent,
        JobState::Dead => w.state_dead,
        JobState::Skipped => w.state_skipped,
    }
}

fn counted(frame: &Frame, counts: &BTreeMap<String, u64>) -> String {
    let parts = counts.iter().map(|(what, count)| format!("{what} {}", text::number(frame.lang, *count)));
    parts.collect::<Vec<_>>().join(", ")
}

impl Local<'_> {
    fn run(&self, run: &Run, w: &Words) -> RunRow {
        RunRow {
            kind: match run.kind {
                RunKind::Push => w.run_push,
                RunKind::People => w.run_people,
            },
            began: self.moment(run.began_ms),
            counts: counted(self.frame, &run.counts),
            error: run.error.clone().unwrap_or_default(),
        }
    }
}
