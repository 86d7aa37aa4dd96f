//! Does every clock work and tell the right time? Those that wait to be admitted first, then all, trouble on top.

pub(super) mod download;
pub(super) mod one;
mod preview;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::wire::reading::Standing;

use self::words::Words;
use super::address::with;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::table::{Column, Look, Table};
use crate::attendance::driver::TERMINALS_MAX;
use crate::attendance::forecast::full_ms;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::terminals::{RoomDay, Terminal};
use crate::text;

/// From so much on the clock of a terminal needs a look, milliseconds.
const CLOCK_OFF_MS: u64 = 60_000;

/// One terminal, as its card shows it.
struct TerminalRow {
    serial: String,
    site: String,
    mark: Mark,
    is_pending: bool,
    heard: Option<Moment>,
    clock: String,
    unsent: String,
    users: String,
    /// When the first of its memories will be full.
    full: Option<Moment>,
    model: String,
    firmware: String,
    /// The smaller, the more somebody should look.
    urgency: u8,
    /// What is confirmed when it is admitted, and when it is refused.
    admit: String,
    refuse: String,
}

#[derive(Template)]
#[template(path = "terminals.html")]
struct TerminalsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    pending: Vec<TerminalRow>,
    rows: Vec<TerminalRow>,
    table: Table,
    has_terminals: bool,
    now: Time,
}

/// Shows the terminals.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let all = admin.store.terminals(None, TERMINALS_MAX).await?;
    let is_pending = |terminal: &&Terminal| terminal.state.standing == Standing::Pending;
    let pending = all.iter().filter(is_pending).map(|terminal| at.terminal(terminal, w)).collect();
    let others = all.iter().filter(|terminal| !is_pending(terminal) && is_looked_for(look, terminal));
    let mut rows: Vec<TerminalRow> = others.map(|terminal| at.terminal(terminal, w)).collect();
    sort(&mut rows, look);
    let (rows, table) = look.page(frame.lang, &columns(frame, w), rows);
    let table = table.with_csv(with("/terminals.csv", "q", look.get("q")));
    let has_terminals = !all.is_empty();
    Ok(render(&TerminalsPage { frame, w, look, pending, rows, table, has_terminals, now: Time(now_ms) }))
}

/// Whether a terminal has every word that is searched for.
fn is_looked_for(look: &Look, terminal: &Terminal) -> bool {
    let model = terminal.state.hardware.model.as_deref().unwrap_or_default();
    look.has(&format!("{} {} {model}", terminal.state.terminal, terminal.site))
}

fn columns(frame: &Frame, w: &'static Words) -> [Column; 8] {
    [
        Column::sorted(w.terminal, "serial"),
        Column::sorted(frame.words.site, "site"),
        Column::plain(w.state),
        Column::plain(frame.words.heard),
        Column::plain(w.clock).number(),
        Column::plain(w.unsent).number(),
        Column::plain(w.users).number(),
        Column::plain(w.firmware),
    ]
}

fn sort(rows: &mut [TerminalRow], look: &Look) {
    let (by, is_descending) = look.sort();
    rows.sort_by(|one, other| one.serial.cmp(&other.serial));
    match by {
        "serial" => {}
        "site" => rows.sort_by(|one, other| one.site.cmp(&other.site)),
        _ => rows.sort_by_key(|row| row.urgency),
    }
    if is_descending {
        rows.reverse();
    }
}

impl Local<'_> {
    fn terminal(&self, terminal: &Terminal, w: &Words) -> TerminalRow {
        let (state, lang) = (&terminal.state, self.frame.lang);
        let is_off = state.clock_ahead_ms.is_some_and(|ahead_ms| ahead_ms.unsigned_abs() >= CLOCK_OFF_MS);
        let (mark, urgency) = match state.standing {
            Standing::Pending => (Mark { state: "attention", word: w.pending }, 0),
            Standing::Refused => (Mark { state: "unknown", word: w.refused }, 4),
            Standing::Admitted if terminal.heard_ms.is_none() => (Mark { state: "unknown", word: w.never }, 2),
            Standing::Admitted if !state.is_connected => (Mark { state: "critical", word: w.away }, 0),
            Standing::Admitted if is_off => (Mark { state: "attention", word: w.clock_off }, 1),
            Standing::Admitted => (Mark { state: "fine", word: w.connected }, 3),
        };
        let none = || self.frame.words.none.to_owned();
        let number = |count: Option<u64>| count.map_or_else(none, |count| text::number(lang, count));
        let users = state.room.iter().find(|room| room.what == "users").and_then(|room| room.used);
        TerminalRow {
            serial: state.terminal.clone(),
            site: terminal.site.to_string(),
            mark,
            is_pending: state.standing == Standing::Pending,
            heard: terminal.heard_ms.map(|heard_ms| self.moment(heard_ms)),
            clock: state.clock_ahead_ms.map_or_else(none, |ahead_ms| offset(lang, ahead_ms)),
            unsent: number(state.unsent),
            users: number(users),
            full: full(terminal).map(|full_ms| self.moment(full_ms)),
            model: state.hardware.model.clone().unwrap_or_default(),
            firmware: state.hardware.firmware.clone().unwrap_or_else(none),
            urgency,
            admit: format!("{}, {}", state.terminal, w.admit),
            refuse: format!("{}, {}", state.terminal, w.refuse),
        }
    }
}

/// How far a clock is ahead, with its sign.
fn offset(lang: text::Lang, ahead_ms: i64) -> String {
    let seconds = ahead_ms.unsigned_abs().saturating_add(500) / 1000;
    let sign = match (seconds, ahead_ms < 0) {
        (0, _) => "",
        (_, true) => "\u{2212}",
        (_, false) => "+",
    };
    if seconds < 60 { format!("{sign}{seconds}\u{a0}s") } else { format!("{sign}{}", text::duration(lang, seconds)) }
}

/// When the first of its memories will be full.
fn full(terminal: &Terminal) -> Option<i64> {
    let of_room = |what: &str, capacity: u64| {
        let own: Vec<&RoomDay> = terminal.history.iter().filter(|row| row.what == what).collect();
        full_ms(&own, capacity)
    };
    terminal.state.room.iter().filter_map(|room| of_room(&room.what, room.capacity?)).min()
}

#[cfg(test)]
mod tests;
