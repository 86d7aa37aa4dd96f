//! `/devices/api/terminals/…`: time clocks and their working hours, one row per weekday, as the old server had them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Remarked;
use super::{known_terminals, number, terminal, unknown};
use crate::attendance::{Schedule, Shift, schedule_of};
use crate::http::Admin;
use crate::http::guard::{Operator, Viewer};
use crate::http::input::line;
use crate::http::problem::{Problem, Refused};
use crate::http::schedules::{NAME_LENGTH_MAX, TOLERANCE_MIN_MAX, keep};
use crate::http::terminals::schedule::give_days;
use crate::store::numbers::Numbered;

/// Minutes of tolerance where nobody says, as the old server had it.
const TOLERANCE_MIN: u16 = 15;

/// A time clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyTerminalView)]
pub(super) struct TerminalView {
    /// Its number.
    id: i64,
    /// Its serial number.
    sn: String,
    /// Where it stands.
    site: String,
    /// Whether it is connected to its box.
    is_connected: bool,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyTerminalsView)]
pub(super) struct TerminalsView {
    /// How many.
    count: usize,
    /// Each.
    results: Vec<TerminalView>,
}

/// Working hours of one weekday.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LegacyNewHours, example = json!({
    "name": "Horaire Standard", "weekday": 0, "check_in_time": "08:00", "check_out_time": "17:00",
    "break_start_time": "12:00", "break_end_time": "13:00", "tolerance_minutes": 15,
}))]
pub(super) struct NewHours {
    /// What they are called.
    #[schema(example = "Horaire Standard")]
    name: String,
    /// 0 Monday to 6 Sunday.
    weekday: i8,
    /// When work begins, `08:00`.
    check_in_time: String,
    /// When it ends; not after its beginning means on the day after.
    check_out_time: String,
    /// When a break begins.
    break_start_time: Option<String>,
    /// When it ends.
    break_end_time: Option<String>,
    /// Minutes by which somebody may come later or leave earlier; 15 if not given.
    tolerance_minutes: Option<u16>,
}

/// Working hours of one weekday at one terminal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyHoursView)]
pub(super) struct HoursView {
    /// Their number.
    id: i64,
    /// The terminal's number.
    terminal: i64,
    /// The schedule that they are part of.
    name: String,
    /// 0 Monday to 6 Sunday.
    weekday: i8,
    /// When work begins.
    check_in_time: String,
    /// When it ends.
    check_out_time: String,
    /// When a break begins.
    break_start_time: Option<String>,
    /// When it ends.
    break_end_time: Option<String>,
    /// Minutes by which somebody may come later or leave earlier.
    tolerance_minutes: u16,
}

/// The working hours of a terminal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyWeekView)]
pub(super) struct WeekView {
    /// How many days have some.
    count: usize,
    /// Each.
    results: Vec<HoursView>,
}

/// Which working hours go to the terminal.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = LegacyPush, example = json!({ "schedule_id": 1 }))]
pub(super) struct Push {
    /// Their number; those of all weekdays if null.
    schedule_id: Option<i64>,
}

/// What goes to the terminal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyPushedView)]
pub(super) struct PushedView {
    /// The commands are stored; they are sent as soon as the terminal's box hears.
    success: bool,
    /// The commands, by id, one per weekday.
    commands: Vec<String>,
}

/// Lists time clocks with the numbers that these paths know them by.
#[utoipa::path(
    get, path = "/devices/api/terminals/", operation_id = "legacy_terminals_list",
    tag = "legacy", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every terminal", body = TerminalsView), Refused)
)]
pub(super) async fn terminals(_: Viewer, State(admin): State<Admin>) -> Result<Json<TerminalsView>, Problem> {
    let known = known_terminals(&admin).await?;
    let results: Vec<TerminalView> = known
        .into_iter()
        .map(|(id, terminal)| TerminalView {
            id,
            site: terminal.site.to_string(),
            is_connected: terminal.state.is_connected,
            sn: terminal.state.terminal,
        })
        .collect();
    Ok(Json(TerminalsView { count: results.len(), results }))
}

