//! `POST /api/v1/punches`: a punch that somebody forgot, added by a person and marked with that person's name and reason.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::wire::reading::{LogOrigin, LogRow, TerminalLog};

use super::{COMMENT_LENGTH_MAX, PunchView, find};
use crate::attendance::Profile;
use crate::attendance::row::{Arrived, punch};
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::{Body, enrol_number, line};
use crate::http::problem::{Problem, Refused};
use crate::http::terminals::find as find_terminal;
use crate::http::time::Time;
use crate::store::attendance::{Direction, PunchKind, Review, Told};
use crate::store::terminals::Terminal;

/// Numbers that some terminal gives a way by: a terminal's own table knows no greater ones.
const WAYS: std::ops::Range<i32> = 0..10;

/// A punch that somebody forgot.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPunch {
    /// The terminal's serial number.
    terminal: String,
    /// The number under which it knows the person.
    number: u64,
    /// When, not later than now.
    at: Time,
    /// `in` or `out`.
    direction: Way,
    /// Why, for people.
    comment: String,
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AddedWay)]
pub(in crate::http) enum Way {
    /// Came.
    In,
    /// Went.
    Out,
}

/// Adds a punch that somebody forgot. It counts like others and can be set aside by a review; who added it stays written.
#[utoipa::path(
    post, path = "/api/v1/punches", operation_id = "punches_add",
    tag = "attendance", request_body = NewPunch, extensions(("x-role" = json!("operator"))),
    responses((status = 201, description = "Added, or there already", body = PunchView), Refused)
)]
pub(in crate::http) async fn add(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Body(new): Body<NewPunch>,
) -> Result<Response, Problem> {
    let comment = line("comment", &new.comment, COMMENT_LENGTH_MAX)?;
    let number = enrol_number("number", new.number)?;
    let now_ms = admin.clock.wall_ms();
    if new.at.0 > now_ms {
        return Err(Problem::invalid("at", "it lies in the future; nobody can have forgotten it yet"));
    }
    let terminal = find_terminal(&admin, &new.terminal).await?;
    let profile = admin.store.terminal_profiles().await?.remove(&new.terminal).unwrap_or_default();
    let told = forgotten((&terminal, &profile), (number, new.at.0, new.direction), now_ms);
    if told.punch.kind != PunchKind::Person {
        return Err(Problem::invalid("number", format_args!("{number} is nobody's on a terminal")));
    }
    if admin.store.add_punch(&told).await? {
        let (key, account) = (told.punch.key, caller.account);
        let review = Review { key, is_accepted: true, at_ms: None, account, comment, made_ms: now_ms };
        admin.store.put_review(&review).await?;
    }
    let view = PunchView::from(&find(&admin, &told.punch.key.to_string()).await?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The row as the terminal would have written it. Where its table knows no such way, the way follows from the punch before.
fn forgotten((terminal, profile): (&Terminal, &Profile), (number, at_ms, way): (u64, i64, Way), now_ms: i64) -> Told {
    let zone = TimeZone::get(&terminal.state.zone).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone);
    let log = TerminalLog {
        terminal: terminal.state.terminal.clone(),
        zone: terminal.state.zone.clone(),
        clock_ahead_ms: None,
        origin: LogOrigin::Asked,
        log_index: None,
        rows: Vec::new(),
    };
    let row = |in_out: Option<i32>| LogRow {
        enrol_id: Some(number),
        local_time: local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        in_out,
        ..LogRow::default()
    };
    let told = |in_out| punch(&terminal.site, &log, &row(in_out), Arrived { told_ms: None, received_ms: now_ms });
    let wanted = match way {
        Way::In => Direction::In,
        Way::Out => Direction::Out,
    };
    let says_so = |in_out: &i32| profile.applied(told(Some(*in_out)).punch).direction == Some(wanted);
    told(WAYS.into_iter().find(says_so))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::testing::{Answer, Stage};
    use crate::store::accounts::Role;

    async fn add_one(stage: &Stage, body: &Value) -> Answer {
        stage.post("/api/v1/punches").json(body).role(Role::Operator).send().await
    }

    fn exit() -> Value {
        json!({ "terminal": "ZX1", "number": 8, "at": "2031-05-06T16:00:00Z", "direction": "out", "comment": "forgot" })
    }

    #[tokio::test]
    async fn a_forgotten_punch_counts_once_with_the_name_of_who_added_it() {
        let stage = Stage::new().await;
        stage.add_attendance().await;
        stage.clock.advance(std::time::Duration::from_secs(86_400));

        let added = add_one(&stage, &exit()).await;
        let again = add_one(&stage, &exit()).await;

        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        assert_eq!(again.json(), added.json(), "the same is added once");
        let punch = added.json();
        assert_eq!((&punch["counts"], &punch["direction"], &punch["number"]), (&json!(true), &json!("out"), &json!(8)));
        let reviews = stage.store.reviews(9).await.unwrap();
        assert_eq!(
            (reviews.len(), reviews[0].account.as_str(), reviews[0].comment.as_str()),
            (1, "operator", "forgot")
        );
    }

    #[tokio::test]
    async fn what_cannot_have_been_forgotten_is_refused() {
        let stage = Stage::new().await;
        stage.add_attendance().await;
        for (field, value, status) in [
            ("at", json!("2031-05-09T16:00:00Z"), StatusCode::UNPROCESSABLE_ENTITY),
            ("number", json!(0), StatusCode::UNPROCESSABLE_ENTITY),
            ("comment", json!(""), StatusCode::UNPROCESSABLE_ENTITY),
            ("terminal", json!("ZX9"), StatusCode::NOT_FOUND),
        ] {
            let mut body = exit();
            body["at"] = json!("2031-05-06T07:00:00Z");
            body[field] = value;
            let refused = add_one(&stage, &body).await;
            assert_eq!(refused.status, status, "{field}: {}", refused.text);
        }
        let viewer = stage.post("/api/v1/punches").json(&exit()).role(Role::Viewer).send().await;
        assert_eq!(viewer.status, StatusCode::FORBIDDEN);
        assert_eq!(stage.store.reviews(9).await.unwrap(), []);
    }
}
