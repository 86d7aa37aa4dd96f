//! Alarms of boxes: entries in the diary.

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::AlarmKind;

use super::{Draft, Seen};
use crate::store::diary::{Entry, Level};
use crate::store::projections::BoxEntry;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Alarm(alarm) = seen.reading else { return };
    let kind = match alarm.kind {
        AlarmKind::LaneQuarantined => "lane_quarantined",
        AlarmKind::LaneDropped => "lane_dropped",
        AlarmKind::DiskFull => "disk_full",
        AlarmKind::ClockStep => "clock_step",
        AlarmKind::CollectorFailing => "collector_failing",
        AlarmKind::BlindNetwork => "blind_network",
        AlarmKind::TerminalPending => "terminal_pending",
        AlarmKind::TerminalClock => "terminal_clock",
        AlarmKind::TerminalChanged => "terminal_changed",
        AlarmKind::TerminalUnruly => "terminal_unruly",
        AlarmKind::UploadsDropped => "uploads_dropped",
        AlarmKind::MachineKey => "machine_key",
    };
    let entry = Entry {
        at_ms: seen.at_ms,
        site: Some(seen.site.clone()),
        level: Level::Alarm,
        kind: kind.to_owned(),
        text: alarm.text.clone(),
    };
    draft.step.entries.push(BoxEntry { queue: seen.queue, seq: seen.seq, entry });
}
