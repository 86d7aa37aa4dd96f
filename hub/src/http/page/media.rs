//! What is where? Deployments under way, then every medium with the sites that have it, and the room that is left.

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
    sites: String,
}

/// A deployment that has not ended.
struct UnderWay {
    site: String,
    name: String,
    mark: Mark,
    detail: String,
    given: Moment,
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
    rooms: Vec<Room>,
    now: Time,
}

/// Shows the media.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    match page(&admin, &frame, &Look::of(&uri)).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
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
    let (mut rows, table) = look.page(frame.lang, &columns, rows);
    for row in &mut rows {
        if let Some(medium) = media.iter().find(|medium| to_hex(&medium.sha256) == row.sha256) {
            let sites = sites_with(admin, &medium.sha256).await?.len() as u64;
            row.sites = text::number(frame.lang, sites);
        }
    }
    let has_media = !media.is_empty();
    let (under_way, rooms) = (under_way(admin, &at, w).await?, rooms(admin, frame).await?);
    Ok(render(&MediaPage { frame, w, look, under_way, rows, table, has_media, rooms, now: Time(now_ms) }))
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
    Ok(commands.iter().filter_map(|command| at.under_way(command, w)).collect())
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
            sites: String::new(),
        }
    }

    /// None of what has ended well.
    fn under_way(&self, command: &StoredCommand, w: &Words) -> Option<UnderWay> {
        let mark = match command.state {
            CommandState::Waiting | CommandState::Sent => Mark { state: "unknown", word: w.waits },
            CommandState::Running => Mark { state: "running", word: w.running },
            CommandState::Failed | CommandState::Refused => Mark { state: "critical", word: w.failed },
            _ => return None,
        };
        let name = match Command::open(&command.body).map(|command| command.kind) {
            Ok(CommandKind::DeployVideo(video)) => video.original_name.unwrap_or(video.filename),
            // It was written by a newer hub.
            Ok(_) | Err(_) => String::new(),
        };
        Some(UnderWay {
            site: command.site.to_string(),
            name,
            mark,
            detail: command.detail.clone(),
            given: self.moment(command.issued_ms),
        })
    }
}

#[cfg(test)]
mod tests;
