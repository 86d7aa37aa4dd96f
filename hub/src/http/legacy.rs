//! `/api/v1/imports/tm20`: takes over what a Django server for time clocks knew.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio_util::io::{StreamReader, SyncIoBridge};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::diary::note_of_hub;
use super::guard::Owner;
use super::imports::content;
use super::input::Params;
use super::problem::{Problem, Refused};
use crate::imports::tm20::cutover::take_over;
use crate::imports::tm20::{Left, Legacy, Report, Terms, Unreadable, read};

/// How to take over.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Say what would be taken; take nothing.
    dry_run: bool,
    /// Take the tokens and passwords of third parties, too.
    secrets: bool,
    /// The zone of the terminals' times where the old server kept only its own, `Europe/Paris`; UTC if none.
    zone: Option<String>,
}

/// What was taken over, or would be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TakenOverView)]
pub(super) struct TakenView {
    /// Whether nothing was taken because that was asked for.
    is_dry_run: bool,
    /// What was taken.
    taken: Vec<CountView>,
    /// What was not.
    left: Vec<LeftView>,
    /// What a person should know or do.
    notes: Vec<String>,
}

/// Things and their number.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct CountView {
    /// What.
    what: String,
    /// How many.
    count: u64,
}

/// Things that were not taken.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LeftBehindView)]
pub(super) struct LeftView {
    /// What.
    what: String,
    /// How many.
    count: u64,
    /// Why.
    why: String,
}

/// Takes over people, schedules, third parties, mappings and the marks of punches that were sent already from what
/// `manage.py dumpdata` of a TM20 server wrote: the body is its content. What is here already stays as it is, so sending
/// it again is harmless.
#[utoipa::path(
    post, path = "/api/v1/imports/tm20", operation_id = "imports_tm20",
    tag = "hub", params(How), extensions(("x-role" = json!("owner"))),
    request_body(content = inline(Vec<serde_json::Value>), description = "The dump: rows of Django"),
    responses((status = 200, description = "What was taken, and what was not", body = TakenView), Refused)
)]
pub(super) async fn take_over_dump(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Params(how): Params<How>,
    body: Body,
) -> Result<Json<TakenView>, Problem> {
    let terms = terms(&how, admin.clock.wall_ms())?;
    let legacy = parsed(body, terms).await?;
    if how.dry_run {
        return Ok(Json(view(legacy.report, true)));
    }
    let report = take_over(admin.store.as_ref(), legacy, admin.clock.wall_ms()).await?;
    let text = format!("{} took over what a TM20 server knew; nothing that it had sent is sent again.", caller.account);
    note_of_hub(&admin, "legacy_taken_over", text).await?;
    Ok(Json(view(report, false)))
}

fn terms(how: &How, now_ms: i64) -> Result<Terms, Problem> {
    let zone = match how.zone.as_deref() {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_unknown| {
            Problem::invalid("zone", "write a zone of the IANA database, such as `Europe/Paris`")
        })?,
    };
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    Ok(Terms { takes_secrets: how.secrets, today: zone.to_datetime(now).date(), zone })
}

/// Reads the dump while it comes: rows need a reader that blocks, and only what is of use stays in memory.
async fn parsed(body: Body, terms: Terms) -> Result<Legacy, Problem> {
    let bridge = SyncIoBridge::new(StreamReader::new(content(body)));
    match tokio::task::spawn_blocking(move || read(bridge, &terms)).await {
        Ok(Ok(legacy)) => Ok(legacy),
        Ok(Err(unreadable)) => Err(refused(&unreadable)),
        Err(_panicked) => {
            let text = "the dump could not be read; nothing was taken";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "dump_unreadable", "The dump cannot be read", text))
        }
    }
}

fn refused(unreadable: &Unreadable) -> Problem {
    let (status, code) = match unreadable {
        Unreadable::TooLong | Unreadable::TooMany => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Unreadable::NoDump(_) | Unreadable::Foreign(_) => (StatusCode::UNPROCESSABLE_ENTITY, "dump_unreadable"),
    };
    Problem::new(status, code, "The dump cannot be read", unreadable.to_string())
}

fn view(report: Report, is_dry_run: bool) -> TakenView {
    let Report { taken, left, notes, .. } = report;
    let taken = taken.into_iter().map(|(what, count)| CountView { what, count }).collect();
    let left = left.into_iter().map(|Left { what, count, why }| LeftView { what, count, why }).collect();
    TakenView { is_dry_run, taken, left, notes }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use crate::http::testing::{Stage, Who};

    fn dump() -> serde_json::Value {
        json!([
            { "model": "devices.terminal", "pk": 1, "fields": { "sn": "TM20-001" } },
            { "model": "devices.biometricuser", "pk": 1, "fields": { "terminal": 1, "enrollid": 7, "name": "Ama" } },
        ])
    }

    #[tokio::test]
    async fn a_dry_run_tells_and_takes_nothing() {
        let stage = Stage::new().await;
        for (query, people) in [("?dry_run=true", 0), ("", 1)] {
            let post = stage.post(&format!("/api/v1/imports/tm20{query}"));
            let answer = post.by(Who::Socket).json(&dump()).send().await;

            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            assert_eq!(answer.json()["taken"][0], json!({ "what": "people", "count": 1 }));
            assert_eq!(stage.store.people().await.unwrap().len(), people);
            assert_eq!(stage.store.entries(None, 9).await.unwrap().len(), people);
        }
    }

    #[tokio::test]
    async fn what_is_no_dump_is_refused_with_the_cure() {
        let stage = Stage::new().await;
        let answer = stage.post("/api/v1/imports/tm20").by(Who::Socket).json(&json!({})).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "dump_unreadable"));
        let answer = stage.post("/api/v1/imports/tm20?zone=Metz").by(Who::Socket).json(&dump()).send().await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
