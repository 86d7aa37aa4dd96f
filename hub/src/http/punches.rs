//! `/api/v1/punches`: rows of terminals' logs, each once, and what people decide of those in doubt.

pub(super) mod add;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::Operator;
use super::input::{Body, Params, enrol_number, limit, line, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::{Page, word};
use crate::store::attendance::{Punch, PunchFilter, PunchKey, Review};

/// Longest comment, characters.
const COMMENT_LENGTH_MAX: usize = 200;

/// Which punches.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this site.
    site: Option<String>,
    /// Only of this terminal.
    terminal: Option<String>,
    /// Only of this number.
    number: Option<u64>,
    /// Not before this moment.
    from: Option<Time>,
    /// Before this moment.
    to: Option<Time>,
    /// `counting`: only what counts. `in_doubt`: only what somebody should look at.
    #[param(inline)]
    only: Option<Only>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Only {
    /// What counts.
    Counting,
    /// What somebody should look at.
    InDoubt,
}

/// A punch.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PunchView {
    /// Its name, the same for ever.
    key: String,
    /// Where the terminal stood.
    site: String,
    /// The terminal's serial number.
    terminal: String,
    /// The number under which the terminal knows the person.
    number: Option<u64>,
    /// The person's name, if anybody said it.
    name: Option<String>,
    /// When, corrected by the error of the terminal's clock.
    at: Option<Time>,
    /// The moment that the terminal meant.
    meant: Option<Time>,
    /// The terminal's own words.
    local_time: String,
    /// The IANA zone of these words.
    zone: String,
    /// When the hub received it.
    received: Time,
    /// `person`, `door`, `stranger`, `not_passed` or `unreadable`.
    kind: String,
    /// `in` or `out`, if the terminal's numbers say so.
    direction: Option<String>,
    /// `finger`, `vein`, `palm`, `face`, `card`, `password` or `qr_code`, if the terminal's numbers say so.
    recognised: Option<String>,
    /// The terminal's number for how the person was recognised.
    mode: Option<i32>,
    /// The terminal's number for in or out.
    inout: Option<i32>,
    /// The terminal's number for the key or the door's event.
    event: Option<i32>,
    /// Body temperature in hundredths of a degree Celsius.
    temperature_centi_c: Option<i32>,
    /// Whether the box let the person in, where it was asked.
    access: Option<bool>,
    /// The SHA-256 of the photo, if it was kept: `/api/v1/sites/{id}/blobs/{sha256}` gives it once it has arrived.
    photo: Option<String>,
    /// What is odd: `no_time`, `clock_reset`, `future`, `ancient`, `frozen_clock`, `ambiguous`, `skipped`.
    doubts: Vec<String>,
    /// Whether it counts.
    counts: bool,
    /// How many rows say the same.
    seen: u64,
}

/// What somebody decides of a punch.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReview {
    /// Whether it counts.
    is_accepted: bool,
    /// The moment that it counts at, if not its own.
    at: Option<Time>,
    /// Why, for people.
    comment: String,
}

/// Lists punches, newest first.
#[utoipa::path(
    get, path = "/api/v1/punches", operation_id = "punches_list",
    tag = "attendance", params(Query), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "A page of punches", body = Page<PunchView>), Refused)
)]
pub(super) async fn list(
    _: Operator,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<PunchView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(read_cursor).transpose()?;
    let filter = PunchFilter {
        site: query.site.as_deref().map(site_id).transpose()?,
        terminal: query.terminal,
        enrol_id: query.number.map(|number| enrol_number("number", number)).transpose()?,
        from_ms: query.from.map(|from| from.0),
        to_ms: query.to.map(|to| to.0),
        only_counting: query.only == Some(Only::Counting),
        only_in_doubt: query.only == Some(Only::InDoubt),
    };
    let mut punches = admin.store.punches(&filter, after, rows + 1).await?;
    let has_more = cut(&mut punches, rows);
    let next = punches.last().filter(|_| has_more).map(|last| format!("{}_{}", last.moment_ms(), last.order));
    Ok(Json(Page { items: punches.iter().map(PunchView::from).collect(), next }))
}

