//! `/api/v1/machines/{id}/history`: what a machine measured hour by hour, and what changed about it.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::find;
use super::view::pressure;
use crate::http::Admin;
use crate::http::guard::Viewer;
use crate::http::input::{Params, limit};
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::store::machines::{Change, Day, Hour, changes};

/// How far back the history goes if nobody says, milliseconds: 30 days.
const SPAN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Hours of one page: 13 months of them.
const HOURS_MAX: usize = 10_000;

/// Days that are looked through for changes: ten years of them.
const DAYS_MAX: usize = 3660;

/// Which part of the past.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Span {
    /// From; 30 days before the end if not given.
    from: Option<Time>,
    /// To, exclusive; now if not given.
    to: Option<Time>,
    /// How many hours, 1 to 10000; 10000 if not given.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
}

/// A machine's past.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MachineHistory {
    /// What it measured last in each hour in which it was read, oldest first.
    hours: Vec<MachineHour>,
    /// What changed, newest first.
    changes: Vec<MachineChange>,
    /// What its battery could still hold, day by day, oldest first.
    battery: Vec<BatteryDay>,
    /// Where the next page begins: pass it as `from`. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Time>,
}

/// What a machine measured last in an hour.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MachineHour {
    /// When.
    at: Time,
    /// The size of its disk.
    disk_total_bytes: Option<u64>,
    /// What was free of it.
    disk_free_bytes: Option<u64>,
    /// Memory in use.
    memory_used_bytes: Option<u64>,
    /// `normal`, `warning` or `critical`.
    memory_pressure: Option<&'static str>,
    /// Its battery's charge, 0 to 100.
    battery_percent: Option<u8>,
    /// Whether it hung on the mains.
    is_plugged: Option<bool>,
}

/// Something that became another.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MachineChange {
    /// When the new value was told last on the day on which it was first told.
    at: Time,
    /// What: `site`, `ip`, `computer_name`, `host_name`, `os_version`, `os_build`, `memory_bytes`, `disk_total_bytes` or
    /// `battery_condition`.
    what: &'static str,
    /// What it was.
    from: Option<String>,
    /// What it became.
    to: Option<String>,
}

/// A battery on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct BatteryDay {
    /// When.
    at: Time,
    /// What it could still hold of what it held when new, thousandths.
    health_permille: Option<u16>,
    /// Charge cycles.
    cycles: Option<u32>,
}

/// Shows a machine's past.
#[utoipa::path(
    get, path = "/api/v1/machines/{id}/history", operation_id = "machines_history",
    tag = "machines", params(("id" = String, Path, description = "Its serial number, network card or place"), Span),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Its hours and changes", body = MachineHistory), Refused)
)]
pub(in crate::http) async fn history(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(span): Params<Span>,
) -> Result<Json<MachineHistory>, Problem> {
    let rows = limit(span.limit, HOURS_MAX, HOURS_MAX)?;
    let to_ms = span.to.map_or_else(|| admin.clock.wall_ms().saturating_add(1), |to| to.0);
    let from_ms = span.from.map_or_else(|| to_ms.saturating_sub(SPAN_MS), |from| from.0);
    if from_ms >= to_ms {
        return Err(Problem::invalid("to", "the end lies before the beginning"));
    }
    let names = find(&admin, &id).await?.names();
    let mut hours = admin.store.machine_hours(&names, (from_ms, to_ms), rows + 1).await?;
    let next = hours.get(rows).map(|hour| Time(hour.at_ms));
    hours.truncate(rows);
    let days = admin.store.machine_days(&names, (from_ms, to_ms), DAYS_MAX).await?;
    Ok(Json(MachineHistory {
        hours: hours.iter().map(MachineHour::from).collect(),
        changes: changes(&days).into_iter().map(MachineChange::from).collect(),
        battery: days.iter().filter_map(BatteryDay::of).collect(),
        next,
    }))
}

impl From<&Hour> for MachineHour {
    fn from(hour: &Hour) -> Self {
        Self {
            at: Time(hour.at_ms),
            disk_total_bytes: hour.disk_total_bytes,
            disk_free_bytes: hour.disk_free_bytes,
            memory_used_bytes: hour.memory_used_bytes,
            memory_pressure: hour.memory_pressure.map(pressure),
            battery_percent: hour.battery.map(|battery| battery.percent),
            is_plugged: hour.battery.map(|battery| battery.is_plugged),
        }
    }
}

impl From<Change> for MachineChange {
    fn from(change: Change) -> Self {
        let Change { at_ms, what, from, to } = change;
        Self { at: Time(at_ms), what, from, to }
    }
}

impl BatteryDay {
    /// None of a day on which nothing of the battery was told.
    fn of(day: &Day) -> Option<Self> {
        let (health_permille, cycles) = (day.battery_health_permille, day.battery_cycles);
        let is_told = health_permille.is_some() || cycles.is_some();
        is_told.then_some(Self { at: Time(day.at_ms), health_permille, cycles })
    }
}
