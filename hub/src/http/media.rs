//! `/api/v1/media`: what boxes may be given, and `/api/v1/sites/{id}/media`: what really lies on their disks.
//!
//! Content is sent as the body of the request, as it is, and kept by its hash: sending it twice keeps it once. To put it
//! on a box is a command, `deploy_video`, with the address that a medium shows.

mod kind;
mod upload;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;
use vigie_shared::id::from_hex;

pub(super) use self::upload::{__path_create, create, disk_failed, refused};
use self::view::{HoldingView, MediumView};
use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Viewer};
use super::input::{Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::shelf::Sha256;

/// How many rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Which part of a disk.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Lists media, newest first.
#[utoipa::path(
    get, path = "/api/v1/media", operation_id = "media_list",
    tag = "media", params(Rows), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The newest media", body = Page<MediumView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Rows>,
) -> Result<Json<Page<MediumView>>, Problem> {
    let media = admin.store.media(limit(query.limit, ROWS, ROWS_MAX)?).await?;
    Ok(Json(Page { items: media.iter().map(MediumView::from).collect(), next: None }))
}

/// Shows a medium.
#[utoipa::path(
    get, path = "/api/v1/media/{sha256}", operation_id = "media_show",
    tag = "media", params(("sha256" = String, Path, description = "Its hash")), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The medium", body = MediumView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(hash): Path<String>,
) -> Result<Json<MediumView>, Problem> {
    let medium = admin.store.medium(&sha256(&hash)?).await?;
    medium.as_ref().map(|medium| Json(MediumView::from(medium))).ok_or_else(|| Problem::unknown("media", &hash))
}

/// Removes a medium from the hub; boxes keep what they have.
#[utoipa::path(
    delete, path = "/api/v1/media/{sha256}", operation_id = "media_delete",
    tag = "media", params(("sha256" = String, Path, description = "Its hash")), extensions(("x-role" = json!("operator"))),
    responses((status = 204, description = "Removed"), Refused)
)]
pub(super) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path(hash): Path<String>,
) -> Result<StatusCode, Problem> {
    let sha256 = sha256(&hash)?;
    let was_known = admin.store.remove_medium(&sha256).await?;
    let shelf = admin.media.clone();
    let removed = tokio::task::spawn_blocking(move || shelf.remove(&sha256)).await;
    match removed {
        Ok(Ok(was_there)) if was_known || was_there => Ok(StatusCode::NO_CONTENT),
        Ok(Ok(_)) => Err(Problem::unknown("media", &hash)),
        Ok(Err(error)) => Err(upload::disk_failed(&error)),
        Err(error) => Err(upload::disk_failed(&error)),
    }
}

/// Says on which boxes a medium lies.
#[utoipa::path(
    get, path = "/api/v1/media/{sha256}/sites", operation_id = "media_sites",
    tag = "media", params(("sha256" = String, Path, description = "Its hash"), Rows),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Where it lies, by site", body = Page<HoldingView>), Refused)
)]
pub(super) async fn sites(
    _: Viewer,
    State(admin): State<Admin>,
    Path(hash): Path<String>,
    Params(query): Params<Rows>,
) -> Result<Json<Page<HoldingView>>, Problem> {
    let holders = admin.store.holders(&sha256(&hash)?, limit(query.limit, ROWS, ROWS_MAX)?).await?;
    Ok(Json(Page { items: holders.iter().map(HoldingView::from).collect(), next: None }))
}

/// Lists what really lies on a site's disk, as its box last told, by path.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/media", operation_id = "sites_media",
    tag = "media", params(("id" = String, Path, description = "The site"), Query),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of videos", body = Page<HoldingView>), Refused)
)]
pub(super) async fn of_site(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Json<Page<HoldingView>>, Problem> {
    let site = site_id(&id)?;
    if admin.store.site(&site).await?.is_none() {
        return Err(Problem::unknown("site", &id));
    }
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(path_of).transpose()?.unwrap_or_default();
    let mut holdings = admin.store.holdings(&site, &after, rows + 1).await?;
    let has_more = cut(&mut holdings, rows);
    let next = holdings.last().filter(|_| has_more).map(|last| URL_SAFE_NO_PAD.encode(&last.path));
    Ok(Json(Page { items: holdings.iter().map(HoldingView::from).collect(), next }))
}

/// Reads a hash from a path: what cannot be one does not exist.
fn sha256(text: &str) -> Result<Sha256, Problem> {
    let bytes = from_hex(text).and_then(|bytes| Sha256::try_from(bytes).ok());
    bytes.ok_or_else(|| Problem::unknown("media", text))
}

fn path_of(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let path = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    path.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

#[cfg(test)]
mod tests;
