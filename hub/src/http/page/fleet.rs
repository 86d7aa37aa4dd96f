//! The first page: is anything wrong, and where? Trouble on top, the rest in the order of names.

pub(super) mod chosen;
mod incidents;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use self::incidents::OpenIncident;
use self::words::Words;
use super::first_steps::{FirstSteps, panel};
use super::frame::{Frame, Reader, render};
use super::row::{Facts, Row, whole_row};
use super::table::{Column, Look, Table};
use crate::fleet::BoxNow;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::site::deliveries;
use crate::http::time::Time;
use crate::store::sites::Site;
use crate::text::{self, Lang};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    headline: String,
    first_steps: Option<FirstSteps>,
    incidents: Vec<OpenIncident>,
    rows: Vec<Row>,
    table: Table,
    has_sites: bool,
    versions: Vec<String>,
    states: [(&'static str, &'static str); 5],
    quiets: [(&'static str, &'static str); 3],
    now: Time,
}

#[derive(Template)]
#[template(path = "headline.html")]
struct HeadlinePage {
    headline: String,
}

/// Shows the fleet.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, headers: HeaderMap, uri: Uri) -> Response {
    let frame = reader.frame;
    match page(&admin, &frame, (&headers, &Look::of(&uri))).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
}

async fn page(admin: &Admin, frame: &Frame, (headers, look): (&HeaderMap, &Look)) -> Result<Response, Problem> {
    let (sites, delivered) = (admin.store.sites().await?, deliveries(admin).await?);
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let mut rows = rows(admin, frame, &sites);
    let headline = headline(frame.lang, &rows);
    let versions = versions(&rows);
    rows.retain(|row| is_wanted(row, look, now_ms));
    sort(&mut rows, look);
    let (mut rows, table) = look.page(frame.lang, &columns(frame, w), rows);
    for shown in &mut rows {
        if let Some(site) = sites.iter().find(|site| site.id.as_str() == shown.id) {
            *shown = whole_row(admin, frame, site, &delivered).await?;
        }
    }
    Ok(render(&FleetPage {
        frame,
        w,
        look,
        headline,
        first_steps: panel(admin, headers, frame.lang).await?,
        incidents: incidents::open(admin, frame.lang).await?,
        rows,
        table,
        has_sites: !sites.is_empty(),
        versions,
        states: [
            ("trouble", frame.words.trouble),
            ("silent", w.state_silent),
            ("attention", w.state_attention),
            ("never", w.state_never),
            ("fine", w.state_fine),
        ],
        quiets: [("1", w.one_day), ("7", w.one_week), ("30", w.one_month)],
        now: Time(now_ms),
    }))
}

/// A row per site, without what has arrived and what is missing: those cost a question each.
fn rows(admin: &Admin, frame: &Frame, sites: &[Site]) -> Vec<Row> {
    let (mut fleet, hearing) = (admin.fleet.snapshot(), admin.hearing());
    let row = |site: &Site| {
        let live: BoxNow = fleet.remove(&site.id).unwrap_or_default();
        Row::new(frame, &Facts { site, live, lines: Vec::new() }, hearing)
    };
    sites.iter().map(row).collect()
}

/// The sentence alone, for the live stream.
pub(super) async fn headline_html(admin: &Admin, frame: &Frame) -> Result<String, Problem> {
    let sites = admin.store.sites().await?;
    let headline = headline(frame.lang, &rows(admin, frame, &sites));
    Ok(HeadlinePage { headline }.render().unwrap_or_default())
}

fn columns(frame: &Frame, w: &'static Words) -> Vec<Column> {
    let words = frame.words;
    let mut columns = vec![
        Column::sorted(words.site, "name"),
        Column::plain(words.reachable_axis),
        Column::sorted(words.heard, "heard"),
        Column::plain(words.health_axis),
        Column::sorted(words.disk, "disk").number(),
        Column::plain(words.complete_axis),
        Column::sorted(words.version, "version"),
    ];
    if frame.is_operator() {
        columns.insert(0, Column::plain(w.pick));
    }
    columns
}

/// Commands that make sense for many boxes at once.
fn kinds(w: &Words) -> Vec<(String, String)> {
    [("get_system_info", w.get_system_info), ("restart_service", w.restart_service), ("reboot", w.reboot)]
        .map(|(kind, word)| (kind.to_owned(), word.to_owned()))
        .to_vec()
}

fn versions(rows: &[Row]) -> Vec<String> {
    let mut versions: Vec<String> = rows.iter().filter_map(|row| row.release.clone()).collect();
    versions.sort();
    versions.dedup();
    versions
}

fn is_wanted(row: &Row, look: &Look, now_ms: i64) -> bool {
    let is_in_state = match look.get("state") {
        "trouble" => row.urgency <= 1,
        "silent" => row.reach.state == "critical",
        "attention" => row.urgency == 1,
        "never" => row.urgency == 2,
        "fine" => row.urgency == 3,
        _ => true,
    };
    let version = look.get("version");
    let has_version = version.is_empty() || row.release.as_deref() == Some(version);
    let is_quiet = look.get("quiet").parse::<i64>().map_or(true, |days| {
        row.heard_ms.is_none_or(|heard_ms| now_ms.saturating_sub(heard_ms) >= days.saturating_mul(DAY_MS))
    });
    is_in_state && has_version && is_quiet && look.has(&format!("{} {} {}", row.name, row.id, row.about))
}

fn sort(rows: &mut [Row], look: &Look) {
    let (by, is_descending) = look.sort();
    rows.sort_by_key(|row| row.name.to_lowercase());
    match by {
        "name" => {}
        "heard" => rows.sort_by_key(|row| row.heard_ms),
        "disk" => rows.sort_by_key(|row| row.disk_permille),
        "version" => rows.sort_by(|one, other| one.release.cmp(&other.release)),
        _ => rows.sort_by_key(|row| row.urgency),
    }
    if is_descending {
        rows.reverse();
    }
}

/// The state of the whole fleet as one sentence.
fn headline(lang: Lang, rows: &[Row]) -> String {
    let count = |urgency: u8| rows.iter().filter(|row| row.urgency == urgency).count() as u64;
    let all = rows.len() as u64;
    let sites = text::counted(lang, all, "site", "sites");
    let parts = match lang {
        Lang::Fr => [
            (count(0), "à traiter", "à traiter"),
            (count(1), "à surveiller", "à surveiller"),
            (count(2), "jamais entendu", "jamais entendus"),
            (count(3), "en ordre", "en ordre"),
            (count(4), "révoqué", "révoqués"),
        ],
        Lang::En => [
            (count(0), "to settle", "to settle"),
            (count(1), "needs attention", "need attention"),
            (count(2), "never heard", "never heard"),
            (count(3), "fine", "fine"),
            (count(4), "revoked", "revoked"),
        ],
    };
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| text::counted(lang, count, one, many))
        .collect();
    let colon = match lang {
        Lang::Fr => "\u{a0}: ",
        Lang::En => ": ",
    };
    if told.is_empty() { sites } else { format!("{sites}{colon}{}", told.join(", ")) }
}
