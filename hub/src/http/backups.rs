//! `/api/v1/backups`: copies everything while the hub runs, into the hub's own folder.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Owner;
use super::problem::{Problem, Refused};

/// A finished copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct BackupView {
    /// Where it lies on the hub's machine.
    path: String,
    /// Its size.
    size_bytes: u64,
}

/// Makes a backup.
#[utoipa::path(
    post, path = "/api/v1/backups", operation_id = "backups_create",
    tag = "hub", extensions(("x-role" = json!("owner"))),
    responses((status = 201, description = "Written completely", body = BackupView), Refused)
)]
pub(super) async fn create(_: Owner, State(admin): State<Admin>) -> Result<Response, Problem> {
    let made = admin.backup.backup().await.map_err(|error| {
        tracing::error!("the backup failed: {error:#}");
        let detail =
            format!("{error:#}; what is stored is safe, no half-written copy remains; free some disk and retry");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "backup_failed", "The backup failed", detail)
    })?;
    let view = BackupView { path: made.path.display().to_string(), size_bytes: made.size_bytes };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::{Stage, Who};

    #[tokio::test]
    async fn a_backup_says_where_it_lies() {
        let stage = Stage::new().await;
        let made = stage.post("/api/v1/backups").by(Who::Socket).send().await;
        assert_eq!(made.status, StatusCode::CREATED);
        insta::assert_json_snapshot!(made.json());
    }
}
