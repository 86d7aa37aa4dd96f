//! The page of one site: can I trust this box and its data?

mod charts;
mod missing;
mod period;
mod pulse;
mod strips;
mod words;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use self::charts::charts;
use self::period::{GAPS_MAX, Span, past, spans};
use self::strips::{LaneStrip, ValueRow, strips, values};
use self::words::Words;
use super::chart::Chart;
use super::commands::CommandRow;
use super::frame::{Frame, Reader, render};
use super::history::{DeviceRow, DiaryRow, GapRow, Local};
use super::row::{Facts, Row, zone_of};
use super::spark::{HEIGHT, WIDTH};
use crate::fleet::completeness::Line;
use crate::http::Admin;
use crate::http::cursor;
use crate::http::problem::Problem;
use crate::http::reach::used_permille;
use crate::http::site::known;
use crate::http::time::Time;
use crate::store::releases::Pin;
use crate::store::sites::Site;
use crate::text;

/// Devices of one page.
const DEVICES: usize = 50;
/// Commands shown, the newest.
const COMMANDS: usize = 10;
/// Diary entries shown.
const ENTRIES: usize = 20;

/// Which part of the page.
#[derive(Deserialize)]
pub(super) struct Devices {
    /// Devices behind this cursor.
    after: Option<String>,
    /// `1h`, `24h`, `7d` or `30d`.
    #[serde(default)]
    span: String,
}

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    site: &'a Site,
    spans: [Span; 4],
    kinds: Vec<(String, String)>,
    pins: Vec<Pin>,
    /// What people say of it and what its box is, as far as it is known.
    about: Vec<(&'static str, String)>,
    head: Now<'a>,
    charts: Vec<Chart>,
    lanes: Vec<LaneStrip>,
    values: Vec<ValueRow>,
    gaps: Vec<GapRow>,
    devices: Vec<DeviceRow>,
    more: Option<String>,
    commands: Vec<CommandRow>,
    diary: Vec<DiaryRow>,
    now: Time,
}

/// What the stream replaces: state and last values.
#[derive(Template)]
#[template(path = "now.html")]
pub(super) struct Now<'a> {
    frame: &'a Frame,
    row: Row,
    values: Vec<(&'static str, String)>,
}

impl HtmlSafe for Now<'_> {}

/// Shows one site.
pub(super) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Query(part): Query<Devices>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &id, &part).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, id: &str, part: &Devices) -> Result<Response, Problem> {
    let (site, gaps, lines) = known(admin, id).await?;
    let (now_ms, w) = (admin.clock.wall_ms(), words::of(frame.lang));
    let at = Local { frame, now_ms, zone: zone_of(&site) };
    let spans = spans(w, &part.span);
    let past = past(admin, (&site.id, &gaps), &spans, now_ms).await?;
    let after = part.after.as_deref().map(cursor::device).transpose()?;
    let mut devices = admin.store.devices(Some(&site.id), after, DEVICES + 1).await?;
    let has_more = cursor::cut(&mut devices, DEVICES);
    let more = devices.last().filter(|_| has_more).map(|last| cursor::after_device(&last.site, &last.id));
    let commands = admin.store.commands(&site.id, None, COMMANDS).await?;
    let diary = admin.store.entries(Some(&site.id), ENTRIES).await?;
    Ok(render(&SitePage {
        frame,
        w,
        spans,
        kinds: kinds(w),
        pins: admin.store.pins(Some(&site.id)).await?,
        about: about(frame, &site),
        head: head(admin, frame, &site, &lines),
        charts: charts(&at, w, &past),
        lanes: strips(&at, w, (&lines, &past)),
        values: values(&at, w, (&lines, &past)),
        gaps: gaps.iter().rev().take(GAPS_MAX).map(|gap| at.gap(gap)).collect(),
        devices: devices.iter().map(|device| at.device(device)).collect(),
        more: more.map(|cursor| format!("/sites/{}?after={cursor}#devices", site.id)),
        commands: commands
            .iter()
            .map(|command| at.command(command, admin.dispatch.progress(&site.id, command.id)))
            .collect(),
        diary: diary.into_iter().map(|entry| at.entry(entry)).collect(),
        now: Time(now_ms),
        site: &site,
    }))
}

/// Commands that people give to one box by hand.
fn kinds(w: &Words) -> Vec<(String, String)> {
    [
        ("get_system_info", w.get_system_info),
        ("get_logs", w.get_logs),
        ("restart_service", w.restart_service),
        ("reboot", w.reboot),
    ]
    .map(|(kind, word)| (kind.to_owned(), word.to_owned()))
    .to_vec()
}

fn about(frame: &Frame, site: &Site) -> Vec<(&'static str, String)> {
    let (about, words) = (&site.about, frame.words);
    let place = [&about.town, &about.region, &about.country].into_iter().filter(|text| !text.is_empty());
    let values = [
        (words.club, about.club.clone()),
        (words.place, place.map(String::as_str).collect::<Vec<_>>().join(", ")),
        (words.tags, about.tags.join(", ")),
        (words.hardware, site.machine.model.clone()),
        (words.system, site.machine.os.clone()),
        (words.note, about.note.clone()),
    ];
    values.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// The part of the page that the stream replaces.
pub(super) fn head<'a>(admin: &Admin, frame: &'a Frame, site: &Site, lines: &[Line]) -> Now<'a> {
    let live = admin.fleet.site(&site.id);
    let values = live.heartbeat.as_ref().map(|pulse| figures(frame, pulse)).unwrap_or_default();
    let row = Row::new(frame, &Facts { site, live, lines: lines.to_vec() }, admin.hearing());
    Now { frame, row, values }
}

fn figures(frame: &Frame, pulse: &vigie_shared::wire::Heartbeat) -> Vec<(&'static str, String)> {
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
