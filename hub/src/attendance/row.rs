//! From a row of a terminal's log to a punch: what it is, whose, and which way.
//!
//! The tables of firmwares contradict each other. What is read here is what all of them share or only one of them
//! says; everything else stays the terminal's own number.

use serde_json::Value;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::{LogRow, TerminalLog};

use crate::store::attendance::{Direction, Doubt, Punch, PunchKey, PunchKind, Told};

/// The number of the door and of the terminal itself.
const DOOR: u64 = 0;

/// The number that terminals give to a face that they do not know.
const NOBODY: u64 = 99_999_999;

/// The in/out number of somebody who was recognised and did not pass the turnstile.
const NOT_PASSED: i32 = 7;

/// Longest name that is kept, characters.
const NAME_CHARS_MAX: usize = 200;

/// The moments that a row's arrival is known by, milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// When the box told it, if the box's clock was right.
    pub told_ms: Option<i64>,
    /// When the hub received it.
    pub received_ms: i64,
}

/// One row of a log as a punch, corrected by the terminal's error against the box's clock if that was right.
#[must_use]
pub fn punch(site: &SiteId, log: &TerminalLog, row: &LogRow, arrived: Arrived) -> Told {
    let enrol_id = row.enrol_id.filter(|id| i64::try_from(*id).is_ok());
    let punch = Punch {
        order: 0,
        key: PunchKey::of(&log.terminal, row),
        site: site.clone(),
        terminal: log.terminal.clone(),
        enrol_id,
        name: name(&row.rest),
        local_time: row.local_time.clone(),
        zone: log.zone.clone(),
        meant_ms: None,
        at_ms: None,
        received_ms: arrived.received_ms,
        mode: row.mode,
        in_out: row.in_out,
        event: row.event,
        temperature_centi_c: row.temperature_centi_c,
        access: row.access,
        kind: kind(enrol_id, row),
        direction: direction(row.in_out),
        doubts: if row.flags & LogRow::FROZEN_CLOCK == 0 { Vec::new() } else { vec![Doubt::FrozenClock] },
        counts: false,
        seen: 1,
    };
    let told_ms = arrived.told_ms.map_or(arrived.received_ms, |told_ms| told_ms.min(arrived.received_ms));
    let mut told = Told { punch, clock_ahead_ms: log.clock_ahead_ms, told_ms, last_ms: arrived.received_ms };
    told.correct(log.clock_ahead_ms.filter(|_| arrived.told_ms.is_some()));
    told
}

fn kind(enrol_id: Option<u64>, row: &LogRow) -> PunchKind {
    match enrol_id {
        _ if row.flags & LogRow::UNREADABLE != 0 => PunchKind::Unreadable,
        None => PunchKind::Unreadable,
        Some(DOOR) => PunchKind::Door,
        Some(NOBODY) => PunchKind::Stranger,
        Some(_) if row.in_out == Some(NOT_PASSED) || row.access == Some(false) => PunchKind::NotPassed,
        Some(_) => PunchKind::Person,
    }
}

/// Which way a terminal's number says, where firmwares do not contradict each other: 0 in, 1 out, 2 out for a break,
/// 3 back from it, 4 in for overtime. 5 is out of overtime for some and a turnstile's direction for others.
fn direction(in_out: Option<i32>) -> Option<Direction> {
    match in_out? {
        0 | 3 | 4 => Some(Direction::In),
        1 | 2 => Some(Direction::Out),
        _ => None,
    }
}

/// The name that the terminal gave with the row, if any.
fn name(rest: &str) -> Option<String> {
    let rest: Value = serde_json::from_str(rest).ok()?;
    let name = rest.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| name.chars().take(NAME_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests;
