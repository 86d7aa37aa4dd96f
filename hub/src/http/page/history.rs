//! Pure: a site's history as its page shows it, in the reader's language and the site's zone.

use jiff::tz::TimeZone;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::Sighting;

use super::frame::Frame;
use super::row::Moment;
use super::spark::{self, Part};
use super::words::Words;
use crate::fleet::completeness::Line;
use crate::http::reach::used_permille;
use crate::store::diary::{Entry, Level};
use crate::store::facts::{Gap, GapReason};
use crate::store::projections::{Device, DeviceKind, MetricSample};
use crate::text::{self, Lang};

/// What the charts span unless the reader chooses.
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How far one lane is complete.
pub(super) struct LaneBar {
    pub(super) name: &'static str,
    pub(super) complete: Option<Moment>,
    pub(super) holes: Vec<Part>,
    pub(super) sentence: String,
}

/// What will never arrive.
pub(super) struct GapRow {
    pub(super) lane: &'static str,
    pub(super) positions: String,
    pub(super) reason: &'static str,
    pub(super) noticed: Moment,
}

/// One value over the last day.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) last: String,
    pub(super) path: String,
    pub(super) summary: String,
    /// Its left and right edge, seconds since 1970 UTC.
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    /// What its values are in, from 0 to 100 of it.
    pub(super) unit: &'static str,
}

/// One sample, in words.
pub(super) struct SampleRow {
    pub(super) at: Moment,
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) temperature: String,
}

/// One device.
pub(super) struct DeviceRow {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) ip: String,
    pub(super) first: Moment,
    pub(super) last: Moment,
}

/// One entry of the diary.
pub(super) struct DiaryRow {
    pub(super) at: Moment,
    pub(super) is_alarm: bool,
    pub(super) text: String,
}

/// What is needed to write times of this site for this reader.
pub(super) struct Local<'a> {
    pub(super) frame: &'a Frame,
    pub(super) now_ms: i64,
    pub(super) zone: TimeZone,
}

impl<'a> Local<'a> {
    /// Times of this moment in the hub's own zone: what is of no single site.
    pub(super) fn of_hub(frame: &'a Frame, now_ms: i64) -> Self {
        Self { frame, now_ms, zone: TimeZone::system() }
    }
}

impl Local<'_> {
    pub(super) fn moment(&self, at_ms: i64) -> Moment {
        Moment::new(self.frame.lang, at_ms, self.now_ms, &self.zone)
    }

    pub(super) fn lane(&self, line: &Line, gaps: &[Gap]) -> LaneBar {
        let here = gaps.iter().filter(|gap| gap.lane == line.lane && gap.queue == line.queue);
        LaneBar {
            name: lane_word(line.lane, self.frame.words),
            complete: line.complete_ms.map(|at_ms| self.moment(at_ms)),
            holes: spark::holes(here.map(|gap| (gap.from, gap.to)), line.through),
            sentence: self.lane_sentence(line),
        }
    }

    fn lane_sentence(&self, line: &Line) -> String {
        let lang = self.frame.lang;
        let (held, missing) = (line.through.saturating_sub(line.missing), line.missing);
        match lang {
            Lang::Fr => format!(
                "{}, {}",
                text::counted(lang, held, "enregistrement reçu", "enregistrements reçus"),
                text::counted(lang, missing, "manquant à jamais", "manquants à jamais")
            ),
            Lang::En => format!(
                "{} received, {} missing for good",
                text::counted(lang, held, "record", "records"),
                text::number(lang, missing)
            ),
        }
    }

    pub(super) fn gap(&self, gap: &Gap) -> GapRow {
        let (words, lang) = (self.frame.words, self.frame.lang);
        let positions = format!("{} … {}", text::number(lang, gap.from), text::number(lang, gap.to));
        let reason = match gap.reason {
            GapReason::Dropped => words.gap_dropped,
            GapReason::Damaged => words.gap_damaged,
            GapReason::HubRestored => words.gap_hub_restored,
        };
        GapRow { lane: lane_word(gap.lane, words), positions, reason, noticed: self.moment(gap.noticed_ms) }
    }

    pub(super) fn charts(&self, samples: &[MetricSample], span_ms: i64) -> Vec<Chart> {
        let words = self.frame.words;
        let cpu = |sample: &MetricSample| Some(i32::from(sample.host.cpu_permille));
        let memory = |sample: &MetricSample| {
            let host = &sample.host;
            i32::try_from(used_permille(host.memory_total_bytes, host.memory_available_bytes)).ok()
        };
        let heat = |sample: &MetricSample| sample.host.temperature_milli_c;
        let percent = |permille: i32| text::percent(self.frame.lang, u64::try_from(permille).unwrap_or(0));
        [
            self.chart(words.processor, (samples, span_ms), cpu, (1000, "%", &percent)),
            self.chart(words.memory, (samples, span_ms), memory, (1000, "%", &percent)),
            self.chart(words.temperature, (samples, span_ms), heat, (100_000, "°C", &text::degrees)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn chart(
        &self,
        title: &'static str,
        (samples, span_ms): (&[MetricSample], i64),
        value: impl Fn(&MetricSample) -> Option<i32>,
        (high, unit, text): (i32, &'static str, &dyn Fn(i32) -> String),
    ) -> Option<Chart> {
        let points: Vec<(i64, i32)> =
            samples.iter().filter_map(|sample| Some((sample.at_ms, value(sample)?))).collect();
        let (_, last) = points.last()?;
        let peak = points.iter().max_by_key(|(_, value)| *value)?;
        let frame = spark::Frame { from_ms: self.now_ms - span_ms, to_ms: self.now_ms, low: 0, high };
        let summary = format!("max {}, {}", text(peak.1), self.moment(peak.0).text);
        let (from_s, to_s) = (frame.from_ms / 1000, frame.to_ms / 1000);
        Some(Chart { title, last: text(*last), path: spark::path(&points, frame), summary, from_s, to_s, unit })
    }

    pub(super) fn sample(&self, sample: &MetricSample) -> SampleRow {
        let (host, lang) = (&sample.host, self.frame.lang);
        let memory = used_permille(host.memory_total_bytes, host.memory_available_bytes);
        SampleRow {
            at: self.moment(sample.at_ms),
            cpu: text::percent(lang, host.cpu_permille.into()),
            memory: text::percent(lang, memory),
            temperature: host.temperature_milli_c.map_or(self.frame.words.none.to_owned(), text::degrees),
        }
    }

    pub(super) fn device(&self, device: &Device) -> DeviceRow {
        let words = self.frame.words;
        let kind = match device.kind {
            DeviceKind::Known => words.known,
            DeviceKind::Passing => words.passing,
            DeviceKind::Owned => words.owned,
        };
        let is_infrastructure = device.flags & Sighting::INFRASTRUCTURE != 0;
        DeviceRow {
            name: device.name.clone().unwrap_or_else(|| device.id.clone()),
            kind: if is_infrastructure { format!("{kind}, {}", words.infrastructure) } else { kind.to_owned() },
            ip: device.ip.clone().unwrap_or_else(|| words.none.to_owned()),
            first: self.moment(device.first_seen_ms),
            last: self.moment(device.last_seen_ms),
        }
    }

    pub(super) fn entry(&self, entry: Entry) -> DiaryRow {
        DiaryRow { at: self.moment(entry.at_ms), is_alarm: entry.level == Level::Alarm, text: entry.text }
    }
}

fn lane_word(lane: Lane, words: &Words) -> &'static str {
    match lane {
        Lane::Ledger => words.ledger,
        Lane::Observations => words.observations,
        Lane::Telemetry => words.telemetry,
    }
}