/// Lists the working hours of a terminal, by weekday.
#[utoipa::path(
    get, path = "/devices/api/terminals/{terminal}/schedules/", operation_id = "legacy_schedules_list",
    tag = "legacy", extensions(("x-role" = json!("viewer"))),
    params(("terminal" = i64, Path, description = "The terminal's number")),
    responses((status = 200, description = "Its working hours", body = WeekView), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<WeekView>, Problem> {
    let id = number("terminal", &id)?;
    let serial = terminal(&admin, id).await?.state.terminal;
    let schedules = admin.store.schedules().await?;
    let results = match schedule_of(&schedules, &serial) {
        Some(schedule) => rows(&admin, (id, &serial), schedule).await?,
        None => Vec::new(),
    };
    Ok(Json(WeekView { count: results.len(), results }))
}

/// Sets the working hours of one weekday at a terminal. Days are judged by them, past ones too.
#[utoipa::path(
    post, path = "/devices/api/terminals/{terminal}/schedules/", operation_id = "legacy_schedules_create",
    tag = "legacy", extensions(("x-role" = json!("operator"))), request_body = NewHours,
    params(("terminal" = i64, Path, description = "The terminal's number")),
    responses((status = 201, description = "Set", body = HoursView), Refused)
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Remarked(new): Remarked<NewHours>,
) -> Result<Response, Problem> {
    let id = number("terminal", &id)?;
    let serial = terminal(&admin, id).await?.state.terminal;
    let name = line("name", &new.name, NAME_LENGTH_MAX)?;
    let (weekday, shift) = new.checked()?;
    for schedule in placed(&admin.store.schedules().await?, (&serial, &name), (weekday, shift)) {
        keep(&admin, &caller, (schedule, Date::MIN)).await?;
    }
    let schedules = admin.store.schedules().await?;
    let schedule = schedule_of(&schedules, &serial).ok_or_else(|| unknown("schedule", id))?;
    let kept = rows(&admin, (id, &serial), schedule).await?.into_iter().find(|row| row.weekday == weekday - 1);
    Ok((StatusCode::CREATED, Json(kept)).into_response())
}

/// Brings working hours to a terminal, a command per weekday. A terminal that does not know schedules refuses each.
#[utoipa::path(
    post, path = "/devices/api/terminals/{terminal}/schedules/sync/", operation_id = "legacy_schedules_push",
    tag = "legacy", extensions(("x-role" = json!("operator"))), request_body = Push,
    params(("terminal" = i64, Path, description = "The terminal's number")),
    responses((status = 200, description = "The commands are stored", body = PushedView), Refused)
)]
pub(super) async fn push(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Remarked(wish): Remarked<Push>,
) -> Result<Json<PushedView>, Problem> {
    let id = number("terminal", &id)?;
    let terminal = terminal(&admin, id).await?;
    let schedules = admin.store.schedules().await?;
    let found = schedule_of(&schedules, &terminal.state.terminal).filter(|schedule| !schedule.days.is_empty());
    let mut schedule = found.cloned().ok_or_else(|| {
        let detail =
            format!("no working hours hold for terminal {id}; set them: POST {}terminals/{id}/schedules/", super::ROOT);
        Problem::new(StatusCode::CONFLICT, "schedule_missing", "There is no schedule", detail)
    })?;
    if let Some(wanted) = wish.schedule_id {
        let rows = rows(&admin, (id, &terminal.state.terminal), &schedule).await?;
        let row = rows.iter().find(|row| row.id == wanted).ok_or_else(|| unknown("schedule", wanted))?;
        schedule.days.retain(|weekday, _| *weekday == row.weekday + 1);
    }
    let given = give_days(&admin, &caller, (&terminal, &schedule)).await?;
    Ok(Json(PushedView { success: true, commands: given.items.into_iter().map(|command| command.id).collect() }))
}

