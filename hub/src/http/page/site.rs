//! The page of one site: can I trust this box and its data?

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Deserialize;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::Sighting;

use super::frame::{Frame, Reader, render};
use super::row::{Facts, Moment, Row, zone_of};
use super::spark::{self, HEIGHT, Part, WIDTH};
use super::words::Words;
use crate::http::Admin;
use crate::http::completeness::Line;
use crate::http::cursor;
use crate::http::problem::Problem;
use crate::http::reach::used_permille;
use crate::http::site::known;
use crate::http::time::Time;
use crate::store::diary::Level;
use crate::store::facts::{Gap, GapReason};
use crate::store::projections::{Device, DeviceKind, MetricSample};
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// What the charts span.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Samples that the charts draw at most.
const SAMPLES_MAX: usize = 600;
/// Devices of one page.
const DEVICES: usize = 50;
/// Gaps shown, the newest.
const GAPS: usize = 20;
/// Diary entries shown.
const ENTRIES: usize = 20;

/// Which part of the page.
#[derive(Deserialize)]
pub(super) struct Devices {
    /// Devices behind this cursor.
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage<'a> {
    frame: &'a Frame,
    site: &'a Site,
    head: String,
    lanes: Vec<LaneBar>,
    gaps: Vec<GapRow>,
    charts: Vec<Chart>,
    samples: Vec<SampleRow>,
    devices: Vec<DeviceRow>,
    more: Option<String>,
    diary: Vec<DiaryRow>,
    now: Time,
}

/// What the stream replaces: state and last values.
#[derive(Template)]
#[template(path = "now.html")]
struct Now<'a> {
    frame: &'a Frame,
    row: &'a Row,
    values: Vec<(&'static str, String)>,
}

struct LaneBar {
    name: &'static str,
    complete: Option<Moment>,
    holes: Vec<Part>,
    sentence: String,
}

struct GapRow {
    lane: &'static str,
    positions: String,
    reason: &'static str,
    noticed: Moment,
}

struct Chart {
    title: &'static str,
    last: String,
    path: String,
    summary: String,
}

struct SampleRow {
    at: Moment,
    cpu: String,
    memory: String,
    temperature: String,
}

struct DeviceRow {
    name: String,
    kind: String,
    ip: String,
    first: Moment,
    last: Moment,
}

struct DiaryRow {
    at: Moment,
    is_alarm: bool,
    text: String,
}

/// Shows one site.
pub(super) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Query(part): Query<Devices>,
) -> Response {
    let frame = reader.frame;
    match page(&admin, &frame, &id, part.after.as_deref()).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
}

async fn page(admin: &Admin, frame: &Frame, id: &str, after: Option<&str>) -> Result<Response, Problem> {
    let (site, gaps, lines) = known(admin, id).await?;
    let now_ms = admin.clock.wall_ms();
    let at = Local { frame, now_ms, zone: zone_of(&site) };
    let samples = admin.store.metrics(&site.id, now_ms - DAY_MS, now_ms + 1, SAMPLES_MAX).await?;
    let after = after.map(cursor::device).transpose()?;
    let mut devices = admin.store.devices(Some(&site.id), after, DEVICES + 1).await?;
    let has_more = cursor::cut(&mut devices, DEVICES);
    let more = devices.last().filter(|_| has_more).map(|last| cursor::after_device(&last.site, &last.id));
    let diary = admin.store.entries(Some(&site.id), ENTRIES).await?;
    Ok(render(&SitePage {
        frame,
        head: head(admin, frame, &site, &lines),
        lanes: lines.iter().map(|line| at.lane(line, &gaps)).collect(),
        gaps: gaps.iter().rev().take(GAPS).map(|gap| at.gap(gap)).collect(),
        charts: at.charts(&samples),
        samples: samples.iter().rev().map(|sample| at.sample(sample)).collect(),
        devices: devices.iter().map(|device| at.device(device)).collect(),
        more: more.map(|cursor| format!("/sites/{}?after={cursor}#devices", site.id)),
        diary: diary
            .into_iter()
            .map(|entry| DiaryRow {
                at: at.moment(entry.at_ms),
                is_alarm: entry.level == Level::Alarm,
                text: entry.text,
            })
            .collect(),
        now: Time(now_ms),
        site: &site,
    }))
}

/// The part of the page that the stream replaces.
pub(super) fn head(admin: &Admin, frame: &Frame, site: &Site, lines: &[Line]) -> String {
    let live = admin.fleet.site(&site.id);
    let values = live.heartbeat.as_ref().map(|pulse| values(frame, pulse)).unwrap_or_default();
    let row = Row::new(frame, &Facts { site, live, lines: lines.to_vec() }, admin.clock.wall_ms());
    Now { frame, row: &row, values }.render().unwrap_or_default()
}

