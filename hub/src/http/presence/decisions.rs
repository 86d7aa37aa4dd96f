//! `/api/v1/presence/days/{id}/{date}/override`: what somebody decides of a day, beside what was computed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::days::DecisionView;
use super::disputes::settle;
use crate::http::Admin;
use crate::http::attendance::date;
use crate::http::guard::Operator;
use crate::http::input::{Body, line};
use crate::http::people;
use crate::http::problem::{Problem, Refused};
use crate::presence::value::Value;
use crate::store::presence::Override;

/// Longest comment, characters.
const COMMENT_LENGTH_MAX: usize = 500;

/// What to decide of a day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewDecision {
    /// What it shall be worth: 0, 0.5 or 1.
    #[schema(value_type = f64)]
    value: Value,
    /// Why.
    comment: String,
}

/// Decides of a day; a former decision is replaced, and whoever disputed the day has an answer by it. Third parties are told
/// if that changes what they know.
#[utoipa::path(
    put, path = "/api/v1/presence/days/{id}/{date}/override", operation_id = "presence_override_put",
    tag = "presence", request_body = NewDecision, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person"), ("date" = String, Path, description = "The day")),
    responses((status = 200, description = "Decided", body = DecisionView), Refused)
)]
pub(in crate::http) async fn put(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path((id, on)): Path<(String, String)>,
    Body(new): Body<NewDecision>,
) -> Result<Json<DecisionView>, Problem> {
    let date = date("date", &on)?;
    people::find(&admin, &id).await?;
    let decision = Override {
        person: id.clone(),
        date,
        value: new.value.amount(),
        comment: line("comment", &new.comment, COMMENT_LENGTH_MAX)?,
        account: caller.account.clone(),
        made_ms: admin.clock.wall_ms(),
    };
    admin.store.put_override(&decision).await?;
    settle(&admin, &caller, (&id, date), decision.comment.clone()).await?;
    admin.presences.look_at_day(&id, date).await?;
    Ok(Json(decision.into()))
}

/// Takes a decision back: the day is worth again what was computed.
#[utoipa::path(
    delete, path = "/api/v1/presence/days/{id}/{date}/override", operation_id = "presence_override_remove",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person"), ("date" = String, Path, description = "The day")),
    responses((status = 204, description = "Taken back"), Refused)
)]
pub(in crate::http) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, on)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let date = date("date", &on)?;
    if !admin.store.remove_override(&id, date).await? {
        let detail = format!("nobody decided anything of this person's {date}");
        return Err(Problem::new(StatusCode::NOT_FOUND, "override_unknown", "There is no decision", detail));
    }
    admin.presences.look_at_day(&id, date).await?;
    Ok(StatusCode::NO_CONTENT)
}
