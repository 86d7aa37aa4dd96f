//! `/api/v1/presence/check` and `publish`, `/api/v1/connectors/{name}/devices`: what keeps presence going.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dates;
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;
use crate::presence::driver::{Finding, Taken};
use crate::presence::roster::BadRow;

/// What to hand over.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct Publish {
    /// The first day to be told again; only what was not told yet if not given.
    from: Option<String>,
    /// The last day, included; the first if not given.
    through: Option<String>,
}

/// What was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Published {
    /// Days that go to third parties now.
    count: usize,
}

/// What came of a list of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TakenView {
    /// Devices on the list that can be used.
    listed: usize,
    /// People who were not known.
    people: usize,
    /// Devices that changed hands or are new, each site counted.
    devices: usize,
    /// Rows that cannot be used, the first of them.
    bad: Vec<BadRowView>,
    /// How many there are.
    bad_count: usize,
}

/// A row that cannot be used.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct BadRowView {
    /// Its line, from 1.
    line: usize,
    /// What is wrong.
    says: String,
}

/// Looks whether everything works that presence stands on: the database, the policy, a simulated sight, what waits.
#[utoipa::path(
    post, path = "/api/v1/presence/check", operation_id = "presence_check",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "What was found", body = Page<Finding>), Refused)
)]
pub(in crate::http) async fn check(_: Operator, State(admin): State<Admin>) -> Result<Json<Page<Finding>>, Problem> {
    Ok(Json(Page { items: admin.presences.check().await, next: None }))
}

/// Hands over to third parties what they were not told yet, or tells them the days of a period again.
#[utoipa::path(
    post, path = "/api/v1/presence/publish", operation_id = "presence_publish",
    tag = "presence", request_body = Publish, extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Handed over", body = Published), Refused)
)]
pub(in crate::http) async fn publish(
    _: Operator,
    State(admin): State<Admin>,
    Body(publish): Body<Publish>,
) -> Result<Json<Published>, Problem> {
    let count = match publish.from {
        None => admin.presences.hand_over().await?,
        Some(from) => admin.presences.tell_again(dates(&from, publish.through.as_deref())?).await?,
    };
    Ok(Json(Published { count }))
}

/// Takes over the devices that a connector lists with their owners. A device that has another owner changes hands now.
#[utoipa::path(
    post, path = "/api/v1/connectors/{name}/devices", operation_id = "presence_devices_take",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "Taken over", body = TakenView), Refused)
)]
pub(in crate::http) async fn take_devices(
    _: Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Json<TakenView>, Problem> {
    let Taken { listed, people, devices, bad, bad_count } = admin.presences.take_devices(&name).await?;
    let bad = bad.into_iter().map(|BadRow { line, says }| BadRowView { line, says: says.to_owned() }).collect();
    Ok(Json(TakenView { listed, people, devices, bad, bad_count }))
}
