//! The answers about the queue, in words.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use vigie_shared::units::bytes_text;
use vigie_shared::wire::Below;

use crate::journal::answers::{Discarded, Exported, QueueStatus, QueueVerdict};

pub(super) fn status(status: &QueueStatus) -> String {
    let mut table = table(["Lane", "Waiting", "Oldest", "Positions", "On disk", "Given up"]);
    for lane in &status.lanes {
        let oldest = if lane.waiting == 0 { "-".to_owned() } else { age(lane.oldest_s) };
        let positions = if lane.waiting == 0 { "-".to_owned() } else { format!("{}-{}", lane.first, lane.last) };
        let row = [lane.waiting.to_string(), oldest, positions, kib(lane.bytes), lane.dropped.to_string()];
        table.add_row(std::iter::once(lane.lane.to_string()).chain(row));
    }
    let mut text = table.to_string();
    for lane in status.lanes.iter().filter(|lane| lane.below != Below::Receipted) {
        let why = if lane.below == Below::Damaged { "were damaged" } else { "were given up unsent" };
        text += &format!("\nThe last records of `{}` below {} {why}; the hub notes a gap.", lane.lane, lane.first);
    }
    text
}

pub(super) fn verdict(verdict: &QueueVerdict) -> String {
    let mut table = table(["Lane", "Whole", "Of a newer version", "Damaged"]);
    for lane in &verdict.lanes {
        let row = [lane.whole.to_string(), lane.unknown.to_string(), lane.damaged.to_string()];
        table.add_row(std::iter::once(lane.lane.to_string()).chain(row));
    }
    let judgement = if verdict.is_whole() {
        "Everything that waits is whole."
    } else {
        "Damaged records will be skipped and noted as a gap; the others are safe. Check the box's card."
    };
    format!("{table}\n{judgement}")
}

pub(super) fn exported(file: &Path, exported: &Exported) -> String {
    let (records, size, file) = (exported.records, kib(exported.bytes), file.display());
    format!(
        "{records} records ({size}) written to {file}, sealed: only the hub can read it.\nBring it to the hub: vigie-hub \
         import {file}\nThe queue still holds every record until it has heard from the hub."
    )
}

pub(super) fn discarded(discarded: &Discarded) -> String {
    let Discarded { lane, records, waiting } = discarded;
    format!("{records} records of `{lane}` given up, {waiting} still wait. The hub will note a gap.")
}

fn table<const N: usize>(names: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(names);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn kib(bytes: u64) -> String {
    bytes_text(bytes.div_ceil(1024) * 1024)
}

/// The largest unit that fits: nobody needs the seconds of a week.
fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
