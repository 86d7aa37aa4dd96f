//! `/api/v1/rollouts`: a release goes to a few boxes first, then to the rest.

mod begin;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::{RolloutId, SiteId};

use self::begin::{NewRollout, begin};
use self::view::{MemberView, RolloutView};
use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Viewer};
use super::idempotency::Ask;
use super::input::{Body, Key, Params, limit, line, site_id};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::rollout::driver::RolloutError;
use crate::rollout::{Refusal, Rollout};

/// Longest note or reason, characters.
const NOTE_LENGTH_MAX: usize = 200;

/// Which rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Why it shall go no further.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// For people.
    reason: Option<String>,
}

/// What to try again.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// Only this site, also if it was skipped; every one that failed if not given.
    site: Option<String>,
}

/// Lists rollouts, newest first.
#[utoipa::path(
    get, path = "/api/v1/rollouts", operation_id = "rollouts_list",
    tag = "rollouts", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of rollouts", body = Page<RolloutView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<RolloutView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(read_cursor).transpose()?;
    let mut found = admin.store.rollouts(after, rows + 1).await?;
    let has_more = cut(&mut found, rows);
    let next = found.last().filter(|_| has_more).map(|last| format!("{}-{}", last.plan.created_ms, last.plan.id));
    Ok(Json(Page { items: found.into_iter().map(RolloutView::from).collect(), next }))
}

fn read_cursor(text: &str) -> Result<(i64, RolloutId), Problem> {
    let parts = text.rsplit_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(foreign)
}

fn foreign() -> Problem {
    Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged")
}

/// Begins a rollout.
#[utoipa::path(
    post, path = "/api/v1/rollouts", operation_id = "rollouts_create",
    tag = "rollouts", request_body = NewRollout, extensions(("x-role" = json!("operator"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key begins once")),
    responses((status = 201, description = "It begins", body = RolloutView),
              (status = 409, description = "Another one of that software is open", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewRollout>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("rollouts", &new) };
    admin.answers.once(ask, begin(&admin, &caller, &new)).await
}

/// Shows how far a rollout is.
#[utoipa::path(
    get, path = "/api/v1/rollouts/{id}", operation_id = "rollouts_show",
    tag = "rollouts", params(("id" = String, Path, description = "The rollout")), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The rollout", body = RolloutView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<RolloutView>, Problem> {
    Ok(Json(RolloutView::from(find(&admin, &id).await?)))
}

/// Lists the boxes of a rollout, by site.
#[utoipa::path(
    get, path = "/api/v1/rollouts/{id}/sites", operation_id = "rollouts_sites",
    tag = "rollouts", params(("id" = String, Path, description = "The rollout"), Query),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of boxes", body = Page<MemberView>), Refused)
)]
pub(super) async fn sites(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Json<Page<MemberView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after: Option<SiteId> =
        query.after.as_deref().map(|text| text.parse().map_err(|_not_an_id| foreign())).transpose()?;
    let Rollout { plan, members, .. } = find(&admin, &id).await?;
    let behind = members.iter().filter(|(site, _)| after.as_ref().is_none_or(|after| *site > after));
    let mut items: Vec<MemberView> =
        behind.take(rows + 1).map(|(site, member)| MemberView::new(plan.id, site, member)).collect();
    let has_more = cut(&mut items, rows);
    let next = items.last().filter(|_| has_more).map(MemberView::cursor);
    Ok(Json(Page { items, next }))
}

/// Gives no box anything more until somebody resumes it. What boxes have begun, they end.
#[utoipa::path(
    post, path = "/api/v1/rollouts/{id}/pause", operation_id = "rollouts_pause",
    tag = "rollouts", request_body = Reason, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The rollout")),
    responses((status = 200, description = "Paused", body = RolloutView), Refused)
)]
pub(super) async fn pause(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(body): Body<Reason>,
) -> Result<Json<RolloutView>, Problem> {
    let reason = match body.reason {
        Some(reason) => line("reason", &reason, NOTE_LENGTH_MAX)?,
        None => format!("{} paused it", caller.account),
    };
    change(&admin, &id, |rollout, now_ms| rollout.pause(&caller.account, reason, now_ms)).await
}

/// Goes on after a pause; the failures so far count no more.
#[utoipa::path(
    post, path = "/api/v1/rollouts/{id}/resume", operation_id = "rollouts_resume",
    tag = "rollouts", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The rollout")),
    responses((status = 200, description = "It goes on", body = RolloutView), Refused)
)]
pub(super) async fn resume(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<RolloutView>, Problem> {
    change(&admin, &id, |rollout, _| rollout.resume()).await
}

/// Ends it: who has not got it does not get it. What boxes have begun, they end.
#[utoipa::path(
    post, path = "/api/v1/rollouts/{id}/cancel", operation_id = "rollouts_cancel",
    tag = "rollouts", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The rollout")),
    responses((status = 200, description = "Cancelled", body = RolloutView), Refused)
)]
pub(super) async fn cancel(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<RolloutView>, Problem> {
    change(&admin, &id, |rollout, now_ms| rollout.cancel(&caller.account, now_ms)).await
}

/// Tries boxes again, and goes on if it was paused.
#[utoipa::path(
    post, path = "/api/v1/rollouts/{id}/retry", operation_id = "rollouts_retry",
    tag = "rollouts", request_body = Again, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The rollout")),
    responses((status = 200, description = "They are tried again", body = RolloutView), Refused)
)]
pub(super) async fn retry(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(body): Body<Again>,
) -> Result<Json<RolloutView>, Problem> {
    let site = body.site.as_deref().map(site_id).transpose()?;
    change(&admin, &id, |rollout, now_ms| rollout.retry(site.as_ref(), now_ms)).await
}

async fn find(admin: &Admin, id: &str) -> Result<Rollout, Problem> {
    admin.store.rollout(named(id)?).await?.ok_or_else(|| Problem::unknown("rollout", id))
}

fn named(id: &str) -> Result<RolloutId, Problem> {
    id.parse().map_err(|_not_an_id| Problem::unknown("rollout", id))
}

async fn change(
    admin: &Admin,
    id: &str,
    wish: impl FnOnce(&mut Rollout, i64) -> Result<(), Refusal> + Send,
) -> Result<Json<RolloutView>, Problem> {
    let changed = admin.rollouts.change(named(id)?, wish).await;
    changed.map(|rollout| Json(RolloutView::from(rollout))).map_err(|error| problem(error, id))
}

fn problem(error: RolloutError, id: &str) -> Problem {
    let conflict = |code, title, text| Problem::new(StatusCode::CONFLICT, code, title, text);
    let text = error.to_string();
    match error {
        RolloutError::Unknown => Problem::unknown("rollout", id),
        RolloutError::Refused(_) => conflict("rollout_state", "Its state does not allow it", text),
        RolloutError::Busy(_) => conflict("rollout_open", "Another rollout is open", text),
        RolloutError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests;
