//! `/api/v1/rebuild`: derives everything that people look at anew from the facts, while the hub runs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::diary::note_of_hub;
use super::guard::{Owner, Viewer};
use super::problem::{Problem, Refused};
use crate::projector::driver::Rebuild;

/// How far the newest rebuild is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RebuildView {
    /// Whether one is going on; until it ends, what people look at is not complete.
    is_running: bool,
    /// Records followed again.
    done: u64,
    /// Records to follow, lost ones included; 0 until it has begun.
    total: u64,
}

impl From<Rebuild> for RebuildView {
    fn from(Rebuild { is_running, done, total }: Rebuild) -> Self {
        Self { is_running, done, total }
    }
}

/// Starts a rebuild; if one is going on, tells how far it is. Facts are not touched, and boxes deliver meanwhile.
#[utoipa::path(
    post, path = "/api/v1/rebuild", operation_id = "rebuild_start",
    tag = "hub", extensions(("x-role" = json!("owner"))),
    responses((status = 202, description = "It goes on; ask how far it is", body = RebuildView), Refused)
)]
pub(super) async fn start(Owner(caller): Owner, State(admin): State<Admin>) -> Result<Response, Problem> {
    if !admin.rebuilder.progress().is_running {
        let text = format!(
            "{} has everything that is shown computed anew from the records. No record is touched; until it is done, \
             lists and histories are shorter than usual.",
            caller.account
        );
        note_of_hub(&admin, "rebuild_started", text).await?;
    }
    let rebuild = RebuildView::from(admin.rebuilder.start());
    Ok((StatusCode::ACCEPTED, Json(rebuild)).into_response())
}

/// How far the newest rebuild is.
#[utoipa::path(
    get, path = "/api/v1/rebuild", operation_id = "rebuild_show",
    tag = "hub", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The newest rebuild since the hub started", body = RebuildView), Refused)
)]
pub(super) async fn show(_: Viewer, State(admin): State<Admin>) -> Json<RebuildView> {
    Json(admin.rebuilder.progress().into())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::{Stage, Who};
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn a_rebuild_is_started_once_watched_and_written_in_the_diary() {
        let stage = Stage::new().await;
        let progress = async || stage.get("/api/v1/rebuild").role(Role::Viewer).send().await.json();
        assert_eq!(progress().await["is_running"], false);

        for _ in 0..2 {
            let started = stage.post("/api/v1/rebuild").by(Who::Socket).send().await;
            assert_eq!((started.status, &started.json()["is_running"]), (StatusCode::ACCEPTED, &true.into()));
        }

        let entries = stage.store.entries(None, 9).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["rebuild_started"]);
        stage.rebuild.end(7);
        assert_eq!(progress().await, serde_json::json!({ "is_running": false, "done": 7, "total": 7 }));
    }
}
