//! One medium: where it lies, and to which sites it can go.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use vigie_shared::blob::MEDIA_PATH;
use vigie_shared::id::from_hex;

use super::words::{self, Words};
use super::{HOLDERS_MAX, MediumRow, Room, rooms};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::row::Moment;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::shelf::Sha256;
use crate::store::media::Holding;

/// Sites that are offered one by one; of more the list of ids is written.
const CHOICES_MAX: usize = 100;

/// Where it lies.
struct HolderRow {
    site: String,
    path: String,
    told: Moment,
}

#[derive(Template)]
#[template(path = "medium.html")]
struct MediumPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    row: MediumRow,
    url: String,
    holders: Vec<HolderRow>,
    /// Boxes that do not have it, with the room that is left.
    rooms: Vec<Room>,
    /// The ids of all of them, a line each.
    missing: String,
    is_few: bool,
    now: Time,
}

/// Shows one medium.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(sha256): Path<String>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &sha256).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, hash: &str) -> Result<Response, Problem> {
    let unknown = || Problem::unknown("media", hash);
    let bytes = from_hex(hash).and_then(|bytes| Sha256::try_from(bytes).ok()).ok_or_else(unknown)?;
    let medium = admin.store.medium(&bytes).await?.ok_or_else(unknown)?;
    let at = Local::of_hub(frame, admin.clock.wall_ms());
    let holders = admin.store.holders(&bytes, HOLDERS_MAX).await?;
    let mut rooms = rooms(admin, frame).await?;
    rooms.retain(|room| !holders.iter().any(|holding| holding.site.as_str() == room.site));
    let missing: Vec<&str> = rooms.iter().map(|room| room.site.as_str()).collect();
    let row = at.medium(&medium);
    Ok(render(&MediumPage {
        frame,
        w: words::of(frame.lang),
        url: format!("{MEDIA_PATH}{}", row.sha256),
        missing: missing.join("\n"),
        is_few: rooms.len() <= CHOICES_MAX,
        row,
        holders: holders.into_iter().map(|holding| at.holder(holding)).collect(),
        rooms,
        now: Time(at.now_ms),
    }))
}

impl Local<'_> {
    fn holder(&self, Holding { site, path, told_ms, .. }: Holding) -> HolderRow {
        HolderRow { site: site.to_string(), path, told: self.moment(told_ms) }
    }
}