fn read_cursor(text: &str) -> Result<(i64, u64), Problem> {
    let parts = text.split_once('_').and_then(|(at, order)| Some((at.parse().ok()?, order.parse().ok()?)));
    parts.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

/// Shows one punch.
#[utoipa::path(
    get, path = "/api/v1/punches/{key}", operation_id = "punches_show",
    tag = "attendance", params(("key" = String, Path, description = "Its name")), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The punch", body = PunchView), Refused)
)]
pub(super) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path(key): Path<String>,
) -> Result<Json<PunchView>, Problem> {
    Ok(Json(PunchView::from(&find(&admin, &key).await?)))
}

/// Decides whether a punch counts, and at which moment; it replaces what was decided before.
#[utoipa::path(
    put, path = "/api/v1/punches/{key}/review", operation_id = "punches_review",
    tag = "attendance", request_body = NewReview, extensions(("x-role" = json!("operator"))),
    params(("key" = String, Path, description = "Its name")),
    responses((status = 200, description = "The punch as it is from now on", body = PunchView), Refused)
)]
pub(super) async fn review(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(key): Path<String>,
    Body(new): Body<NewReview>,
) -> Result<Json<PunchView>, Problem> {
    let punch = find(&admin, &key).await?;
    let review = Review {
        key: punch.key,
        is_accepted: new.is_accepted,
        at_ms: new.at.map(|at| at.0),
        account: caller.account,
        comment: line("comment", &new.comment, COMMENT_LENGTH_MAX)?,
        made_ms: admin.clock.wall_ms(),
    };
    if review.is_accepted && !review.applied(punch).counts {
        let detail = "it names no person or no moment; a missing moment can be given as `at`, a missing person cannot";
        return Err(Problem::invalid("is_accepted", detail));
    }
    admin.store.put_review(&review).await?;
    Ok(Json(PunchView::from(&find(&admin, &key).await?)))
}

/// Takes a decision back: the punch counts again, or not, by itself.
#[utoipa::path(
    delete, path = "/api/v1/punches/{key}/review", operation_id = "punches_unreview",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    params(("key" = String, Path, description = "Its name")),
    responses((status = 204, description = "Taken back, or nothing was decided"), Refused)
)]
pub(super) async fn unreview(
    _: Operator,
    State(admin): State<Admin>,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    admin.store.remove_review(find(&admin, &key).await?.key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(admin: &Admin, key: &str) -> Result<Punch, Problem> {
    let known = match key.parse::<PunchKey>() {
        Ok(key) => admin.store.punch(key).await?,
        Err(_not_a_key) => None,
    };
    known.ok_or_else(|| {
        let shown: String = key.chars().take(64).collect();
        let detail = format!("no punch is called `{shown}`; `vigie-hub attendance punches` shows their names");
        Problem::new(StatusCode::NOT_FOUND, "punch_unknown", "There is no such punch", detail)
    })
}

impl From<&Punch> for PunchView {
    fn from(punch: &Punch) -> Self {
        Self {
            key: punch.key.to_string(),
            site: punch.site.to_string(),
            terminal: punch.terminal.clone(),
            number: punch.enrol_id,
            name: punch.name.clone(),
            at: punch.at_ms.map(Time),
            meant: punch.meant_ms.map(Time),
            local_time: punch.local_time.clone(),
            zone: punch.zone.clone(),
            received: Time(punch.received_ms),
            kind: word(punch.kind),
            direction: punch.direction.map(word),
            recognised: punch.means.map(word),
            mode: punch.mode,
            inout: punch.in_out,
            event: punch.event,
            temperature_centi_c: punch.temperature_centi_c,
            access: punch.access,
            photo: punch.photo.clone(),
            doubts: punch.doubts.iter().map(word).collect(),
            counts: punch.counts,
            seen: punch.seen,
        }
    }
}

#[cfg(test)]
mod tests;