fn values(frame: &Frame, pulse: &vigie_shared::wire::Heartbeat) -> Vec<(&'static str, String)> {
    let (host, words, lang) = (&pulse.host, frame.words, frame.lang);
    let waiting: u64 = pulse.lanes.iter().map(|lane| lane.waiting).sum();
    let memory = used_permille(host.memory_total_bytes, host.memory_available_bytes);
    let mut values = vec![
        (words.processor, text::percent(lang, host.cpu_permille.into())),
        (words.memory, text::percent(lang, memory)),
    ];
    values.extend(host.temperature_milli_c.map(|heat| (words.temperature, text::degrees(heat))));
    values.extend(host.disks.iter().map(|disk| {
        let used = used_permille(disk.total_bytes, disk.available_bytes);
        let text = format!("{}: {} / {}", disk.mount, text::percent(lang, used), text::size(lang, disk.total_bytes));
        (words.disk, text)
    }));
    values.push((words.uptime, text::duration(lang, host.uptime_s)));
    values.push((words.waiting, text::number(lang, waiting)));
    values
}

/// What is needed to write times of this site for this reader.
struct Local<'a> {
    frame: &'a Frame,
    now_ms: i64,
    zone: TimeZone,
}

impl Local<'_> {
    fn moment(&self, at_ms: i64) -> Moment {
        Moment::new(self.frame.lang, at_ms, self.now_ms, &self.zone)
    }

    fn lane(&self, line: &Line, gaps: &[Gap]) -> LaneBar {
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
                "{} reçus, {} à jamais manquants",
                text::counted(lang, held, "enregistrement", "enregistrements"),
                text::number(lang, missing)
            ),
            Lang::En => format!(
                "{} received, {} missing for good",
                text::counted(lang, held, "record", "records"),
                text::number(lang, missing)
            ),
        }
    }

    fn gap(&self, gap: &Gap) -> GapRow {
        let (words, lang) = (self.frame.words, self.frame.lang);
        let positions = format!("{} … {}", text::number(lang, gap.from), text::number(lang, gap.to));
        let reason = match gap.reason {
            GapReason::Dropped => words.gap_dropped,
            GapReason::Damaged => words.gap_damaged,
            GapReason::HubRestored => words.gap_hub_restored,
        };
        GapRow { lane: lane_word(gap.lane, words), positions, reason, noticed: self.moment(gap.noticed_ms) }
    }

    fn charts(&self, samples: &[MetricSample]) -> Vec<Chart> {
        let words = self.frame.words;
        let cpu = |sample: &MetricSample| Some(f64::from(sample.host.cpu_permille));
        let memory = |sample: &MetricSample| {
            let host = &sample.host;
            Some(used_permille(host.memory_total_bytes, host.memory_available_bytes) as f64)
        };
        let heat = |sample: &MetricSample| sample.host.temperature_milli_c.map(f64::from);
        let percent = |value: f64| format!("{}", text::percent(self.frame.lang, value as u64));
        let degrees = |value: f64| text::degrees(value as i32);
        [
            self.chart(words.processor, samples, cpu, (1000.0, &percent)),
            self.chart(words.memory, samples, memory, (1000.0, &percent)),
            self.chart(words.temperature, samples, heat, (100_000.0, &degrees)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn chart(
        &self,
        title: &'static str,
        samples: &[MetricSample],
        value: impl Fn(&MetricSample) -> Option<f64>,
        (high, text): (f64, &dyn Fn(f64) -> String),
    ) -> Option<Chart> {
        let points: Vec<(i64, f64)> =
            samples.iter().filter_map(|sample| Some((sample.at_ms, value(sample)?))).collect();
        let (_, last) = points.last()?;
        let peak = points.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let frame = spark::Frame { from_ms: self.now_ms - DAY_MS, to_ms: self.now_ms, low: 0.0, high };
        let summary = format!("max {}, {}", text(peak.1), self.moment(peak.0).text);
        Some(Chart { title, last: text(*last), path: spark::path(&points, frame), summary })
    }

    fn sample(&self, sample: &MetricSample) -> SampleRow {
        let (host, lang) = (&sample.host, self.frame.lang);
        let memory = used_permille(host.memory_total_bytes, host.memory_available_bytes);
        SampleRow {
            at: self.moment(sample.at_ms),
            cpu: text::percent(lang, host.cpu_permille.into()),
            memory: text::percent(lang, memory),
            temperature: host.temperature_milli_c.map_or(self.frame.words.none.to_owned(), text::degrees),
        }
    }

    fn device(&self, device: &Device) -> DeviceRow {
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
}

fn lane_word(lane: Lane, words: &Words) -> &'static str {
    match lane {
        Lane::Ledger => words.ledger,
        Lane::Observations => words.observations,
        Lane::Telemetry => words.telemetry,
    }
}
