//! What is where? Deployments under way, then every medium with the sites that have it, and the room that is left.

pub(super) mod matrix;
pub(super) mod one;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::id::{SiteId, to_hex};
use vigie_shared::wire::{Command, CommandKind};

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::sheet::{Cells, SHEET};
use super::table::{Column, Look, Table};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::shelf::Sha256;
use crate::store::commands::{CommandState, StoredCommand};
use crate::store::media::Medium;
use crate::text;

/// Media that the page looks through, the newest.
const MEDIA_MAX: usize = 1_000;
/// Deployments that the page looks through, the newest.
const DEPLOYMENTS_MAX: usize = 200;
/// Sites of one medium that are counted.
const HOLDERS_MAX: usize = 10_000;
/// The command that brings a medium to a box.
const DEPLOY: &str = "deploy_video";

/// One medium.
struct MediumRow {
    sha256: String,
    name: String,
    size: String,
    size_bytes: u64,
    added: Moment,
    added_ms: i64,
    account: String,
    /// On how many sites it lies; known only of the rows that are shown.
    sites: usize,
}

/// A deployment that has not ended well.
struct UnderWay {
    site: String,
    /// The command.
    id: String,
    name: String,
    mark: Mark,
    detail: String,
    given: Moment,
    /// When it is given up, if it waits for the box.
    until: Option<Moment>,
    /// How far the box is, in thousandths.
    permille: Option<u16>,
    /// It can still be taken back.
    is_waiting: bool,
    is_failed: bool,
}

/// The room that is left on a box.
struct Room {
    site: String,
    name: String,
    /// Free bytes of its fullest disk, in words.
    free: String,
}

#[derive(Template)]
#[template(path = "media.html")]
struct MediaPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    under_way: Vec<UnderWay>,
    rows: Vec<MediumRow>,
    table: Table,
    has_media: bool,
    /// Bytes of the largest file that this hub takes, and the same in words.
    max_bytes: u64,
    too_large: String,
    now: Time,
}

/// Shows the media.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let media = admin.store.media(MEDIA_MAX).await?;
    let mut rows: Vec<MediumRow> = media.iter().map(|medium| at.medium(medium)).collect();
    rows.retain(|row| look.has(&format!("{} {}", row.name, row.sha256)));
    sort(&mut rows, look);
    let columns = [
        Column::sorted(w.medium, "name"),
        Column::sorted(w.size, "size").number(),
        Column::sorted(w.added, "added"),
        Column::plain(w.on_sites).number(),
    ];
    if look.is_sheet(SHEET) {
        count(admin, &media, &mut rows).await?;
    }
    if let Some(sheet) = look.sheet((SHEET, &at), &columns, &rows) {
        return Ok(sheet);
    }
    let (mut rows, table) = look.page(frame.lang, &columns, rows);
    count(admin, &media, &mut rows).await?;
    let max_bytes = admin.media.file_size_max();
    Ok(render(&MediaPage {
        frame,
        w,
        look,
        under_way: under_way(admin, &at, w).await?,
        rows,
        table: table.with_sheet(look, SHEET),
        has_media: !media.is_empty(),
        max_bytes,
        too_large: w.too_large.replace("{max}", &text::size(frame.lang, max_bytes)),
        now: Time(now_ms),
    }))
}

/// Counts the sites of each medium of these rows.
async fn count(admin: &Admin, media: &[Medium], rows: &mut [MediumRow]) -> Result<(), Problem> {
    for row in rows {
        if let Some(medium) = media.iter().find(|medium| to_hex(&medium.sha256) == row.sha256) {
            row.sites = sites_with(admin, &medium.sha256).await?.len();
        }
    }
    Ok(())
}

fn sort(rows: &mut [MediumRow], look: &Look) {
    let (by, is_descending) = look.sort();
    match by {
        "name" => rows.sort_by_key(|row| row.name.to_lowercase()),
        "size" => rows.sort_by_key(|row| row.size_bytes),
        "added" => rows.sort_by_key(|row| row.added_ms),
        _ => return,
    }
    if is_descending {
        rows.reverse();
    }
}