async fn rows(admin: &Admin, (id, serial): (i64, &str), schedule: &Schedule) -> Result<Vec<HoursView>, Problem> {
    let names: Vec<String> = schedule.days.keys().map(|weekday| format!("{serial}/{weekday}")).collect();
    let numbers = admin.store.numbers(Numbered::Shift, &names).await?;
    let text = |time: Time| time.strftime("%H:%M").to_string();
    let row = |(number, (weekday, shift)): (i64, (&i8, &Shift))| HoursView {
        id: number,
        terminal: id,
        name: schedule.name.clone(),
        weekday: weekday - 1,
        check_in_time: text(shift.starts),
        check_out_time: text(shift.ends),
        break_start_time: shift.pause.map(|(from, _)| text(from)),
        break_end_time: shift.pause.map(|(_, to)| text(to)),
        tolerance_minutes: shift.tolerance_min,
    };
    Ok(numbers.into_iter().zip(&schedule.days).map(row).collect())
}

/// The schedules to keep, in this order, so that a terminal has that shift on that weekday (1 Monday to 7 Sunday), and
/// no other terminal anything else than before.
fn placed(all: &[Schedule], (serial, name): (&str, &str), (weekday, shift): (i8, Shift)) -> Vec<Schedule> {
    let is_taken = |name: &str| all.iter().any(|schedule| schedule.name == name);
    let free = || if is_taken(name) { format!("{name} ({serial})") } else { name.to_owned() };
    let own = |mut schedule: Schedule| {
        schedule.days.insert(weekday, shift);
        schedule
    };
    match all.iter().find(|schedule| schedule.terminals.iter().any(|terminal| terminal == serial)) {
        Some(alone) if alone.terminals.len() == 1 => vec![own(alone.clone())],
        Some(shared) => {
            let mut others = shared.clone();
            others.terminals.retain(|terminal| terminal != serial);
            vec![others, own(Schedule { name: free(), terminals: vec![serial.to_owned()], ..shared.clone() })]
        }
        // The old server took one number for one person on all terminals.
        None => vec![own(Schedule {
            terminals: vec![serial.to_owned()],
            has_common_numbers: true,
            ..Schedule::empty(&free())
        })],
    }
}

impl NewHours {
    /// The weekday, 1 Monday to 7 Sunday, and what is expected on it.
    fn checked(&self) -> Result<(i8, Shift), Problem> {
        if !(0..=6).contains(&self.weekday) {
            return Err(Problem::invalid("weekday", "use 0 for Monday to 6 for Sunday"));
        }
        let pause = match (&self.break_start_time, &self.break_end_time) {
            (None, None) => None,
            (Some(from), Some(to)) => Some((clock("break_start_time", from)?, clock("break_end_time", to)?)),
            _ => return Err(Problem::invalid("break_end_time", "a break has a beginning and an end")),
        };
        let tolerance_min = self.tolerance_minutes.unwrap_or(TOLERANCE_MIN);
        if tolerance_min > TOLERANCE_MIN_MAX {
            return Err(Problem::invalid("tolerance_minutes", format_args!("use 0 to {TOLERANCE_MIN_MAX}")));
        }
        let (starts, ends) =
            (clock("check_in_time", &self.check_in_time)?, clock("check_out_time", &self.check_out_time)?);
        let shift = Shift { starts, ends, pause, tolerance_min };
        if !shift.holds_its_pause() {
            return Err(Problem::invalid("break_start_time", "the break does not lie within the working hours"));
        }
        Ok((self.weekday + 1, shift))
    }
}

fn clock(field: &str, text: &str) -> Result<Time, Problem> {
    text.trim().parse().map_err(|_no_time| Problem::invalid(field, "write a time of day like 08:00"))
}
