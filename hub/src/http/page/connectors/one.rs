//! One connector: what waits, what is to be settled and why, how the last rounds went, whom the third party lists.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::units::duration_text;

use super::words::{self, Words};
use super::{ConnectorRow, count};
use crate::connectors::job::{Job, JobState};
use crate::connectors::settings::Connector;
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::row::Moment;
use crate::http::page::table::{Column, Look, Table};
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::connectors::{Run, RunKind};
use crate::store::jobs::JobFilter;
use crate::text;

/// Jobs that the page looks through, the newest of a state.
const JOBS_MAX: usize = 1_000;
/// Rounds shown, the newest.
const RUNS: usize = 20;

/// One job in a line.
struct JobRow {
    no: String,
    /// What sets its form apart from those of others.
    skip: String,
    person: u64,
    name: String,
    at: Moment,
    state: &'static str,
    attempts: u32,
    error: String,
    next_try: Option<Moment>,
    maybe_twice: String,
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
    jobs: Vec<JobRow>,
    table: Table,
    states: Vec<(&'static str, &'static str)>,
    runs: Vec<RunRow>,
    people: usize,
    people_gone: usize,
    people_at: Option<Moment>,
    people_note: String,
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
    match page(&admin, &frame, (&name, &Look::of(&uri))).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
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
    let rows = all.iter().map(|job| at.job(job, w)).filter(|row| look.has(&row.words())).collect();
    let (rows, table) = look.page(frame.lang, &columns(w), rows);
    let listed = admin.store.listed_people(name).await?;
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
        jobs: rows,
        table,
        states: JobState::ALL.map(|state| (state.word(), word(state, w))).to_vec(),
        runs: admin.store.runs(name, RUNS).await?.iter().map(|run| at.run(run, w)).collect(),
        people: listed.values().filter(|one| !one.is_gone).count(),
        people_gone: listed.values().filter(|one| one.is_gone).count(),
        people_at: standing.people_ms.map(|at_ms| at.moment(at_ms)),
        people_note: standing.people_note.unwrap_or_default(),
        now: Time(now_ms),
    }))
}

/// States in which something still goes out by itself.
const OPEN: [JobState; 2] = [JobState::Pending, JobState::Failed];

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

fn word(state: JobState, w: &Words) -> &'static str {
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

impl JobRow {
    /// What a search looks through.
    fn words(&self) -> String {
        format!("{} {} {} {}", self.person, self.name, self.no, self.error)
    }
}

impl Local<'_> {
    fn job(&self, job: &Job, w: &Words) -> JobRow {
        let is_tried = OPEN.contains(&job.state);
        JobRow {
            no: job.no.to_string(),
            skip: format!("skip-{}", job.no),
            person: job.enrol_id,
            name: job.row.name.clone().unwrap_or_default(),
            at: self.moment(job.row.at_ms),
            state: word(job.state, w),
            attempts: job.attempts,
            error: job.last_error.clone().unwrap_or_default(),
            next_try: is_tried.then(|| self.moment(job.next_try_ms)),
            maybe_twice: job.maybe_twice.clone().unwrap_or_default(),
        }
    }

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
