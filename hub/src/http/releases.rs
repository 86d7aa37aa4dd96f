//! `/api/v1/releases`: packages of software for boxes, with what their makers signed.
//!
//! A package is sent in pieces, then its manifest makes it a release. Sending again is harmless.

mod outdated;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::from_hex;
use vigie_shared::package::{Manifest, RELEASES_PATH};

pub(super) use self::outdated::{__path_outdated, outdated};
use super::Admin;
use super::guard::{Owner, Viewer};
use super::input::{Body, Params};
use super::media::{disk_failed, refused};
use super::problem::{Problem, Refused};
use super::time::Time;
use crate::shelf::{Sha256, Shelf, ShelfError};
use crate::store::releases::Release;

/// A release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ReleaseView {
    /// Which software: `vigie-agent`, or the name that the boxes' owners give it.
    name: String,
    /// Its version.
    version: String,
    /// The processor that it is for, or `any`.
    processor: String,
    /// The package's size.
    size_bytes: u64,
    /// The package's SHA-256.
    sha256: String,
    /// The signature of a release key, base64; none if nobody signed.
    signature: Option<String>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    added_at: Time,
    /// What `update_software` names as `updateUrl`.
    path: String,
}

/// Every release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ReleaseList {
    /// Newest first.
    items: Vec<ReleaseView>,
}

/// A manifest, as `vigie-hub release sign` writes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRelease {
    /// Which software.
    name: String,
    /// Its version.
    version: String,
    /// The processor that it is for, or `any`.
    processor: String,
    /// The package's size.
    size_bytes: u64,
    /// The package's SHA-256.
    sha256: String,
    /// The signature of a release key, base64.
    signature: Option<String>,
}

/// Where a piece belongs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// Bytes before the piece; 0 begins anew.
    offset: u64,
}

/// How much of a package is here.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Arrived {
    /// Bytes.
    size_bytes: u64,
}

/// Lists the releases, newest first.
#[utoipa::path(
    get, path = "/api/v1/releases", operation_id = "releases_list",
    tag = "releases", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every release", body = ReleaseList), Refused)
)]
pub(super) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<ReleaseList>, Problem> {
    let releases = admin.store.releases().await?;
    Ok(Json(ReleaseList { items: releases.into_iter().map(ReleaseView::from).collect() }))
}

/// Makes a package that was sent a release.
#[utoipa::path(
    post, path = "/api/v1/releases", operation_id = "releases_create",
    tag = "releases", extensions(("x-role" = json!("owner"))), request_body = NewRelease,
    responses((status = 201, description = "Boxes can fetch it", body = ReleaseView), Refused)
)]
pub(super) async fn create(
    _: Owner,
    State(admin): State<Admin>,
    Body(new): Body<NewRelease>,
) -> Result<Response, Problem> {
    let NewRelease { name, version, processor, size_bytes, sha256, signature } = new;
    let manifest = Manifest { name, version, processor, size_bytes, sha256, signature };
    let unfit =
        |text: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", text);
    manifest.check().map_err(|error| unfit(error.to_string()))?;
    let hash = sha256_of(&manifest.sha256)?;
    let arrived_bytes = at_disk(&admin, move |shelf| shelf.finish(&hash)).await?;
    if arrived_bytes != manifest.size_bytes {
        let text = format!("the package has {arrived_bytes} bytes, its manifest says {}", manifest.size_bytes);
        return Err(unfit(text));
    }
    let release = Release { manifest, added_ms: admin.clock.wall_ms() };
    admin.store.put_release(&release).await?;
    Ok((StatusCode::CREATED, Json(ReleaseView::from(release))).into_response())
}

/// Takes a piece of a package, at most 8 MiB.
#[utoipa::path(
    put, path = "/api/v1/releases/{sha256}/content", operation_id = "releases_send",
    tag = "releases", extensions(("x-role" = json!("owner"))),
    params(("sha256" = String, Path, description = "The SHA-256 of the whole package"), Place),
    request_body(content = inline(String), content_type = "application/octet-stream", description = "The piece"),
    responses((status = 200, description = "How much is here", body = Arrived), Refused)
)]
pub(super) async fn send(
    _: Owner,
    State(admin): State<Admin>,
    Path(sha256): Path<String>,
    Params(place): Params<Place>,
    piece: Bytes,
) -> Result<Json<Arrived>, Problem> {
    let hash = sha256_of(&sha256)?;
    let size_bytes = at_disk(&admin, move |shelf| shelf.take(&hash, place.offset, &piece)).await?;
    Ok(Json(Arrived { size_bytes }))
}

/// Removes a release: no box can fetch it any more. Where it is installed, it stays.
#[utoipa::path(
    delete, path = "/api/v1/releases/{sha256}", operation_id = "releases_remove",
    tag = "releases", extensions(("x-role" = json!("owner"))),
    params(("sha256" = String, Path, description = "The package's SHA-256")),
    responses((status = 204, description = "Gone"), Refused)
)]
pub(super) async fn remove(
    _: Owner,
    State(admin): State<Admin>,
    Path(sha256): Path<String>,
) -> Result<StatusCode, Problem> {
    let was_known = admin.store.remove_release(&sha256).await?;
    if let Ok(hash) = sha256_of(&sha256) {
        at_disk(&admin, move |shelf| Ok(shelf.remove(&hash)?)).await?;
    }
    if was_known {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "there is no release with that hash; `vigie-hub release list` shows what there is";
    Err(Problem::new(StatusCode::NOT_FOUND, "release_unknown", "There is no such release", detail))
}

/// Reads a hash as releases write it.
fn sha256_of(text: &str) -> Result<Sha256, Problem> {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let bytes = from_hex(text).filter(|_| is_lower).and_then(|bytes| Sha256::try_from(bytes).ok());
    bytes.ok_or_else(|| Problem::invalid("sha256", "use 64 lower-case hexadecimal digits"))
}

async fn at_disk<T: Send + 'static>(
    admin: &Admin,
    work: impl FnOnce(&Shelf) -> Result<T, ShelfError> + Send + 'static,
) -> Result<T, Problem> {
    let shelf = admin.releases.clone();
    match tokio::task::spawn_blocking(move || work(&shelf)).await {
        Ok(worked) => worked.map_err(refused),
        Err(panicked) => Err(disk_failed(&panicked)),
    }
}

impl From<Release> for ReleaseView {
    fn from(release: Release) -> Self {
        let Release { manifest, added_ms } = release;
        let Manifest { name, version, processor, size_bytes, sha256, signature } = manifest;
        let path = format!("{RELEASES_PATH}{sha256}");
        Self { name, version, processor, size_bytes, sha256, signature, added_at: Time(added_ms), path }
    }
}
