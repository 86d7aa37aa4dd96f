//! Takes a medium in: the body is written to the disk as it comes, and counts when it is whole.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde::Deserialize;
use utoipa::IntoParams;

use super::kind::{BEGINNING_BYTES, lie};
use super::view::MediumView;
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::{Params, line};
use crate::http::problem::{Problem, Refused};
use crate::shelf::{Sha256, Shelf, ShelfError};
use crate::store::media::Medium;

/// Longest name, characters.
const NAME_LENGTH_MAX: usize = 200;

/// What comes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Described {
    /// Its name, as in `entrainement.mp4`.
    name: String,
    /// The SHA-256 that it must have; what comes is refused if it has another one.
    sha256: Option<String>,
}

/// Takes a medium: the body is its content, as it is.
#[utoipa::path(
    post, path = "/api/v1/media", operation_id = "media_create",
    tag = "media", params(Described), extensions(("x-role" = json!("operator"))),
    request_body(content = inline(String), content_type = "application/octet-stream", description = "The content"),
    responses((status = 201, description = "Kept", body = MediumView),
              (status = 200, description = "It was here already", body = MediumView), Refused)
)]
pub(in crate::http) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Params(described): Params<Described>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = line("name", &described.name, NAME_LENGTH_MAX)?;
    let named = described.sha256.as_deref().map(super::sha256).transpose();
    let named = named.map_err(|_unreadable| Problem::invalid("sha256", "use 64 hexadecimal digits"))?;
    is_small_enough(&admin.media, &headers)?;
    let (sha256, size_bytes) = taken(&admin.media, (&name, named), body).await?;
    let medium = Medium { sha256, name, size_bytes, added_ms: admin.clock.wall_ms(), account: caller.account };
    let is_new = admin.store.add_medium(&medium).await?;
    let kept = admin.store.medium(&sha256).await?.unwrap_or(medium);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(MediumView::from(&kept))).into_response())
}

/// Refuses what says that it is too large before it comes.
fn is_small_enough(shelf: &Shelf, headers: &HeaderMap) -> Result<(), Problem> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let max_bytes = shelf.file_size_max();
    if told.is_some_and(|told| told > max_bytes) {
        return Err(refused(ShelfError::TooLarge(max_bytes)));
    }
    Ok(())
}

/// Keeps what comes, unless it is surely not what its name says: its hash and size.
async fn taken(shelf: &Shelf, (name, named): (&str, Option<Sha256>), body: Body) -> Result<(Sha256, u64), Problem> {
    let mut growing = shelf.begin().await.map_err(|error| refused(error.into()))?;
    let (mut content, mut beginning) = (body.into_data_stream(), Vec::with_capacity(BEGINNING_BYTES));
    while let Some(part) = content.next().await {
        let part = part.map_err(|_broken| {
            let detail = "the content ended early; nothing was kept, send it again";
            Problem::new(StatusCode::BAD_REQUEST, "incomplete", "The content is incomplete", detail)
        })?;
        if beginning.len() < BEGINNING_BYTES {
            let missing = BEGINNING_BYTES - beginning.len();
            beginning.extend(part.iter().take(missing));
            is_as_named(name, &beginning)?;
        }
        growing.add(&part).await.map_err(refused)?;
    }
    growing.keep(named).await.map_err(refused)
}

fn is_as_named(name: &str, beginning: &[u8]) -> Result<(), Problem> {
    let Some(what) = lie(name, beginning) else { return Ok(()) };
    let detail =
        format!("`{name}` is no such file: it begins as {what}; nothing was kept; send the video or picture itself");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_kind", "It is not what its name says", detail))
}

pub(in crate::http) fn refused(error: ShelfError) -> Problem {
    let text = error.to_string();
    match error {
        ShelfError::TooLarge(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "It is too large", text),
        ShelfError::Full(_) => Problem::new(StatusCode::INSUFFICIENT_STORAGE, "media_full", "There is no room", text),
        ShelfError::Empty | ShelfError::OtherContent(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The content is not accepted", text)
        }
        ShelfError::Gap { .. } => Problem::new(StatusCode::CONFLICT, "gap", "The piece does not fit", text),
        ShelfError::Disk(error) => disk_failed(&error),
    }
}

/// The folder does not work.
pub(in crate::http) fn disk_failed(error: &dyn std::error::Error) -> Problem {
    tracing::error!("answering 503 because a folder of files for boxes failed: {error}");
    let detail = "the folder of files for boxes failed; nothing is half there; try again, then check the hub's disk";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", "The store failed", detail).retry_after(5)
}
