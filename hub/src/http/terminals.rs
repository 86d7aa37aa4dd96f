//! `/api/v1/terminals`: time clocks as their boxes tell of them, who is enrolled, and what boxes are asked to do on them.

pub(super) mod profile;
pub(super) mod schedule;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::wire::reading::{Standing, TerminalRoom};

use super::Admin;
use super::commands::{CommandView, NewCommand, give};
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Viewer};
use super::idempotency::Ask;
use super::input::{Body, Key, Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::{Page, word};
use crate::attendance::driver::TERMINALS_MAX;
use crate::attendance::forecast::full_ms;
use crate::store::terminals::{Enrolled, RoomDay, Terminal};

/// Which terminals.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this site.
    site: Option<String>,
    /// Only those that are `admitted`, `pending` or `refused`.
    standing: Option<String>,
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many credentials, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A time clock.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TerminalView {
    /// Its serial number.
    serial: String,
    /// Where it stands.
    site: String,
    /// `admitted`, `pending` or `refused`.
    standing: String,
    /// Whether it is connected to its box.
    is_connected: bool,
    /// When it was last heard.
    heard: Option<Time>,
    /// When its box last told of it.
    told: Time,
    /// Where it calls from.
    address: Option<String>,
    /// Its model.
    model: Option<String>,
    /// Its program's version.
    firmware: Option<String>,
    /// The IANA zone of its local times.
    zone: String,
    /// How far its clock was ahead when last measured.
    clock_ahead_ms: Option<i64>,
    /// Rows of its log that nobody acknowledged yet, by its own count.
    unsent: Option<u64>,
    /// Messages of it that broke the rules since its agent started.
    violations: u64,
    /// Its memories.
    memories: Vec<MemoryView>,
}

/// One memory of a terminal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemoryView {
    /// What it holds.
    what: String,
    /// How many it holds.
    used: Option<u64>,
    /// How many it can hold.
    capacity: Option<u64>,
    /// When it will be full if it goes on filling as it did.
    full: Option<Time>,
}

/// Somebody who is enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnrolledView {
    /// The number under which the terminal knows the person.
    number: u64,
    /// The name that the terminal shows.
    name: Option<String>,
    /// 0 user, 1 administrator, 2 may enrol users.
    admin: Option<i32>,
    /// Which credentials: 0 to 9 fingers, 10 password, 11 card, 20 to 27 face, 30 to 37 palm, 50 photo.
    slots: Vec<i32>,
    /// When the box last told of it.
    told: Time,
}

/// Lists terminals, by site and serial number.
#[utoipa::path(
    get, path = "/api/v1/terminals", operation_id = "terminals_list",
    tag = "terminals", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every terminal", body = Page<TerminalView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<TerminalView>>, Problem> {
    let site = query.site.as_deref().map(site_id).transpose()?;
    let terminals = admin.store.terminals(site.as_ref(), TERMINALS_MAX).await?;
    let is_asked = |view: &TerminalView| query.standing.as_ref().is_none_or(|asked| view.standing == *asked);
    Ok(Json(Page { items: terminals.iter().map(TerminalView::from).filter(is_asked).collect(), next: None }))
}

/// Shows one terminal.
#[utoipa::path(
    get, path = "/api/v1/terminals/{serial}", operation_id = "terminals_show",
    tag = "terminals", params(("serial" = String, Path, description = "Its serial number")),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The terminal", body = TerminalView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
) -> Result<Json<TerminalView>, Problem> {
    Ok(Json(TerminalView::from(&find(&admin, &serial).await?)))
}

