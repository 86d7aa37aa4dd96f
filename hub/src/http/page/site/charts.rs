//! Pure: a box's pulse as charts, in the reader's language and the site's zone.

use super::missing::Past;
use super::pulse::Measured;
use super::words::Words;
use crate::http::page::chart::{Chart, Period, Plot};
use crate::http::page::history::Local;
use crate::text;

/// How a value is read from what was measured.
type Value = fn(&Measured) -> Option<i32>;

/// Everything that was measured, as charts; none for what never was.
pub(super) fn charts(at: &Local<'_>, w: &'static Words, past: &Past) -> Vec<Chart> {
    let (words, is_hourly) = (at.frame.words, past.pulse.is_hourly());
    let period = Period { from_ms: past.from_ms, to_ms: past.to_ms, hole_ms: past.pulse.hole_ms() };
    let line = |label, value: Value| {
        let points = past.pulse.rows.iter().filter_map(|row| Some((row.at_ms.min(past.to_ms), value(row)?)));
        (label, points.collect::<Vec<_>>())
    };
    // Of hours the highest is known, and of the processors the mean, too.
    let highest = |title, value: Value| vec![line(if is_hourly { w.highest } else { title }, value)];
    let cpu = match is_hourly {
        true => vec![line(w.mean, |row| Some(row.cpu_permille)), line(w.highest, |row| Some(row.cpu_max_permille))],
        false => vec![line(words.processor, |row| Some(row.cpu_permille))],
    };
    let (memory, heat): (Value, Value) = (|row| row.memory_permille, |row| row.temperature_milli_c);
    let percent = |permille| at.percent(permille);
    let permille = |title, lines| Plot { title, lines, high: 1000, unit: "%", text: &percent };
    let plots = [
        permille(words.processor, cpu),
        permille(words.memory, highest(words.memory, memory)),
        Plot {
            title: words.temperature,
            lines: highest(words.temperature, heat),
            high: 100_000,
            unit: "°C",
            text: &text::degrees,
        },
    ];
    plots.iter().filter_map(|plot| at.chart(plot, period)).collect()
}
