//! `/healthz` (the process answers) and `/readyz` (it can do its work, or why not).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;

/// Whether the hub can do its work.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ReadyView {
    is_ready: bool,
    /// What is not ready, what is safe, what to do.
    obstacles: Vec<String>,
}

/// Says that the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain"))
)]
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Says whether the hub can do its work.
#[utoipa::path(
    get, path = "/readyz", tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Ready", body = ReadyView),
              (status = 503, description = "Not ready, with the reasons", body = ReadyView))
)]
pub(super) async fn ready(State(admin): State<Admin>) -> Response {
    let mut obstacles = admin.readiness.obstacles().await;
    if admin.stopping.is_cancelled() {
        obstacles.push("the hub is stopping; boxes keep their readings and send them later".to_owned());
    }
    let status = if obstacles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyView { is_ready: obstacles.is_empty(), obstacles })).into_response()
}