/// Lists who is enrolled on a terminal, by number.
#[utoipa::path(
    get, path = "/api/v1/terminals/{serial}/users", operation_id = "terminals_users",
    tag = "terminals", params(("serial" = String, Path, description = "Its serial number"), Rows),
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "A page of people", body = Page<EnrolledView>), Refused)
)]
pub(super) async fn users(
    _: Operator,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
    Params(query): Params<Rows>,
) -> Result<Json<Page<EnrolledView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(read_cursor).transpose()?;
    let mut enrolled = admin.store.enrolled(&serial, after, rows + 1).await?;
    let has_more = cut(&mut enrolled, rows);
    // A person's credentials stay on one page.
    let next = enrolled.last().filter(|_| has_more).map(|last| format!("{}-{}", last.enrol_id, last.slot));
    let mut people: BTreeMap<u64, EnrolledView> = BTreeMap::new();
    for row in enrolled {
        let view = people.entry(row.enrol_id).or_insert_with(|| EnrolledView::new(&row));
        view.slots.push(row.slot);
        view.name = view.name.take().or(row.name);
    }
    Ok(Json(Page { items: people.into_values().collect(), next }))
}

/// Asks a terminal's box to do something on it: a command, with the terminal among its parameters.
#[utoipa::path(
    post, path = "/api/v1/terminals/{serial}/commands", operation_id = "terminals_order",
    tag = "terminals", request_body = NewCommand, extensions(("x-role" = json!("operator"))),
    params(("serial" = String, Path, description = "Its serial number"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key gives one command")),
    responses((status = 201, description = "Stored; it is sent as soon as the box hears", body = CommandView), Refused)
)]
pub(super) async fn order(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
    key: Key,
    Body(new): Body<NewCommand>,
) -> Result<Response, Problem> {
    let terminal = find(&admin, &serial).await?;
    let request = (terminal.site.to_string(), new.on_terminal(&serial)?);
    let ask = Ask { caller: &caller, key, request: ("terminals", &request) };
    admin.answers.once(ask, give(&admin, &caller, &request)).await
}

/// The terminal of that number that was told of last: two sites may tell of one.
pub(super) async fn find(admin: &Admin, serial: &str) -> Result<Terminal, Problem> {
    let all = admin.store.terminals(None, TERMINALS_MAX).await?.into_iter();
    let newest = all.filter(|terminal| terminal.state.terminal == serial).max_by_key(|terminal| terminal.told_ms);
    newest.ok_or_else(|| Problem::unknown("terminal", serial))
}

fn read_cursor(text: &str) -> Result<(u64, i32), Problem> {
    let parts = text.split_once('-').and_then(|(number, slot)| Some((number.parse().ok()?, slot.parse().ok()?)));
    parts.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

impl From<&Terminal> for TerminalView {
    fn from(terminal: &Terminal) -> Self {
        let state = &terminal.state;
        Self {
            serial: state.terminal.clone(),
            site: terminal.site.to_string(),
            standing: word_of(state.standing),
            is_connected: state.is_connected,
            heard: terminal.heard_ms.map(Time),
            told: Time(terminal.told_ms),
            address: state.address.map(|address| address.to_string()),
            model: state.hardware.model.clone(),
            firmware: state.hardware.firmware.clone(),
            zone: state.zone.clone(),
            clock_ahead_ms: state.clock_ahead_ms,
            unsent: state.unsent,
            violations: state.violations,
            memories: state.room.iter().map(|room| MemoryView::new(room, &terminal.history)).collect(),
        }
    }
}

impl MemoryView {
    fn new(room: &TerminalRoom, history: &[RoomDay]) -> Self {
        let own: Vec<&RoomDay> = history.iter().filter(|row| row.what == room.what).collect();
        let full = room.capacity.and_then(|capacity| full_ms(&own, capacity)).map(Time);
        Self { what: room.what.clone(), used: room.used, capacity: room.capacity, full }
    }
}

impl EnrolledView {
    fn new(row: &Enrolled) -> Self {
        let name = row.name.clone();
        Self { number: row.enrol_id, name, admin: row.admin, slots: Vec::new(), told: Time(row.told_ms) }
    }
}

fn word_of(standing: Standing) -> String {
    word(standing).to_lowercase()
}

#[cfg(test)]
mod tests;
