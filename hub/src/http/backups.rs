//! `/api/v1/backups`: copies everything while the hub runs, into the hub's own folder.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::diary::note_of_hub;
use super::guard::Owner;
use super::input::Params;
use super::problem::{Problem, Refused};

/// A finished copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct BackupView {
    /// Where it lies on the hub's machine.
    path: String,
    /// Its size.
    size_bytes: u64,
}

/// What goes into a backup.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// The hub's keys, too: with them a new machine can take over, and so can a thief. The diary says who asked.
    #[serde(default)]
    #[param(required = false)]
    keys: bool,
}

/// Makes a backup.
#[utoipa::path(
    post, path = "/api/v1/backups", operation_id = "backups_create",
    tag = "hub", params(Query), extensions(("x-role" = json!("owner"))),
    responses((status = 201, description = "Written completely", body = BackupView), Refused)
)]
pub(super) async fn create(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    if query.keys {
        let text = format!(
            "{} had the hub's keys copied into a backup. Who holds that copy can take this hub's place: lock it away.",
            caller.account
        );
        note_of_hub(&admin, "keys_copied", text).await?;
    }
    let made = admin.backup.backup(query.keys).await.map_err(|error| {
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
        assert!(stage.store.entries(None, 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn keys_go_along_only_when_asked_and_the_diary_says_who_asked() {
        let stage = Stage::new().await;
        let made = stage.post("/api/v1/backups?keys=true").by(Who::Socket).send().await;
        assert!(made.json()["path"].as_str().unwrap().contains("with-keys"), "{made:?}");
        assert_eq!(stage.store.entries(None, 9).await.unwrap()[0].kind, "keys_copied");
        let odd = stage.post("/api/v1/backups?keys=perhaps").by(Who::Socket).send().await;
        assert_eq!((odd.status, odd.code().as_str()), (StatusCode::BAD_REQUEST, "invalid"));
    }
}
