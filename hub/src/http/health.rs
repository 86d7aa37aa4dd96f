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
    get, path = "/healthz", operation_id = "health_alive",
    tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain"))
)]
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Says whether the hub can do its work.
#[utoipa::path(
    get, path = "/readyz", operation_id = "health_ready",
    tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
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

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::Stage;

    #[tokio::test]
    async fn readiness_names_what_is_missing() {
        let stage = Stage::new().await;
        assert_eq!(stage.get("/healthz").send().await.text, "alive\n");
        assert_eq!(stage.get("/readyz").send().await.status, StatusCode::OK);
        stage.obstacles.0.lock().unwrap().push("the broker does not answer".to_owned());
        stage.stopping.cancel();
        let answer = stage.get("/readyz").send().await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        insta::assert_json_snapshot!(answer.json());
    }
}
