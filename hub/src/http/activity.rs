//! `/api/v1/people/{id}/activity`: somebody is active in a web application rather than on a site's network.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Admin;
use super::guard::Operator;
use super::input::Body;
use super::people;
use super::problem::{Problem, Refused};
use super::time::Time;
use crate::presence::span::Span;
use crate::store::presence::strips::APP_SITE;
use crate::store::presence::{Sights, Trace};

/// An activity may be told this late, milliseconds: an application that was offline for a day.
const LATE_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// And this early: clocks differ.
const EARLY_MAX_MS: i64 = 60 * 1000;

/// When somebody was active.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewActivity {
    /// When; now if not given.
    at: Option<Time>,
}

/// Says that a person is active in an application: a sight of source `app`. Saying it twice changes nothing.
#[utoipa::path(
    put, path = "/api/v1/people/{id}/activity", operation_id = "person_activity_put",
    tag = "presence", request_body = NewActivity, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 204, description = "Noted"), Refused)
)]
pub(super) async fn put(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(new): Body<NewActivity>,
) -> Result<StatusCode, Problem> {
    people::find(&admin, &id).await?;
    let now_ms = admin.clock.wall_ms();
    let at_ms = new.at.map_or(now_ms, |at| at.0);
    if at_ms > now_ms + EARLY_MAX_MS || at_ms < now_ms - LATE_MAX_MS {
        return Err(Problem::invalid("at", "it lies in the future, or more than a day ago"));
    }
    let site = APP_SITE.parse().map_err(|_not_an_id| Problem::unknown("site", APP_SITE))?;
    let span = Span { from_ms: at_ms, to_ms: at_ms, sources: 0 };
    let sights = Sights { trace: Trace::Device, site, device: id, spans: vec![span], received_ms: now_ms };
    admin.store.add_sights(&[sights]).await?;
    Ok(StatusCode::NO_CONTENT)
}
