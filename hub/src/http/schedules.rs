//! `/api/v1/schedules`: when people of some terminals are expected, by weekday.

mod keep;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use self::keep::keep;
use self::keep::today;
use super::Admin;
use super::about::known_zone;
use super::attendance::date;
use super::diary::note_of_hub;
use super::guard::{Operator, Viewer};
use super::input::{Body, line};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::attendance::{Directions, FormerWeek, REPEAT_S, Schedule, Shift, WEEKDAYS};

/// Longest name of a schedule or a terminal, characters.
pub(super) const NAME_LENGTH_MAX: usize = 64;

/// Terminals of one schedule.
const TERMINALS_MAX: usize = 1_000;

/// A tolerance is a matter of minutes; beyond, another shift is meant.
pub(super) const TOLERANCE_MIN_MAX: u16 = 240;

/// A longer time between two punches is no repetition: an hour.
const REPEAT_S_MAX: u16 = 3_600;

/// The plan of some terminals.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleBody {
    /// The serial numbers of the terminals that it holds for; empty for all that no other schedule names.
    #[serde(default)]
    terminals: Vec<String>,
    /// The IANA zone of its times; each terminal's own if not given.
    zone: Option<String>,
    /// What is expected on each weekday, `monday` to `sunday`; a day that is missing is off.
    #[serde(default)]
    days: BTreeMap<String, ShiftView>,
    /// Whether one number is the same person on all of its terminals.
    #[serde(default)]
    has_common_numbers: bool,
    /// Who says whether somebody came or went: `terminal`, where its numbers say so, or `alternate`.
    #[serde(default)]
    directions: Way,
    /// A punch of the same person within so many seconds repeats the one before; 60 if not given.
    repeat_s: Option<u16>,
    /// The first day that the week holds for, `2026-11-20`; today if not given. Days before keep the week that they had; an
    /// earlier day judges them anew.
    from: Option<String>,
}

/// Who says whether somebody came or went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// The terminal where its numbers say so, else each punch is the opposite of the one before.
    #[default]
    Terminal,
    /// Each punch is the opposite of the one before.
    Alternate,
}

/// What is expected on one day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftView {
    /// When work begins, `08:00`.
    starts: String,
    /// When it ends; not after `starts` means on the day after.
    ends: String,
    /// When a break begins.
    break_starts: Option<String>,
    /// When it ends.
    break_ends: Option<String>,
    /// Minutes by which somebody may come later or leave earlier.
    #[serde(default)]
    tolerance_min: u16,
}

/// A schedule and its name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleView {
    /// Its name.
    name: String,
    /// The serial numbers of the terminals that it holds for; empty for all that no other schedule names.
    terminals: Vec<String>,
    /// The IANA zone of its times; null for each terminal's own.
    zone: Option<String>,
    /// What is expected on each weekday, `monday` to `sunday`; a day that is missing is off.
    days: BTreeMap<String, ShiftView>,
    /// Whether one number is the same person on all of its terminals.
    has_common_numbers: bool,
    /// Who says whether somebody came or went: `terminal`, where its numbers say so, or `alternate`.
    directions: Way,
    /// A punch of the same person within so many seconds repeats the one before.
    repeat_s: u16,
    /// Weeks that held before, the oldest first.
    former: Vec<FormerWeekView>,
}

/// A week that a schedule had until it was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormerWeekView {
    /// The last day that it holds for.
    #[schema(value_type = String, format = Date)]
    through: Date,
    /// What was expected on each weekday.
    days: BTreeMap<String, ShiftView>,
}

/// Lists the schedules, by name.
#[utoipa::path(
    get, path = "/api/v1/schedules", operation_id = "schedules_list",
    tag = "attendance", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every schedule", body = Page<ScheduleView>), Refused)
)]
pub(super) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<Page<ScheduleView>>, Problem> {
    let schedules = admin.store.schedules().await?;
    Ok(Json(Page { items: schedules.iter().map(ScheduleView::from).collect(), next: None }))
}

