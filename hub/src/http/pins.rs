//! `/api/v1/sites/{id}/pins`: software of a box that no rollout replaces.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::SiteId;
use vigie_shared::package::FIELD_LETTERS_MAX;

use super::Admin;
use super::guard::{Operator, Viewer};
use super::input::{Body, line, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::releases::name_of;
use crate::store::releases::Pin;

/// Longest reason, characters.
const REASON_LENGTH_MAX: usize = 200;

/// A software that must stay at one version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct PinView {
    /// Which box.
    site: String,
    /// Which software.
    software: String,
    /// The version.
    version: String,
    /// Who wants it so.
    account: String,
    /// Why.
    reason: String,
    /// Since when.
    since: Time,
}

/// What to pin.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPin {
    /// The version that no rollout replaces; what the box runs if not given.
    version: Option<String>,
    /// Why, for people.
    reason: String,
}

/// Lists a site's pins.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/pins", operation_id = "pins_list",
    tag = "releases", params(("id" = String, Path, description = "The site")),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every pin, by software", body = Page<PinView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Page<PinView>>, Problem> {
    let site = known_site(&admin, &id).await?;
    let pins = admin.store.pins(Some(&site)).await?;
    Ok(Json(Page { items: pins.into_iter().map(PinView::from).collect(), next: None }))
}

/// Pins a software of a site's box: no rollout replaces it. A pin that is there is replaced.
#[utoipa::path(
    put, path = "/api/v1/sites/{id}/pins/{software}", operation_id = "pins_put",
    tag = "releases", request_body = NewPin, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("software" = String, Path, description = "The software")),
    responses((status = 200, description = "Pinned", body = PinView), Refused)
)]
pub(super) async fn put(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path((id, software)): Path<(String, String)>,
    Body(new): Body<NewPin>,
) -> Result<Json<PinView>, Problem> {
    let site = known_site(&admin, &id).await?;
    let software = line("software", name_of(&software), FIELD_LETTERS_MAX)?;
    let version = match new.version {
        Some(version) => line("version", &version, FIELD_LETTERS_MAX)?,
        None => present(&admin, &site, &software).await?,
    };
    let reason = line("reason", &new.reason, REASON_LENGTH_MAX)?;
    let pin = Pin { site, software, version, account: caller.account, reason, since_ms: admin.clock.wall_ms() };
    admin.store.put_pin(&pin).await?;
    Ok(Json(PinView::from(pin)))
}

/// Takes a pin away.
#[utoipa::path(
    delete, path = "/api/v1/sites/{id}/pins/{software}", operation_id = "pins_delete",
    tag = "releases", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("software" = String, Path, description = "The software")),
    responses((status = 204, description = "Rollouts may replace it again"), Refused)
)]
pub(super) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, software)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let site = known_site(&admin, &id).await?;
    if admin.store.remove_pin(&site, name_of(&software)).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail =
        format!("nothing of that name is pinned at site {site}; `vigie-hub release pins {site}` shows what is");
    Err(Problem::new(StatusCode::NOT_FOUND, "pin_unknown", "There is no such pin", detail))
}

async fn known_site(admin: &Admin, id: &str) -> Result<SiteId, Problem> {
    let site = site_id(id)?;
    admin.store.site(&site).await?.map(|site| site.id).ok_or_else(|| Problem::unknown("site", id))
}

/// The version that the box last told.
async fn present(admin: &Admin, site: &SiteId, software: &str) -> Result<String, Problem> {
    let installed = admin.store.installed(Some(software)).await?;
    let present = installed.into_iter().find(|row| row.site == *site).and_then(|row| row.version);
    let detail = format!("the box of site {site} has not told which version of {software} it runs; name the version");
    present.ok_or_else(|| Problem::invalid("version", detail))
}

impl From<Pin> for PinView {
    fn from(pin: Pin) -> Self {
        let Pin { site, software, version, account, reason, since_ms } = pin;
        Self { site: site.to_string(), software, version, account, reason, since: Time(since_ms) }
    }
}
