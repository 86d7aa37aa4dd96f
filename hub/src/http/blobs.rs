//! `/api/v1/sites/{id}/blobs/{sha256}`: what a box uploaded, as answers to commands refer to it.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Admin;
use super::guard::Operator;
use super::input::site_id;
use super::problem::{Problem, Refused};

/// Gives a blob as it was uploaded.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/blobs/{sha256}", operation_id = "blobs_show",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("sha256" = String, Path, description = "Its hash")),
    responses((status = 200, description = "The content", content_type = "application/octet-stream"), Refused)
)]
pub(super) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, sha256)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let site = site_id(&id)?;
    let blobs = admin.blobs.clone();
    let name = sha256.clone();
    let read = tokio::task::spawn_blocking(move || blobs.get(&site, &name)).await;
    match read {
        Ok(Ok(Some(content))) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, "attachment"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            Ok((headers, content).into_response())
        }
        Ok(Ok(None)) => {
            let detail = "the box uploaded nothing with that hash, or newer uploads took its room";
            Err(Problem::new(StatusCode::NOT_FOUND, "blob_unknown", "There is no such blob", detail))
        }
        Ok(Err(_)) | Err(_) => {
            let detail = "the hub's disk could not be read; try again, then check it";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", "The store failed", detail))
        }
    }
}
