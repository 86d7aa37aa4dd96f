//! `/api/v1/terminals/{serial}/schedule`: a schedule of the hub's brought to a terminal, in the words of the few that know
//! what one is. The hub judges days by its own in any case.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::find;
use crate::attendance::profile::WeekBegins;
use crate::attendance::{Schedule, Shift, schedule_of};
use crate::http::Admin;
use crate::http::commands::{CommandView, NewCommand, give};
use crate::http::guard::Operator;
use crate::http::idempotency::Ask;
use crate::http::input::{Body, Key};
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;
use crate::login::Caller;
use crate::store::terminals::Terminal;

/// Which schedule.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct Pushed {
    /// Its name; the one that holds for the terminal if not given.
    schedule: Option<String>,
}

/// Brings a schedule to a terminal: a command for each of its days. A terminal that does not know schedules refuses each.
#[utoipa::path(
    post, path = "/api/v1/terminals/{serial}/schedule", operation_id = "terminals_push_schedule",
    tag = "terminals", extensions(("x-role" = json!("operator"))), request_body = Pushed,
    params(("serial" = String, Path, description = "Its serial number"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key gives them once")),
    responses((status = 201, description = "The commands, one per day", body = Page<CommandView>), Refused)
)]
pub(in crate::http) async fn push(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
    key: Key,
    Body(pushed): Body<Pushed>,
) -> Result<Response, Problem> {
    let terminal = find(&admin, &serial).await?;
    let schedule = chosen(admin.store.schedules().await?, &serial, pushed.schedule.as_deref())?;
    let request = (serial, pushed);
    let ask = Ask { caller: &caller, key, request: ("terminal schedules", &request) };
    admin.answers.once(ask, give_days(&admin, &caller, (&terminal, &schedule))).await
}

fn chosen(all: Vec<Schedule>, serial: &str, name: Option<&str>) -> Result<Schedule, Problem> {
    let found = match name {
        Some(name) => all.into_iter().find(|one| one.name == name).ok_or_else(|| Problem::unknown("schedule", name))?,
        None => schedule_of(&all, serial).cloned().ok_or_else(|| {
            let detail = format!("no schedule holds for terminal {serial}; make one: `vigie-hub schedule set --help`");
            Problem::new(StatusCode::CONFLICT, "schedule_missing", "There is no schedule", detail)
        })?,
    };
    if found.days.is_empty() {
        return Err(Problem::invalid("schedule", format_args!("schedule {} expects nobody on any day", found.name)));
    }
    Ok(found)
}

/// Gives a terminal's box a command for each day of a schedule.
pub(in crate::http) async fn give_days(
    admin: &Admin,
    caller: &Caller,
    (terminal, schedule): (&Terminal, &Schedule),
) -> Result<Page<CommandView>, Problem> {
    let serial = &terminal.state.terminal;
    let begins =
        admin.store.terminal_profiles().await?.get(serial).map(|profile| profile.week_begins).unwrap_or_default();
    let mut items = Vec::new();
    for (weekday, shift) in &schedule.days {
        let data = json!({ "terminal": serial, "schedule": in_its_words(*weekday, shift, begins) });
        let request = (terminal.site.to_string(), NewCommand::of("set_terminal_schedule", data));
        items.push(give(admin, caller, &request).await?);
    }
    Ok(Page { items, next: None })
}

/// A day as terminals write it that know schedules.
pub(in crate::http) fn in_its_words(weekday: i8, shift: &Shift, begins: WeekBegins) -> Value {
    let text = |time: Time| time.strftime("%H:%M").to_string();
    json!({
        "weekday": begins.place(weekday),
        "check_in": text(shift.starts),
        "check_out": text(shift.ends),
        "break_start": shift.pause.map(|(from, _)| text(from)),
        "break_end": shift.pause.map(|(_, to)| text(to)),
        "tolerance": shift.tolerance_min,
    })
}
