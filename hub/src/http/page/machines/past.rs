//! Pure: how a machine was: its hours as charts, when its disk will be full, and what changed.

use super::words::Words;
use crate::alerts::facts::DiskHour;
use crate::alerts::forecast::full_ms;
use crate::http::page::chart::{Chart, Period, Plot};
use crate::http::page::history::Local;
use crate::http::page::row::Moment;
use crate::store::machines::{Change, Hour};
use crate::text;

/// Readings further apart than this are not joined: a machine that is carried home is not read for a night.
const HOLE_MS: i64 = 3 * 60 * 60 * 1000;

/// Something that became another.
pub(super) struct ChangeRow {
    pub(super) at: Moment,
    pub(super) what: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

/// Free disk, charge and memory in use, as shares of the whole.
pub(super) fn charts(
    at: &Local<'_>,
    w: &'static Words,
    (hours, memory_bytes): (&[Hour], Option<u64>),
    (from_ms, to_ms): (i64, i64),
) -> Vec<Chart> {
    let line = |title, value: &dyn Fn(&Hour) -> Option<u64>| {
        let points = hours.iter().filter_map(|hour| Some((hour.at_ms, i32::try_from(value(hour)?).ok()?)));
        vec![(title, points.collect())]
    };
    let free = |hour: &Hour| share(hour.disk_free_bytes?, hour.disk_total_bytes?);
    let charge = |hour: &Hour| Some(u64::from(hour.battery?.percent) * 10);
    let memory = |hour: &Hour| share(hour.memory_used_bytes?, memory_bytes?);
    let percent = |permille| at.percent(permille);
    let plot = |title, lines| Plot { title, lines, high: 1000, unit: "%", text: &percent };
    let plots = [
        plot(w.disk_share, line(w.disk_share, &free)),
        plot(w.battery_share, line(w.battery_share, &charge)),
        plot(w.memory_share, line(w.memory_share, &memory)),
    ];
    plots.iter().filter_map(|plot| at.chart(plot, Period { from_ms, to_ms, hole_ms: HOLE_MS })).collect()
}

/// When its disk will be full, in words.
pub(super) fn forecast(at: &Local<'_>, w: &'static Words, hours: &[Hour]) -> String {
    let disk: Vec<DiskHour> = hours
        .iter()
        .filter_map(|hour| Some(DiskHour { at_ms: hour.at_ms, free_bytes: hour.disk_free_bytes? }))
        .collect();
    match full_ms(&disk) {
        Some(full_ms) => format!("{} {}", w.full_at, at.moment(full_ms).text),
        None => w.no_forecast.to_owned(),
    }
}

/// What changed, with values as people read them.
pub(super) fn changes(at: &Local<'_>, w: &'static Words, changes: Vec<Change>) -> Vec<ChangeRow> {
    let row = |Change { at_ms, what, from, to }: Change| {
        let written = |value: Option<String>| match (what, value) {
            (_, None) => at.frame.words.none.to_owned(),
            ("memory_bytes" | "disk_total_bytes", Some(bytes)) => {
                bytes.parse().map_or(bytes, |bytes| text::size(at.frame.lang, bytes))
            }
            (_, Some(value)) => value,
        };
        ChangeRow { at: at.moment(at_ms), what: word(what, w), from: written(from), to: written(to) }
    };
    changes.into_iter().map(row).collect()
}

fn word(what: &'static str, w: &'static Words) -> &'static str {
    match what {
        "site" => w.change_site,
        "ip" => w.change_ip,
        "computer_name" | "host_name" => w.change_name,
        "os_version" | "os_build" => w.change_system,
        "memory_bytes" => w.change_memory,
        "disk_total_bytes" => w.change_disk,
        "battery_condition" => w.change_battery,
        other => other,
    }
}

/// A part of a whole, thousandths; none of what has no whole.
fn share(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(1000).checked_div(whole)
}
