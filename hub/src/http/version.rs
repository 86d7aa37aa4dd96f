//! `/version`: which program answers.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::wire::Record;

/// The program.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct VersionView {
    /// Its name.
    program: String,
    /// Its version.
    version: String,
    /// The version of records that it writes and understands.
    wire: u8,
}

/// Says which program answers.
#[utoipa::path(
    get, path = "/version", operation_id = "version_show",
    tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "The program", body = VersionView))
)]
pub(super) async fn show() -> Json<VersionView> {
    Json(VersionView {
        program: "vigie-hub".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        wire: Record::VERSION,
    })
}

#[cfg(test)]
mod tests {
    use crate::http::testing::Stage;

    #[tokio::test]
    async fn the_version_is_the_programs_own() {
        let answer = Stage::new().await.get("/version").send().await.json();
        assert_eq!((answer["program"].as_str(), answer["wire"].as_u64()), (Some("vigie-hub"), Some(1)));
    }
}
