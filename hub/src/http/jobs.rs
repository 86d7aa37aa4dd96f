//! `/api/v1/jobs`: rows on their way to third parties.

mod whole;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::connectors::counts_of;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Viewer};
use super::input::{Body, Params, enrol_number, limit, line};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::connectors::job::{Job, JobState};
use crate::store::jobs::{JobFilter, JobMove};

pub(super) use self::whole::{__path_show, show};

/// Longest reason, characters.
const REASON_LENGTH_MAX: usize = 200;

/// Jobs that one request retries.
const RETRIES_MAX: usize = 10_000;

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this connector.
    connector: Option<String>,
    /// Only in this state: `pending`, `failed`, `parked`, `sent`, `dead`, `skipped`.
    state: Option<String>,
    /// Only of this person, by the terminals' number.
    person: Option<u64>,
    /// Only those that the third party may have twice.
    #[serde(default)]
    maybe_twice: bool,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A row on its way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct JobView {
    /// Its number.
    no: i64,
    /// The connector.
    connector: String,
    /// The row's name, the same for ever.
    key: String,
    /// The terminal's number of the person.
    enrol_id: u64,
    /// The terminal.
    terminal: String,
    /// When, or when it begins.
    at: Time,
    /// When it ends.
    end: Option<Time>,
    /// `in` or `out`.
    direction: Option<String>,
    /// The local day, of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    /// Whose, by the hub's id, of a day of presence.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// How far it is.
    state: JobState,
    /// It is to be taken back.
    is_undo: bool,
    /// How often it was tried.
    attempts: u32,
    /// What was said last.
    last_error: Option<String>,
    /// When it is tried next, if it is.
    next_try: Option<Time>,
    /// Why the third party may have it twice.
    maybe_twice: Option<String>,
    /// What the third party calls it.
    remote_id: Option<String>,
    /// When it was made.
    created: Time,
    /// When it changed.
    changed: Time,
}

/// How many jobs are in each state.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct StatsView {
    /// All together.
    all: BTreeMap<String, u64>,
    /// Of each connector.
    connectors: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Why it shall not be sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// For people.
    reason: String,
}

/// Which jobs to try again.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RetryAll {
    /// Only of this connector.
    connector: Option<String>,
}

/// How many.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Retried {
    /// Jobs that are tried again.
    count: usize,
}

/// Lists jobs, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", operation_id = "jobs_list",
    tag = "jobs", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of jobs", body = Page<JobView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<JobView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let foreign = || Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged");
    let before = query.after.as_deref().map(|after| after.parse().map_err(|_not_a_number| foreign())).transpose()?;
    let unknown = || Problem::invalid("state", "use pending, failed, parked, sent, dead or skipped");
    let state = query.state.as_deref().map(|word| JobState::parse(word).ok_or_else(unknown)).transpose()?;
    let enrol_id = query.person.map(|person| enrol_number("person", person)).transpose()?;
    let filter = JobFilter { connector: query.connector, state, enrol_id, only_maybe_twice: query.maybe_twice };
    let mut jobs = admin.store.jobs(&filter, before, rows + 1).await?;
    let has_more = cut(&mut jobs, rows);
    let next = jobs.last().filter(|_| has_more).map(|last| last.no.to_string());
    Ok(Json(Page { items: jobs.into_iter().map(JobView::from).collect(), next }))
}

/// Counts jobs by state.
#[utoipa::path(
    get, path = "/api/v1/jobs/stats", operation_id = "jobs_stats",
    tag = "jobs", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Counts", body = StatsView), Refused)
)]
pub(super) async fn stats(_: Viewer, State(admin): State<Admin>) -> Result<Json<StatsView>, Problem> {
    let counts = admin.store.job_counts().await?;
    let names = admin.store.connectors().await?.into_iter().map(|(connector, _)| connector.name);
    let connectors = names.map(|name| (name.clone(), counts_of(&counts, Some(&name)))).collect();
    Ok(Json(StatsView { all: counts_of(&counts, None), connectors }))
}

