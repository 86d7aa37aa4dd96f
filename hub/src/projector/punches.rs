//! Punches: rows of terminals' logs, and single punches of programs that have no log to tell.

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{LogOrigin, LogRow, Punch, TerminalLog};

use super::{Draft, Seen};
use crate::attendance::row::{self, Arrived};
use crate::store::projections::Derived;

/// A punch that came alone says no zone.
const LONE_ZONE: &str = "UTC";

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    match seen.reading {
        Reading::TerminalLog(log) => add(seen, log, draft),
        Reading::Punch(punch) => add(seen, &alone(punch), draft),
        _ => {}
    }
}

fn add(seen: &Seen<'_>, log: &TerminalLog, draft: &mut Draft) {
    let told_ms = seen.undated.is_none().then_some(seen.at_ms);
    let arrived = Arrived { told_ms, received_ms: seen.received_ms };
    for row in &log.rows {
        let value = row::punch(seen.site, log, row, arrived);
        // Without a measured error there is nothing to correct.
        let undated = seen.undated.filter(|_| log.clock_ahead_ms.is_some());
        draft.step.punches.push(Derived { value, undated });
    }
}

fn alone(punch: &Punch) -> TerminalLog {
    let row = LogRow {
        enrol_id: Some(punch.enrol_id),
        local_time: punch.local_time.clone(),
        mode: Some(punch.mode.into()),
        in_out: Some(punch.in_out.into()),
        event: Some(punch.event.into()),
        rest: punch.extra.clone(),
        ..LogRow::default()
    };
    TerminalLog {
        terminal: punch.terminal.clone(),
        zone: LONE_ZONE.to_owned(),
        clock_ahead_ms: punch.clock_ahead_s.map(|ahead_s| i64::from(ahead_s) * 1000),
        origin: LogOrigin::Pushed,
        log_index: None,
        rows: vec![row],
    }
}
