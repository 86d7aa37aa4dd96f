//! `/api/v1/imports`: takes in what a box wrote on a stick when it had no way to the hub.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::diary::note_of_site;
use super::guard::Owner;
use super::input::Params;
use super::problem::{Problem, Refused};
use super::time::Time;
use crate::imports::{Content, ImportFailure, LaneReport, Report, Terms};

/// How to import.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Say what would come in; take nothing.
    dry_run: bool,
    /// Take it from a box that was revoked or replaced, too.
    force: bool,
}

/// What came in, or would.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ImportView {
    /// Whose records.
    site: String,
    /// When the file was made, by the box's clock.
    #[schema(value_type = String, format = DateTime)]
    made_at: Time,
    /// Whether nothing was taken because that was asked for.
    is_dry_run: bool,
    /// One entry per lane.
    lanes: Vec<ImportLaneView>,
    /// Why the rest of the file was not read; none if it was read to its end.
    trouble: Option<String>,
}

/// What came in of one lane.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ImportLaneView {
    /// `ledger`, `observations` or `telemetry`.
    lane: String,
    /// Records that the hub did not hold.
    new: u64,
    /// Records that it held already; they do not count twice.
    held: u64,
    /// Records that are nowhere any more, newly known as a gap.
    lost: u64,
    /// Why the rest of the lane was not taken.
    refused: Option<String>,
}

/// Takes a file of `vigie-agent queue export` in: the body is its content. What is held already does not count twice,
/// so sending it again is harmless.
#[utoipa::path(
    post, path = "/api/v1/imports", operation_id = "imports_create",
    tag = "hub", params(How), extensions(("x-role" = json!("owner"))),
    request_body(content = inline(String), content_type = "application/octet-stream", description = "The file"),
    responses((status = 200, description = "What came in, on the hub's disk", body = ImportView), Refused)
)]
pub(super) async fn create(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Params(how): Params<How>,
    body: Body,
) -> Result<Json<ImportView>, Problem> {
    let terms = Terms { is_dry: how.dry_run, is_forced: how.force };
    let report = admin.imports.import(content(body), terms).await.map_err(refused)?;
    let new: u64 = report.lanes.iter().map(|lane| lane.new).sum();
    if !how.dry_run && new > 0 {
        let site = &report.site;
        let text = format!(
            "{} brought {new} records of {site} by a file that its box had written. The box forgets them once it has \
             heard of it, when it next connects.",
            caller.account
        );
        note_of_site(&admin, site, "records_imported", text).await?;
    }
    Ok(Json(view(report, how.dry_run)))
}

/// A file as it comes: no body of such a size is ever held.
pub(super) fn content(body: Body) -> Content {
    Box::pin(body.into_data_stream().map_err(std::io::Error::other))
}

fn view(report: Report, is_dry_run: bool) -> ImportView {
    let lane = |lane: LaneReport| {
        let LaneReport { lane, new, held, lost, refused, .. } = lane;
        ImportLaneView { lane: lane.to_string(), new, held, lost, refused }
    };
    let Report { site, made_ms, lanes, trouble } = report;
    let lanes = lanes.into_iter().map(lane).collect();
    ImportView { site: site.to_string(), made_at: Time(made_ms), is_dry_run, lanes, trouble }
}

fn refused(failure: ImportFailure) -> Problem {
    let text = failure.to_string();
    match failure {
        ImportFailure::Unreadable(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "export_unreadable", "The file cannot be read", text)
        }
        ImportFailure::Foreign(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "export_foreign", "The file is not for this hub", text)
        }
        ImportFailure::Revoked(_) => Problem::new(StatusCode::CONFLICT, "revoked", "The box was revoked", text),
        ImportFailure::NoSite(_) => Problem::new(StatusCode::CONFLICT, "site_unknown", "There is no such site", text),
        ImportFailure::Store(error) => error.into(),
        ImportFailure::Broken(_) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", "The store failed", text).retry_after(5)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::{Stage, Who};

    #[tokio::test]
    async fn what_came_in_is_told_and_written_in_the_diary_and_a_dry_run_is_not() {
        let stage = Stage::new().await;
        for (query, entries) in [("?dry_run=true", 0), ("", 1)] {
            let answer = stage.post(&format!("/api/v1/imports{query}")).by(Who::Socket).send().await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.json()["lanes"][0]["new"], 7);
            assert_eq!(stage.store.entries(None, 9).await.unwrap().len(), entries);
        }
    }

    #[tokio::test]
    async fn a_refusal_says_how_to_insist() {
        let stage = Stage::new().await;
        stage.imports.revoke();
        let answer = stage.post("/api/v1/imports").by(Who::Socket).send().await;
        assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::CONFLICT, &"revoked".into()));
        assert!(answer.json()["detail"].as_str().unwrap().contains("--force"));
    }
}
