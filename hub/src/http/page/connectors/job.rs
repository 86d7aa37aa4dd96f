//! One row on its way to a third party: how it stands, what was answered, and what is sent of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::one::{OPEN, choices, word};
use super::words::{self, Words};
use crate::connectors::job::{Job, JobState};
use crate::connectors::trial::Shown;
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::row::Moment;
use crate::http::page::sheet::Cells;
use crate::http::problem::Problem;

/// One job in a line.
pub(super) struct JobRow {
    pub(super) no: String,
    /// What sets its forms apart from those of others.
    pub(super) skip: String,
    pub(super) map: String,
    /// The field that says which number its person has there.
    pub(super) field: String,
    pub(super) person: u64,
    pub(super) name: String,
    pub(super) at: Moment,
    pub(super) state: &'static str,
    pub(super) attempts: u32,
    pub(super) error: String,
    pub(super) next_try: Option<Moment>,
    pub(super) maybe_twice: String,
    /// A person has to decide about it.
    pub(super) is_to_settle: bool,
}

/// One request, as it goes over the wire.
struct RequestRow {
    /// Method and path.
    line: String,
    headers: Vec<(String, String)>,
    body: String,
    /// Why it cannot be made; empty if it can.
    unfit: String,
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    connector: &'a str,
    row: JobRow,
    /// None for readers who may not see what is sent.
    requests: Option<Vec<RequestRow>>,
    /// Why nothing can be sent; empty if it can.
    unfit: String,
    listed: Vec<(String, String)>,
}

/// Shows one job.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path((name, no)): Path<(String, String)>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, (&name, &no)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, (name, no): (&str, &str)) -> Result<Response, Problem> {
    let unknown = || Problem::unknown("job", no);
    let number = no.parse().map_err(|_not_a_number| unknown())?;
    let job = admin.store.job(number).await?.filter(|job| job.connector == name).ok_or_else(unknown)?;
    let w = words::of(frame.lang);
    let (requests, unfit) = if frame.is_operator() {
        match admin.exchange.preview(&job).await {
            Ok(shown) => (Some(shown.into_iter().map(RequestRow::from).collect()), String::new()),
            Err(error) => (Some(Vec::new()), error.to_string()),
        }
    } else {
        (None, String::new())
    };
    let row = Local::of_hub(frame, admin.clock.wall_ms()).job(&job, w);
    let listed = if frame.is_owner() { choices(&admin.store.listed_people(name).await?) } else { Vec::new() };
    Ok(render(&JobPage { frame, w, connector: name, row, requests, unfit, listed }))
}

impl JobRow {
    /// What a search looks through.
    pub(super) fn words(&self) -> String {
        format!("{} {} {} {}", self.person, self.name, self.no, self.error)
    }
}

impl Cells for JobRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let person = format!("{} {}", self.person, self.name).trim().to_owned();
        vec![person, at.stamp(&self.at), self.state.to_owned(), self.attempts.to_string(), self.error.clone()]
    }
}

impl From<Shown> for RequestRow {
    fn from(shown: Shown) -> Self {
        let Some(call) = shown.call else {
            let unfit = shown.unfit.unwrap_or_default();
            return Self { line: word_of(&shown.on), headers: Vec::new(), body: String::new(), unfit };
        };
        let body = call.body.and_then(|body| serde_json::to_string_pretty(&body).ok()).unwrap_or_default();
        let query: Vec<String> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let headers = shown.credentials.into_iter().chain(call.headers).collect();
        let line = format!("{} {}{query}", word_of(&call.method), call.path);
        Self { line, headers, body, unfit: String::new() }
    }
}

/// A part of a request as mappings write it.
fn word_of(part: &impl serde::Serialize) -> String {
    serde_json::to_value(part).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Local<'_> {
    pub(super) fn job(&self, job: &Job, w: &Words) -> JobRow {
        let is_tried = OPEN.contains(&job.state);
        JobRow {
            no: job.no.to_string(),
            skip: format!("skip-{}", job.no),
            map: format!("map-{}", job.no),
            field: format!("numbers.{}", job.enrol_id),
            person: job.enrol_id,
            name: job.row.name.clone().unwrap_or_default(),
            at: self.moment(job.row.at_ms),
            state: word(job.state, w),
            attempts: job.attempts,
            error: job.last_error.clone().unwrap_or_default(),
            next_try: is_tried.then(|| self.moment(job.next_try_ms)),
            maybe_twice: job.maybe_twice.clone().unwrap_or_default(),
            is_to_settle: matches!(job.state, JobState::Dead | JobState::Parked),
        }
    }
}