/// Tries a job again, at once.
#[utoipa::path(
    post, path = "/api/v1/jobs/{no}/retry", operation_id = "jobs_retry",
    tag = "jobs", params(("no" = String, Path, description = "The job's number")),
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "It is tried again", body = JobView), Refused)
)]
pub(super) async fn retry(
    _: Operator,
    State(admin): State<Admin>,
    Path(no): Path<String>,
) -> Result<Json<JobView>, Problem> {
    let from = JobState::ALL.into_iter().filter(|state| *state != JobState::Sent).collect();
    moved(&admin, &no, (from, JobState::Pending, None)).await
}

/// Decides that a job shall not be sent.
#[utoipa::path(
    post, path = "/api/v1/jobs/{no}/skip", operation_id = "jobs_skip",
    tag = "jobs", params(("no" = String, Path, description = "The job's number")), request_body = Skip,
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "It is not sent", body = JobView), Refused)
)]
pub(super) async fn skip(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(no): Path<String>,
    Body(Skip { reason }): Body<Skip>,
) -> Result<Json<JobView>, Problem> {
    let reason = line("reason", &reason, REASON_LENGTH_MAX)?;
    let from = vec![JobState::Pending, JobState::Failed, JobState::Parked, JobState::Dead];
    moved(&admin, &no, (from, JobState::Skipped, Some(format!("skipped by {}: {reason}", caller.account)))).await
}

/// Tries every job again that was given up.
#[utoipa::path(
    post, path = "/api/v1/jobs/retry", operation_id = "jobs_retry_all",
    tag = "jobs", request_body = RetryAll, extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "How many", body = Retried), Refused)
)]
pub(super) async fn retry_all(
    _: Operator,
    State(admin): State<Admin>,
    Body(RetryAll { connector }): Body<RetryAll>,
) -> Result<Json<Retried>, Problem> {
    let filter = JobFilter { connector, state: Some(JobState::Dead), ..JobFilter::default() };
    let mut count = 0;
    for job in admin.store.jobs(&filter, None, RETRIES_MAX).await? {
        let (no, now_ms) = (job.no, admin.clock.wall_ms());
        let change = JobMove { no, from: vec![JobState::Dead], to: JobState::Pending, why: None, now_ms };
        count += usize::from(admin.store.move_job(&change).await?);
    }
    admin.exchange.wake();
    Ok(Json(Retried { count }))
}

async fn find(admin: &Admin, no: &str) -> Result<Job, Problem> {
    let number = no.parse().map_err(|_not_a_number| Problem::unknown("job", no))?;
    admin.store.job(number).await?.ok_or_else(|| Problem::unknown("job", no))
}

async fn moved(
    admin: &Admin,
    no: &str,
    (from, to, why): (Vec<JobState>, JobState, Option<String>),
) -> Result<Json<JobView>, Problem> {
    let job = find(admin, no).await?;
    let change = JobMove { no: job.no, from, to, why, now_ms: admin.clock.wall_ms() };
    if !admin.store.move_job(&change).await? {
        let text = format!("job {no} is {}: that is not possible then", job.state.word());
        return Err(Problem::new(StatusCode::CONFLICT, "job_state", "Its state does not allow it", text));
    }
    admin.exchange.wake();
    Ok(Json(JobView::from(find(admin, no).await?)))
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let is_waiting = matches!(job.state, JobState::Pending | JobState::Failed);
        Self {
            no: job.no,
            connector: job.connector,
            key: job.key.to_string(),
            enrol_id: job.enrol_id,
            terminal: job.row.terminal,
            at: Time(job.row.at_ms),
            end: job.row.end_ms.map(Time),
            direction: job.row.dir,
            day: job.row.day,
            member: job.row.presence.map(|presence| presence.person),
            state: job.state,
            is_undo: job.wish == crate::connectors::job::Wish::Undo,
            attempts: job.attempts,
            last_error: job.last_error,
            next_try: is_waiting.then_some(Time(job.next_try_ms)),
            maybe_twice: job.maybe_twice,
            remote_id: job.remote_id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)),
            created: Time(job.created_ms),
            changed: Time(job.changed_ms),
        }
    }
}

#[cfg(test)]
mod tests;
