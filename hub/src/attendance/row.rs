//! From a row of a terminal's log to a punch: what it is, whose, and which way by the usual tables; a terminal's own
//! [`Profile`] may read its numbers otherwise later.

use serde::Deserialize as _;
use serde_json::Value;
use vigie_shared::blob::BlobRef;
use vigie_shared::id::{SiteId, from_hex};
use vigie_shared::wire::reading::{LogRow, TerminalLog};

use super::profile::Profile;
use crate::store::attendance::{Doubt, Punch, PunchKey, PunchKind, Told};

/// The number of the door and of the terminal itself.
const DOOR: u64 = 0;

/// The number that terminals give to a face that they do not know.
const NOBODY: u64 = 99_999_999;

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
    let rest = serde_json::from_str(&row.rest).unwrap_or(Value::Null);
    let punch = Punch {
        order: 0,
        key: PunchKey::of(&log.terminal, row),
        site: site.clone(),
        terminal: log.terminal.clone(),
        enrol_id,
        name: name(&rest),
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
        photo: photo(&rest),
        kind: kind(enrol_id, row),
        means: None,
        direction: None,
        doubts: if row.flags & LogRow::FROZEN_CLOCK == 0 { Vec::new() } else { vec![Doubt::FrozenClock] },
        counts: false,
        seen: 1,
    };
    let told_ms = arrived.told_ms.map_or(arrived.received_ms, |told_ms| told_ms.min(arrived.received_ms));
    let punch = Profile::default().applied(punch);
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
        Some(_) => PunchKind::Person,
    }
}

/// The photo that follows the row, by its hash.
fn photo(rest: &Value) -> Option<String> {
    let blob = BlobRef::deserialize(rest.get("image")?).ok()?;
    from_hex(&blob.sha256).filter(|bytes| bytes.len() == 32).map(|_| blob.sha256)
}

/// The name that the terminal gave with the row, if any.
fn name(rest: &Value) -> Option<String> {
    let name = rest.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| name.chars().take(NAME_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests;