/// Adds a schedule or replaces the one of that name. Days are judged by its week from today or the named day on.
#[utoipa::path(
    put, path = "/api/v1/schedules/{name}", operation_id = "schedules_put",
    tag = "attendance", request_body = ScheduleBody, extensions(("x-role" = json!("operator"))),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "Kept", body = ScheduleView),
              (status = 409, description = "A terminal is in another schedule", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn put(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(body): Body<ScheduleBody>,
) -> Result<Json<ScheduleView>, Problem> {
    let schedule = checked(&name, &body)?;
    let from = body.from.as_deref().map(|from| date("from", from)).transpose()?;
    let from = from.unwrap_or_else(|| today(&schedule, admin.clock.wall_ms()));
    let kept = keep(&admin, &caller, (schedule, from)).await?;
    Ok(Json(ScheduleView::from(&kept)))
}

/// Removes a schedule; punches stay.
#[utoipa::path(
    delete, path = "/api/v1/schedules/{name}", operation_id = "schedules_delete",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "Removed"), Refused)
)]
pub(super) async fn remove(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if !admin.store.remove_schedule(&name).await? {
        return Err(Problem::unknown("schedule", &name));
    }
    let text = format!("Schedule {name} was removed by {}. Punches stay; nobody is expected by it.", caller.account);
    note_of_hub(&admin, "schedule_removed", text).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(name: &str, body: &ScheduleBody) -> Result<Schedule, Problem> {
    if body.terminals.len() > TERMINALS_MAX {
        return Err(Problem::invalid("terminals", format_args!("at most {TERMINALS_MAX}")));
    }
    let repeat_s = body.repeat_s.unwrap_or(REPEAT_S);
    if repeat_s > REPEAT_S_MAX {
        return Err(Problem::invalid("repeat_s", format_args!("use 0 to {REPEAT_S_MAX} seconds")));
    }
    let terminals = body.terminals.iter().map(|terminal| line("terminals", terminal, NAME_LENGTH_MAX));
    let days = body.days.iter().map(|(name, shift)| Ok((weekday(name)?, shift.checked(name)?)));
    Ok(Schedule {
        name: line("name", name, NAME_LENGTH_MAX)?,
        terminals: terminals.collect::<Result<_, Problem>>()?,
        zone: body.zone.as_deref().map(|zone| known_zone("zone", zone)).transpose()?,
        days: days.collect::<Result<_, Problem>>()?,
        has_common_numbers: body.has_common_numbers,
        directions: match body.directions {
            Way::Terminal => Directions::Terminal,
            Way::Alternate => Directions::Alternate,
        },
        repeat_s,
        former: Vec::new(),
    })
}

fn weekday(name: &str) -> Result<i8, Problem> {
    let found = WEEKDAYS.iter().find(|(word, _)| *word == name).map(|(_, day)| day.to_monday_one_offset());
    let shown: String = name.chars().take(32).collect();
    found.ok_or_else(|| Problem::invalid("days", format_args!("`{shown}` is no weekday; use monday to sunday")))
}

fn clock(field: &str, text: &str) -> Result<Time, Problem> {
    let shown: String = text.chars().take(16).collect();
    Time::strptime("%H:%M", text)
        .map_err(|_no_time| Problem::invalid(field, format_args!("`{shown}` is no time of day; write it like 08:00")))
}

impl ShiftView {
    fn checked(&self, day: &str) -> Result<Shift, Problem> {
        let field = format!("days.{day}");
        let pause = match (&self.break_starts, &self.break_ends) {
            (None, None) => None,
            (Some(from), Some(to)) => Some((clock(&field, from)?, clock(&field, to)?)),
            _ => return Err(Problem::invalid(&field, "a break has a beginning and an end")),
        };
        if self.tolerance_min > TOLERANCE_MIN_MAX {
            return Err(Problem::invalid(&field, format_args!("a tolerance has at most {TOLERANCE_MIN_MAX} minutes")));
        }
        let (starts, ends) = (clock(&field, &self.starts)?, clock(&field, &self.ends)?);
        let shift = Shift { starts, ends, pause, tolerance_min: self.tolerance_min };
        if !shift.holds_its_pause() {
            return Err(Problem::invalid(&field, "the break does not lie within the shift"));
        }
        Ok(shift)
    }
}

impl From<&Shift> for ShiftView {
    fn from(shift: &Shift) -> Self {
        let text = |time: Time| time.strftime("%H:%M").to_string();
        Self {
            starts: text(shift.starts),
            ends: text(shift.ends),
            break_starts: shift.pause.map(|(from, _)| text(from)),
            break_ends: shift.pause.map(|(_, to)| text(to)),
            tolerance_min: shift.tolerance_min,
        }
    }
}

/// A week by the names of its days.
fn week(days: &BTreeMap<i8, Shift>) -> BTreeMap<String, ShiftView> {
    let day = |number: &i8| WEEKDAYS.iter().find(|(_, day)| day.to_monday_one_offset() == *number);
    let named = |(number, shift)| Some((day(number)?.0.to_owned(), ShiftView::from(shift)));
    days.iter().filter_map(named).collect()
}

impl From<&FormerWeek> for FormerWeekView {
    fn from(former: &FormerWeek) -> Self {
        Self { through: former.through, days: week(&former.days) }
    }
}

impl From<&Schedule> for ScheduleView {
    fn from(schedule: &Schedule) -> Self {
        Self {
            name: schedule.name.clone(),
            terminals: schedule.terminals.clone(),
            zone: schedule.zone.clone(),
            days: week(&schedule.days),
            has_common_numbers: schedule.has_common_numbers,
            directions: match schedule.directions {
                Directions::Terminal => Way::Terminal,
                Directions::Alternate => Way::Alternate,
            },
            repeat_s: schedule.repeat_s,
            former: schedule.former.iter().map(FormerWeekView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
