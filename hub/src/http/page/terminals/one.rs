//! One terminal: its health, its memories, who is enrolled, what a third party's list would change there, its commands.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::TerminalRow;
use super::preview::{Preview, preview};
use super::words::{self, Words};
use crate::attendance::driver::TERMINALS_MAX;
use crate::attendance::schedule_of;
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::terminals::Terminal;
use crate::text;

/// Credentials that the page looks through: more than any terminal holds of each kind.
const ENROLLED_MAX: usize = 100_000;
/// People shown.
const PEOPLE_MAX: usize = 500;

/// Somebody who is enrolled.
struct PersonRow {
    number: u64,
    name: String,
    credentials: usize,
}

/// What the people of one connector would change here.
struct Change {
    connector: String,
    preview: Preview,
}

/// One memory.
struct MemoryRow {
    what: String,
    used: String,
    capacity: String,
}

#[derive(Template)]
#[template(path = "terminal.html")]
struct TerminalPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    row: TerminalRow,
    zone: String,
    address: String,
    violations: u64,
    memories: Vec<MemoryRow>,
    /// The schedule that holds for it.
    schedule: Option<String>,
    people: Vec<PersonRow>,
    more_people: bool,
    changes: Vec<Change>,
    now: Time,
}

/// Shows one terminal.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &serial).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, serial: &str) -> Result<Response, Problem> {
    let all = admin.store.terminals(None, TERMINALS_MAX).await?.into_iter();
    let newest = all.filter(|one| one.state.terminal == serial).max_by_key(|one| one.told_ms);
    let terminal = newest.ok_or_else(|| Problem::unknown("terminal", serial))?;
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    // Names and numbers of people are for operators, as in the API.
    let mut people = if frame.is_operator() { people(admin, serial).await? } else { Vec::new() };
    let here: BTreeMap<u64, String> = people.iter().map(|one| (one.number, one.name.clone())).collect();
    let more_people = people.len() > PEOPLE_MAX;
    people.truncate(PEOPLE_MAX);
    let schedules = admin.store.schedules().await?;
    Ok(render(&TerminalPage {
        frame,
        w,
        row: Local::of_hub(frame, now_ms).terminal(&terminal, w),
        zone: terminal.state.zone.clone(),
        address: terminal.state.address.map(|address| address.to_string()).unwrap_or_default(),
        violations: terminal.state.violations,
        memories: memories(frame, &terminal),
        schedule: schedule_of(&schedules, serial).map(|schedule| schedule.name.clone()),
        people,
        more_people,
        changes: if frame.is_operator() { changes(admin, (serial, &here)).await? } else { Vec::new() },
        now: Time(now_ms),
    }))
}

async fn people(admin: &Admin, serial: &str) -> Result<Vec<PersonRow>, Problem> {
    let mut people: BTreeMap<u64, PersonRow> = BTreeMap::new();
    for row in admin.store.enrolled(serial, None, ENROLLED_MAX).await? {
        let number = row.enrol_id;
        let one = people.entry(number).or_insert_with(|| PersonRow { number, name: String::new(), credentials: 0 });
        one.credentials += 1;
        if let Some(name) = row.name.filter(|_| one.name.is_empty()) {
            one.name = name;
        }
    }
    Ok(people.into_values().collect())
}

/// What each connector that lists people would bring to this terminal.
async fn changes(admin: &Admin, (serial, here): (&str, &BTreeMap<u64, String>)) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for (connector, _) in admin.store.connectors().await? {
        let is_meant = connector.terminals.is_empty() || connector.terminals.iter().any(|one| one == serial);
        let listed = admin.store.listed_people(&connector.name).await?;
        if !is_meant || listed.is_empty() {
            continue;
        }
        changes.push(Change { connector: connector.name, preview: preview(&listed, here) });
    }
    Ok(changes)
}

fn memories(frame: &Frame, terminal: &Terminal) -> Vec<MemoryRow> {
    let number =
        |count: Option<u64>| count.map_or_else(|| frame.words.none.to_owned(), |count| text::number(frame.lang, count));
    let row = |room: &vigie_shared::wire::reading::TerminalRoom| MemoryRow {
        what: room.what.clone(),
        used: number(room.used),
        capacity: number(room.capacity),
    };
    terminal.state.room.iter().map(row).collect()
}
