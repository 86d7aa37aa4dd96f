//! `/api/v1/presence/requests`: computes days anew, and tells meanwhile what becomes of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dates;
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::Page;
use crate::presence::driver::{Asked, Progress};
use crate::presence::requests::Request;

/// Requests that may wait: more would be answered after those who asked have left.
const WAITING_MAX: usize = 50;

/// Which days to compute anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewRequest {
    /// The first day, `2026-11-20`.
    from: String,
    /// The last day, included; the first if not given. At most 367 days.
    through: Option<String>,
    /// Only the days of whoever had this device then, by its address. Their whole days are computed, with all their devices.
    mac: Option<String>,
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RequestView {
    /// Its name.
    id: String,
    /// When it was made.
    made: Time,
    /// `waits`, `runs` or `ended`.
    progress: String,
    /// What became of each day so far, line by line.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

/// Lists the last requests, of the API and of the watched folder, oldest first.
#[utoipa::path(
    get, path = "/api/v1/presence/requests", operation_id = "presence_requests_list",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The last requests", body = Page<RequestView>), Refused)
)]
pub(in crate::http) async fn list(_: Operator, State(admin): State<Admin>) -> Result<Json<Page<RequestView>>, Problem> {
    let items = admin.presences.requests()?.into_iter().map(|asked| RequestView::new(asked, None)).collect();
    Ok(Json(Page { items, next: None }))
}

/// Asks for days to be computed anew; it begins within seconds, one request after the other.
#[utoipa::path(
    post, path = "/api/v1/presence/requests", operation_id = "presence_requests_create",
    tag = "presence", request_body = NewRequest, extensions(("x-role" = json!("operator"))),
    responses((status = 202, description = "Taken; ask how far it is", body = RequestView), Refused)
)]
pub(in crate::http) async fn create(
    _: Operator,
    State(admin): State<Admin>,
    Body(new): Body<NewRequest>,
) -> Result<Response, Problem> {
    let (from, through) = dates(&new.from, new.through.as_deref())?;
    let request = match new.mac {
        None => Request::Period(from, through),
        Some(mac) => {
            let mac = mac.parse().map_err(|wrong| Problem::invalid("mac", wrong))?;
            Request::Device(mac, (from, through))
        }
    };
    let waiting = admin.presences.requests()?.iter().filter(|asked| asked.progress != Progress::Ended).count();
    if waiting >= WAITING_MAX {
        let detail = format!("{waiting} requests wait; ask again when some are done");
        return Err(
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "requests_full", "Too many requests", detail).retry_after(30)
        );
    }
    let id = admin.presences.ask(&request)?;
    Ok((StatusCode::ACCEPTED, Json(named(&admin, &id)?)).into_response())
}

/// One request, and what became of each day so far.
#[utoipa::path(
    get, path = "/api/v1/presence/requests/{id}", operation_id = "presence_requests_show",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The request")),
    responses((status = 200, description = "How far it is", body = RequestView), Refused)
)]
pub(in crate::http) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<RequestView>, Problem> {
    Ok(Json(named(&admin, &id)?))
}

fn named(admin: &Admin, id: &str) -> Result<RequestView, Problem> {
    let (asked, output) = admin.presences.request(id)?.ok_or_else(|| unknown(id))?;
    Ok(RequestView::new(asked, Some(output)))
}

/// There is no request of that name.
pub(super) fn unknown(id: &str) -> Problem {
    let shown: String = id.chars().take(64).collect();
    let detail = format!("no request is called `{shown}`; the last fifty are kept");
    Problem::new(StatusCode::NOT_FOUND, "request_unknown", "There is no such request", detail)
}

impl RequestView {
    fn new(Asked { id, made_ms, progress }: Asked, output: Option<String>) -> Self {
        let progress = match progress {
            Progress::Waits => "waits",
            Progress::Runs => "runs",
            Progress::Ended => "ended",
        };
        Self { id, made: Time(made_ms), progress: progress.to_owned(), output }
    }
}
