//! `/api/v1/holidays`: days on which nobody is expected.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::attendance::date;
use super::guard::{Operator, Viewer};
use super::input::{Body, Params, line};
use super::problem::{Problem, Refused};
use super::schedules::NAME_LENGTH_MAX;
use super::views::Page;
use crate::attendance::Holiday;

/// Holidays of a hub: decades of those of several countries.
const HOLIDAYS_MAX: usize = 5_000;

/// A holiday.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HolidayView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What it is called.
    name: String,
    /// Only in this schedule; in all if none.
    schedule: Option<String>,
}

/// What a day is called.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHoliday {
    /// What it is called.
    name: String,
    /// Only in this schedule; in all if not given.
    schedule: Option<String>,
}

/// In which schedule.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// The one of this schedule; the one of all if not given.
    schedule: Option<String>,
}

/// Lists the holidays, by day.
#[utoipa::path(
    get, path = "/api/v1/holidays", operation_id = "holidays_list",
    tag = "attendance", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every holiday", body = Page<HolidayView>), Refused)
)]
pub(super) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<Page<HolidayView>>, Problem> {
    let holidays = admin.store.holidays().await?;
    Ok(Json(Page { items: holidays.into_iter().map(HolidayView::from).collect(), next: None }))
}

/// Makes a day a holiday, or gives the holiday another name.
#[utoipa::path(
    put, path = "/api/v1/holidays/{date}", operation_id = "holidays_put",
    tag = "attendance", request_body = NewHoliday, extensions(("x-role" = json!("operator"))),
    params(("date" = String, Path, description = "The day")),
    responses((status = 200, description = "Kept", body = HolidayView), Refused)
)]
pub(super) async fn put(
    _: Operator,
    State(admin): State<Admin>,
    Path(day): Path<String>,
    Body(new): Body<NewHoliday>,
) -> Result<Json<HolidayView>, Problem> {
    let schedule = new.schedule.as_deref().map(|name| line("schedule", name, NAME_LENGTH_MAX)).transpose()?;
    let holiday = Holiday { date: date("date", &day)?, schedule, name: line("name", &new.name, NAME_LENGTH_MAX)? };
    if admin.store.holidays().await?.len() >= HOLIDAYS_MAX {
        return Err(Problem::invalid(
            "date",
            format_args!("there are {HOLIDAYS_MAX} holidays already; remove old ones"),
        ));
    }
    admin.store.put_holiday(&holiday).await?;
    Ok(Json(HolidayView::from(holiday)))
}

/// Makes a holiday a day like others.
#[utoipa::path(
    delete, path = "/api/v1/holidays/{date}", operation_id = "holidays_delete",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    params(("date" = String, Path, description = "The day"), Query),
    responses((status = 204, description = "Removed"), Refused)
)]
pub(super) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path(day): Path<String>,
    Params(query): Params<Query>,
) -> Result<StatusCode, Problem> {
    if admin.store.remove_holiday(date("date", &day)?, query.schedule.as_deref()).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "there is no holiday on that day; `vigie-hub schedule holiday list` shows all, and of which schedule";
    Err(Problem::new(StatusCode::NOT_FOUND, "holiday_unknown", "There is no such holiday", detail))
}

impl From<Holiday> for HolidayView {
    fn from(Holiday { date, schedule, name }: Holiday) -> Self {
        Self { date, name, schedule }
    }
}
