//! Pure: a value over a period as pages draw it, by the template `chart.html`: a title, a sentence, lines with holes.

use super::history::Local;
use super::spark;

/// One value over a period.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) last: String,
    pub(super) lines: Vec<Drawn>,
    pub(super) summary: String,
    /// Its left and right edge, seconds since 1970 UTC.
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    /// What its values are in, from 0 to 100 of it.
    pub(super) unit: &'static str,
    /// In which zone its times are written.
    pub(super) zone: String,
}

/// One line of a chart.
pub(super) struct Drawn {
    /// What it shows.
    pub(super) label: &'static str,
    pub(super) path: String,
}

/// What a chart is drawn from.
pub(super) struct Plot<'a> {
    pub(super) title: &'static str,
    /// What each line shows, and its points, all at the same moments. The sentence speaks of the last one.
    pub(super) lines: Vec<(&'static str, Vec<(i64, i32)>)>,
    /// The value at the top.
    pub(super) high: i32,
    pub(super) unit: &'static str,
    /// How a value is written.
    pub(super) text: &'a dyn Fn(i32) -> String,
}

/// The period of a chart, milliseconds since 1970 UTC, and how far apart points are that are not joined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) hole_ms: i64,
}

impl Local<'_> {
    /// Draws a chart; none if there is nothing to draw.
    pub(super) fn chart(&self, plot: &Plot<'_>, period: Period) -> Option<Chart> {
        let Period { from_ms, to_ms, hole_ms } = period;
        let frame = spark::Frame { from_ms, to_ms, low: 0, high: plot.high, hole_ms };
        let (_, told) = plot.lines.last()?;
        let (_, last) = told.last()?;
        let (peak_ms, peak) = told.iter().max_by_key(|(_, value)| *value)?;
        let drawn =
            |(label, points): &(&'static str, Vec<(i64, i32)>)| Drawn { label, path: spark::path(points, frame) };
        Some(Chart {
            title: plot.title,
            last: (plot.text)(*last),
            lines: plot.lines.iter().map(drawn).collect(),
            summary: format!("max {}, {}", (plot.text)(*peak), self.moment(*peak_ms).text),
            from_s: from_ms / 1000,
            to_s: to_ms / 1000,
            unit: plot.unit,
            zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
        })
    }
}
