//! `/devices/api/attendance/…`: how far punches are on their way to third parties, and one more round at once.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Remarked;
use super::{connector, problem, terminal};
use crate::connectors::driver::Occasion;
use crate::connectors::job::{Job, JobState};
use crate::http::Admin;
use crate::http::cursor::{ROWS, ROWS_MAX};
use crate::http::guard::{Operator, Viewer};
use crate::http::input::{Params, limit};
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::store::jobs::JobFilter;

/// The old server's three states, with those that they are here. What a person decided not to send is in none.
const STATES: [(&str, &[JobState]); 3] = [
    ("pending", &[JobState::Pending]),
    ("sent", &[JobState::Sent]),
    ("failed", &[JobState::Failed, JobState::Parked, JobState::Dead]),
];

/// Which punches.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only in this state: `pending`, `sent` or `failed`.
    status: Option<String>,
    /// Only on their way to this third party, by number.
    config_id: Option<i64>,
    /// Only of this terminal, by number.
    terminal_id: Option<i64>,
    /// How many, 1 to 1000; 100 if not given.
    limit: Option<usize>,
}

/// A punch on its way to a third party.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyPunchView)]
pub(super) struct PunchView {
    /// Its number.
    id: i64,
    /// The terminal's serial number.
    terminal_sn: String,
    /// The number under which the terminal knows the person.
    enrollid: u64,
    /// The person's name.
    user_name: Option<String>,
    /// When.
    time: Time,
    /// `pending`, `sent` or `failed`.
    sync_status: String,
    /// How often it was tried.
    sync_attempts: u32,
    /// When it was sent.
    synced_at: Option<Time>,
    /// What was said last.
    sync_error: Option<String>,
    /// The connector that it goes to.
    config: String,
}

/// How far punches are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyStatusView)]
pub(super) struct StatusView {
    /// How many are told of below.
    count: usize,
    /// How many there are in each state, over all third parties.
    stats: BTreeMap<String, u64>,
    /// Each, newest first.
    results: Vec<PunchView>,
}

/// Which third party to serve.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LegacySync, example = json!({ "config_id": 1, "terminal_id": 1 }))]
pub(super) struct Sync {
    /// Its number.
    config_id: i64,
    /// A terminal whose punches matter; the others go too.
    terminal_id: Option<i64>,
}

/// What a round came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacySyncedView)]
pub(super) struct SyncedView {
    /// Whether it came to its end.
    success: bool,
    /// What was done, counted: `sent`, `failed`….
    counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    error: Option<String>,
}

/// Tells how far punches are on their way to third parties.
#[utoipa::path(
    get, path = "/devices/api/attendance/sync-status/", operation_id = "legacy_attendance_status",
    tag = "legacy", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Counts, and the newest punches", body = StatusView), Refused)
)]
pub(super) async fn status(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<StatusView>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let states = states(query.status.as_deref())?;
    let connector = match query.config_id {
        Some(id) => Some(connector(&admin, id).await?.name),
        None => None,
    };
    let serial = match query.terminal_id {
        Some(id) => Some(terminal(&admin, id).await?.state.terminal),
        None => None,
    };
    let mut jobs: Vec<Job> = Vec::new();
    for state in states {
        let filter = JobFilter { connector: connector.clone(), state: Some(state), ..JobFilter::default() };
        jobs.extend(admin.store.jobs(&filter, None, ROWS_MAX).await?);
    }
    jobs.retain(|job| serial.as_ref().is_none_or(|serial| job.row.terminal == *serial));
    jobs.sort_by_key(|job| std::cmp::Reverse(job.no));
    jobs.truncate(rows);
    let mut stats: BTreeMap<String, u64> = STATES.iter().map(|(word, _)| ((*word).to_owned(), 0)).collect();
    for one in admin.store.job_counts().await? {
        if let Some(word) = word(one.state) {
            *stats.entry(word.to_owned()).or_default() += one.count;
        }
    }
    Ok(Json(StatusView { count: jobs.len(), stats, results: jobs.into_iter().map(PunchView::from).collect() }))
}

/// Serves a third party now; one that stopped starts again.
#[utoipa::path(
    post, path = "/devices/api/attendance/manual-sync/", operation_id = "legacy_attendance_sync",
    tag = "legacy", extensions(("x-role" = json!("operator"))), request_body = Sync,
    responses((status = 200, description = "What was done", body = SyncedView), Refused)
)]
pub(super) async fn sync(
    _: Operator,
    State(admin): State<Admin>,
    Remarked(wish): Remarked<Sync>,
) -> Result<Json<SyncedView>, Problem> {
    if let Some(id) = wish.terminal_id {
        terminal(&admin, id).await?;
    }
    let connector = connector(&admin, wish.config_id).await?;
    let report = admin.exchange.serve(&connector.name, Occasion::Asked).await.map_err(problem)?;
    Ok(Json(SyncedView { success: report.halted.is_none(), counts: report.counts, error: report.halted }))
}

fn states(asked: Option<&str>) -> Result<Vec<JobState>, Problem> {
    let meant: Vec<JobState> = STATES
        .iter()
        .filter(|(word, _)| asked.is_none_or(|asked| asked == *word))
        .flat_map(|(_, states)| states.iter().copied())
        .collect();
    if meant.is_empty() {
        return Err(Problem::invalid("status", "use pending, sent or failed"));
    }
    Ok(meant)
}

fn word(state: JobState) -> Option<&'static str> {
    STATES.iter().find(|(_, states)| states.contains(&state)).map(|(word, _)| *word)
}

impl From<Job> for PunchView {
    fn from(job: Job) -> Self {
        Self {
            id: job.no,
            terminal_sn: job.row.terminal,
            enrollid: job.enrol_id,
            user_name: job.row.name,
            time: Time(job.row.at_ms),
            sync_status: word(job.state).unwrap_or("skipped").to_owned(),
            sync_attempts: job.attempts,
            synced_at: (job.state == JobState::Sent).then_some(Time(job.changed_ms)),
            sync_error: job.last_error,
            config: job.connector,
        }
    }
}
