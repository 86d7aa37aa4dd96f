//! The first page: is anything wrong, and where? Trouble on top, the rest in the order of names.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::first_steps::{FirstSteps, panel};
use super::frame::{Frame, Reader, render};
use super::row::{Facts, Row, whole_row};
use crate::fleet::completeness::Deliveries;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::site::deliveries;
use crate::http::time::Time;
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// Rows of one page.
const ROWS_MAX: usize = 50;

/// What the reader is looking for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// A part of a name or id.
    #[serde(default)]
    q: String,
    /// `trouble` or nothing.
    #[serde(default)]
    state: String,
    /// Rows to leave out: the pages before.
    #[serde(default)]
    skip: usize,
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage<'a> {
    frame: &'a Frame,
    filter: &'a Filter,
    headline: String,
    first_steps: Option<FirstSteps>,
    rows: Vec<Row>,
    has_sites: bool,
    more: Option<String>,
    now: Time,
}

#[derive(Template)]
#[template(path = "headline.html")]
struct HeadlinePage {
    headline: String,
}

/// Shows the fleet.
pub(super) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    let frame = reader.frame;
    match page(&admin, &frame, (&headers, &filter)).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
}

async fn page(admin: &Admin, frame: &Frame, (headers, filter): (&HeaderMap, &Filter)) -> Result<Response, Problem> {
    let (sites, delivered) = (admin.store.sites().await?, deliveries(admin).await?);
    let mut rows = rows(admin, frame, &sites, &delivered);
    let headline = headline(frame.lang, &rows);
    rows.retain(|row| is_wanted(row, filter));
    rows.sort_by_key(|row| (row.urgency, row.name.to_lowercase()));
    let has_more = rows.len() > filter.skip.saturating_add(ROWS_MAX);
    let mut rows: Vec<Row> = rows.into_iter().skip(filter.skip).take(ROWS_MAX).collect();
    for shown in &mut rows {
        if let Some(site) = sites.iter().find(|site| site.id.as_str() == shown.id) {
            *shown = whole_row(admin, frame, site, &delivered).await?;
        }
    }
    let more = has_more.then(|| next_page(filter));
    let (has_sites, now) = (!sites.is_empty(), Time(admin.clock.wall_ms()));
    let first_steps = panel(admin, headers, frame.lang).await?;
    Ok(render(&FleetPage { frame, filter, headline, first_steps, rows, has_sites, more, now }))
}

/// A row per site, without gaps: those cost a question each.
fn rows(admin: &Admin, frame: &Frame, sites: &[Site], delivered: &Deliveries) -> Vec<Row> {
    let (mut fleet, now_ms) = (admin.fleet.snapshot(), admin.clock.wall_ms());
    let row = |site: &Site| {
        let live = fleet.remove(&site.id).unwrap_or_default();
        let lines = delivered.lines(&site.id, &[], live.heartbeat.as_ref());
        Row::new(frame, &Facts { site, live, lines }, now_ms)
    };
    sites.iter().map(row).collect()
}

/// The sentence alone, for the live stream.
pub(super) async fn headline_html(admin: &Admin, frame: &Frame) -> Result<String, Problem> {
    let (sites, delivered) = (admin.store.sites().await?, Deliveries::default());
    let headline = headline(frame.lang, &rows(admin, frame, &sites, &delivered));
    Ok(HeadlinePage { headline }.render().unwrap_or_default())
}

fn is_wanted(row: &Row, filter: &Filter) -> bool {
    let wanted = filter.q.trim().to_lowercase();
    let has_name = row.name.to_lowercase().contains(&wanted) || row.id.to_lowercase().contains(&wanted);
    has_name && (filter.state != "trouble" || row.urgency <= 1)
}

fn next_page(filter: &Filter) -> String {
    let q = super::frame::escape(&filter.q);
    let state = super::frame::escape(&filter.state);
    format!("/?q={q}&state={state}&skip={}", filter.skip.saturating_add(ROWS_MAX))
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