/// The sites on whose disks a content lies.
async fn sites_with(admin: &Admin, sha256: &Sha256) -> Result<BTreeSet<SiteId>, Problem> {
    Ok(admin.store.holders(sha256, HOLDERS_MAX).await?.into_iter().map(|holding| holding.site).collect())
}

/// Deployments that have not ended, and those that failed, the newest first.
async fn under_way(admin: &Admin, at: &Local<'_>, w: &Words) -> Result<Vec<UnderWay>, Problem> {
    let commands = admin.store.commands_of_kind(DEPLOY, None, DEPLOYMENTS_MAX).await?;
    let with_progress = |command: &StoredCommand| {
        let progress = admin.dispatch.progress(&command.site, command.id);
        at.under_way(command, w).map(|row| UnderWay { permille: progress.and_then(|one| one.permille), ..row })
    };
    Ok(commands.iter().filter_map(with_progress).collect())
}

/// The room left on each box that was heard, the fullest first.
async fn rooms(admin: &Admin, frame: &Frame) -> Result<Vec<Room>, Problem> {
    let fleet = admin.fleet.snapshot();
    let names: BTreeMap<SiteId, String> = admin
        .store
        .sites()
        .await?
        .into_iter()
        .filter(|site| site.revoked_ms.is_none())
        .map(|site| (site.id, site.name))
        .collect();
    let mut free: Vec<(Option<u64>, SiteId, String)> = names
        .into_iter()
        .map(|(id, name)| {
            let pulse = fleet.get(&id).and_then(|live| live.heartbeat.as_ref());
            let free = pulse.and_then(|pulse| pulse.host.disks.iter().map(|disk| disk.available_bytes).min());
            (free, id, name)
        })
        .collect();
    free.sort_by_key(|(free, id, _)| (free.is_none(), *free, id.clone()));
    let room = |(free, id, name): (Option<u64>, SiteId, String)| Room {
        site: id.to_string(),
        name,
        free: free.map_or_else(|| frame.words.none.to_owned(), |bytes| text::size(frame.lang, bytes)),
    };
    Ok(free.into_iter().map(room).collect())
}

impl Local<'_> {
    fn medium(&self, medium: &Medium) -> MediumRow {
        MediumRow {
            sha256: to_hex(&medium.sha256),
            name: medium.name.clone(),
            size: text::size(self.frame.lang, medium.size_bytes),
            size_bytes: medium.size_bytes,
            added: self.moment(medium.added_ms),
            added_ms: medium.added_ms,
            account: medium.account.clone(),
            sites: 0,
        }
    }

    /// None of what has ended well.
    fn under_way(&self, command: &StoredCommand, w: &Words) -> Option<UnderWay> {
        let mark = standing(command.state, w)?;
        Some(UnderWay {
            site: command.site.to_string(),
            id: command.id.to_string(),
            name: deployed(command).map(|(name, _)| name).unwrap_or_default(),
            mark,
            detail: command.detail.clone(),
            given: self.moment(command.issued_ms),
            until: (command.state == CommandState::Waiting).then(|| self.moment(command.expires_ms)),
            permille: None,
            is_waiting: command.state == CommandState::Waiting,
            is_failed: !command.state.is_open(),
        })
    }
}

/// How a deployment stands that has not ended well; none if it has, or somebody took it back.
fn standing(state: CommandState, w: &Words) -> Option<Mark> {
    match state {
        CommandState::Waiting | CommandState::Sent => Some(Mark { state: "unknown", word: w.waits }),
        CommandState::Running => Some(Mark { state: "running", word: w.running }),
        CommandState::Failed | CommandState::Refused => Some(Mark { state: "critical", word: w.failed }),
        _ => None,
    }
}

/// What a command brings to a box: its name, and its hash as the command writes it. None of what a newer hub wrote.
fn deployed(command: &StoredCommand) -> Option<(String, Option<String>)> {
    match Command::open(&command.body).ok()?.kind {
        CommandKind::DeployVideo(video) => Some((video.original_name.unwrap_or(video.filename), video.sha256)),
        _ => None,
    }
}

impl Cells for MediumRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        vec![self.name.clone(), self.size.clone(), at.stamp(&self.added), self.sites.to_string()]
    }
}

#[cfg(test)]
mod tests;
