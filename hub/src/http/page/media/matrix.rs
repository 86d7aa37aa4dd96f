//! What is where: a row for each site with the room that is left, a column for each medium.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::id::{SiteId, to_hex};

use super::words::{self, Words};
use super::{DEPLOY, DEPLOYMENTS_MAX, MEDIA_MAX, Room, deployed, rooms, sites_with, standing};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::marks::Mark;
use crate::http::page::sheet::{SHEET, file};
use crate::http::page::table::{Look, Table};
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::commands::StoredCommand;
use crate::store::media::Medium;

/// Columns that fit beside the sites: the newest media.
const COLUMNS_MAX: usize = 12;

/// A medium at the head of its column.
struct Head {
    sha256: String,
    name: String,
}

/// One site.
struct Line {
    room: Room,
    /// Each medium in the order of the columns; no mark where it neither is nor goes.
    cells: Vec<(String, Option<Mark>)>,
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct MatrixPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    heads: Vec<Head>,
    lines: Vec<Line>,
    table: Table,
    /// There are more media than columns.
    is_cut: bool,
    now: Time,
}

/// Shows what is where.
pub(in crate::http::page) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let w = words::of(frame.lang);
    let mut media = admin.store.media(MEDIA_MAX).await?;
    let wanted = look.get("medium").to_lowercase();
    media.retain(|medium| medium.name.to_lowercase().contains(&wanted));
    let is_cut = media.len() > COLUMNS_MAX;
    media.truncate(COLUMNS_MAX);
    let columns = columns(admin, &media, w).await?;
    let mut rooms = rooms(admin, frame).await?;
    rooms.retain(|room| look.has(&format!("{} {}", room.site, room.name)));
    let lines = rooms.into_iter().map(|room| line(&columns, room, w)).collect();
    if look.is_sheet(SHEET) {
        return Ok(sheet(frame, w, (&media, lines)));
    }
    let (lines, table) = look.page(frame.lang, &[], lines);
    Ok(render(&MatrixPage {
        frame,
        w,
        look,
        heads: media.iter().map(Head::from).collect(),
        lines,
        table: table.with_sheet(look, SHEET),
        is_cut,
        now: Time(admin.clock.wall_ms()),
    }))
}

fn sheet(frame: &Frame, w: &Words, (media, lines): (&[Medium], Vec<Line>)) -> Response {
    let names = media.iter().map(|medium| medium.name.as_str());
    let head: Vec<&str> = [frame.words.site, w.free].into_iter().chain(names).collect();
    let cells = |line: Line| {
        let states = line.cells.into_iter().map(|(_, mark)| mark.map_or(w.not_here, |mark| mark.word).to_owned());
        [line.room.name, line.room.free].into_iter().chain(states).collect()
    };
    file(frame.lang, &head, lines.into_iter().map(cells))
}

/// Where one medium is, and where it goes.
struct Column {
    name: String,
    holders: BTreeSet<SiteId>,
    going: BTreeMap<SiteId, Mark>,
}

async fn columns(admin: &Admin, media: &[Medium], w: &Words) -> Result<Vec<Column>, Problem> {
    let commands = admin.store.commands_of_kind(DEPLOY, None, DEPLOYMENTS_MAX).await?;
    let hash = |command| deployed(command).and_then(|(_, hash)| hash).unwrap_or_default().to_lowercase();
    let deployments: Vec<(String, &StoredCommand)> = commands.iter().map(|command| (hash(command), command)).collect();
    let mut columns = Vec::with_capacity(media.len());
    for medium in media {
        let hash = to_hex(&medium.sha256);
        let mut going: BTreeMap<SiteId, Option<Mark>> = BTreeMap::new();
        for (_, command) in deployments.iter().filter(|(named, _)| *named == hash) {
            // The newest comes first, and says how it is.
            going.entry(command.site.clone()).or_insert_with(|| standing(command.state, w));
        }
        columns.push(Column {
            name: medium.name.clone(),
            holders: sites_with(admin, &medium.sha256).await?,
            going: going.into_iter().filter_map(|(site, mark)| Some((site, mark?))).collect(),
        });
    }
    Ok(columns)
}

fn line(columns: &[Column], room: Room, w: &Words) -> Line {
    let cell = |column: &Column| {
        let is_here = column.holders.iter().any(|site| site.as_str() == room.site);
        let goes = || column.going.iter().find(|(site, _)| site.as_str() == room.site).map(|(_, mark)| *mark);
        let mark = if is_here { Some(Mark { state: "fine", word: w.here }) } else { goes() };
        (column.name.clone(), mark)
    };
    let cells = columns.iter().map(cell).collect();
    Line { room, cells }
}

impl From<&Medium> for Head {
    fn from(medium: &Medium) -> Self {
        Self { sha256: to_hex(&medium.sha256), name: medium.name.clone() }
    }
}
