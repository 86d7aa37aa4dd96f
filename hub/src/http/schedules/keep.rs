//! Keeps a schedule: each terminal has one, and days before a change keep the week that they had.

use std::fmt::Display;

use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::attendance::time::date;
use crate::attendance::{Schedule, judged};
use crate::http::Admin;
use crate::http::diary::note_of_hub;
use crate::http::problem::Problem;
use crate::login::Caller;

/// Schedules of a hub.
const SCHEDULES_MAX: usize = 500;

/// Keeps a schedule whose week holds from that day on, unless it holds for a terminal of another one. Returns it with the
/// weeks that held before.
pub(in crate::http) async fn keep(
    admin: &Admin,
    caller: &Caller,
    (schedule, from): (Schedule, Date),
) -> Result<Schedule, Problem> {
    let all = admin.store.schedules().await?;
    ensure_alone(&schedule, &all)?;
    let schedule = match all.iter().find(|other| other.name == schedule.name) {
        Some(old) => schedule.following(old, from),
        None => schedule,
    };
    admin.store.put_schedule(&schedule).await?;
    let since = judged(schedule.former.last().map(|week| &week.through as &dyn Display));
    let text = format!("Schedule {} was set by {}. {since}", schedule.name, caller.account);
    note_of_hub(admin, "schedule_set", text).await?;
    Ok(schedule)
}

/// Today in the zone of a schedule; in the hub's own if it has none.
pub(super) fn today(schedule: &Schedule, now_ms: i64) -> Date {
    let zone = schedule.zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(TimeZone::system);
    date(now_ms, &zone).unwrap_or(Date::MIN)
}

/// Each terminal has one schedule, and only one is for all others.
fn ensure_alone(schedule: &Schedule, all: &[Schedule]) -> Result<(), Problem> {
    let others = || all.iter().filter(|other| other.name != schedule.name);
    let conflict =
        |detail: String| Problem::new(StatusCode::CONFLICT, "schedule_overlaps", "Schedules overlap", detail);
    if others().count() >= SCHEDULES_MAX {
        return Err(conflict(format!("there are {SCHEDULES_MAX} schedules already; remove one first")));
    }
    if schedule.terminals.is_empty() {
        return match others().find(|other| other.terminals.is_empty()) {
            Some(other) => {
                Err(conflict(format!("schedule {} holds for all others already; name terminals", other.name)))
            }
            None => Ok(()),
        };
    }
    let shared = schedule.terminals.iter().find_map(|terminal| {
        others().find(|other| other.terminals.contains(terminal)).map(|other| (terminal, &other.name))
    });
    match shared {
        Some((terminal, other)) => {
            Err(conflict(format!("terminal {terminal} is in schedule {other}; take it out there first")))
        }
        None => Ok(()),
    }
}
