//! `/api/v1/devices`: what was seen, by site and name. Names are pseudonyms unless the owner declares otherwise.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, after_device, cut, device};
use super::guard::Viewer;
use super::input::{Params, limit, site_id};
use super::problem::Problem;
use super::views::{DeviceView, Page};

/// Which devices.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this site.
    site: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    limit: Option<usize>,
}

/// Lists devices, by site and name.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "devices", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of devices", body = Page<DeviceView>),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<DeviceView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let site = query.site.as_deref().map(site_id).transpose()?;
    let after = query.after.as_deref().map(device).transpose()?;
    let mut devices = admin.store.devices(site.as_ref(), after, rows + 1).await?;
    let has_more = cut(&mut devices, rows);
    let next = devices.last().filter(|_| has_more).map(|last| after_device(&last.site, &last.id));
    Ok(Json(Page { items: devices.iter().map(DeviceView::from).collect(), next }))
}
