//! The first page: is anything wrong, and where? Trouble on top, the rest in the order of names.

pub(super) mod chosen;
mod incidents;
mod rank;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use self::incidents::OpenIncident;
use self::rank::{headline, ranked, sort, versions};
use self::words::Words;
use super::first_steps::{FirstSteps, panel};
use super::frame::{Frame, Reader, render};
use super::row::{Row, whole_row};
use super::table::{Column, Look, Table};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::site::deliveries;
use crate::http::time::Time;

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
    let page = page(&admin, &frame, (&headers, &Look::of(&uri))).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, (headers, look): (&HeaderMap, &Look)) -> Result<Response, Problem> {
    let (sites, delivered) = (admin.store.sites().await?, deliveries(admin).await?);
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let mut ranked = ranked(admin, &sites);
    let (headline, versions) = (headline(frame.lang, &ranked), versions(&ranked));
    ranked.retain(|one| one.is_wanted(look, now_ms));
    sort(&mut ranked, look);
    let (shown, table) = look.page(frame.lang, &columns(frame, w), ranked);
    let mut rows = Vec::with_capacity(shown.len());
    for one in shown {
        rows.push(whole_row(admin, frame, one.site, &delivered).await?);
    }
    Ok(render(&FleetPage {
        frame,
        w,
        look,
        headline,
        first_steps: panel(admin, headers, frame.lang).await?,
        incidents: incidents::open(admin, frame.lang, &sites).await?,
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

/// The sentence alone, for the live stream.
pub(super) async fn headline_html(admin: &Admin, frame: &Frame) -> Result<String, Problem> {
    let sites = admin.store.sites().await?;
    let headline = headline(frame.lang, &ranked(admin, &sites));
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
