//! Which device is whose? Claims that wait, devices without an owner, and everybody who is known.

pub(super) mod person;
mod words;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;
use vigie_shared::wire::reading::Sighting;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::row::Moment;
use super::table::{Column, Look, Table};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::presence::Ownership;
use crate::store::accounts::Role;
use crate::store::presence::{Claim, OwnershipFilter};
use crate::store::projections::{Device, DeviceKind};
use crate::text::Lang;

/// A device that was seen within this time is here, milliseconds.
const HERE_MS: i64 = 15 * 60 * 1000;
/// Devices that are looked at: those of a large house.
const DEVICES_MAX: usize = 5_000;
/// Devices without an owner that are shown.
const UNOWNED_MAX: usize = 50;

/// A claim that waits.
struct ClaimRow {
    id: String,
    name: String,
    site: String,
    mac: String,
    made: Moment,
}

/// A device that nobody owns, seen just now.
struct Unowned {
    site: String,
    device: String,
    first: Moment,
    last: Moment,
}

/// Somebody.
struct PersonRow {
    id: String,
    name: String,
    devices: usize,
    numbers: usize,
    is_named: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    claims: Vec<ClaimRow>,
    unowned: Vec<Unowned>,
    rows: Vec<PersonRow>,
    table: Table,
    has_people: bool,
    sites: Vec<(String, String)>,
}

/// Shows everybody.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let page = page(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(page)
}

async fn page(admin: &Admin, reader: &Reader, look: &Look) -> Result<Response, Problem> {
    reader.needs(Role::Operator)?;
    let (frame, now_ms) = (&reader.frame, admin.clock.wall_ms());
    let w = words::of(frame.lang);
    let people = admin.store.people().await?;
    let names: BTreeMap<&str, &str> = people.iter().map(|person| (person.id.as_str(), person.name.as_str())).collect();
    let claims = admin.store.claims().await?;
    let claims = claims.iter().map(|claim| ClaimRow::new(frame.lang, claim, &names, now_ms)).collect();
    let owned = admin.store.ownerships(&OwnershipFilter::default()).await?;
    let devices = admin.store.devices(None, None, DEVICES_MAX).await?;
    let unowned = unowned(frame.lang, &devices, now_ms);
    let agreed: Vec<String> = admin
        .store
        .profiles()
        .await?
        .into_iter()
        .filter(|profile| profile.shows_name)
        .map(|profile| profile.person)
        .collect();
    let has_people = !people.is_empty();
    let mut rows: Vec<PersonRow> = people
        .iter()
        .filter(|person| look.has(&format!("{} {}", person.name, person.id)))
        .map(|person| PersonRow {
            id: person.id.clone(),
            name: person.name.clone(),
            devices: owned.iter().filter(|one| one.person == person.id && is_present(one, now_ms)).count(),
            numbers: person.numbers.len(),
            is_named: agreed.contains(&person.id),
        })
        .collect();
    sort(&mut rows, look);
    let columns = [
        Column::sorted(w.name, "name"),
        Column::sorted(w.id, "id"),
        Column::sorted(w.devices, "devices").number(),
        Column::plain(w.numbers).number(),
        Column::plain(w.consent),
    ];
    let (rows, table) = look.page(frame.lang, &columns, rows);
    let sites = admin.store.sites().await?.into_iter().map(|site| (site.id.to_string(), site.name)).collect();
    Ok(render(&PeoplePage { frame, w, look, claims, unowned, rows, table, has_people, sites }))
}

/// Whether a device is the person's at this moment.
pub(super) fn is_present(owned: &Ownership, now_ms: i64) -> bool {
    owned.from_ms <= now_ms && owned.to_ms.is_none_or(|to_ms| to_ms > now_ms)
}

fn sort(rows: &mut [PersonRow], look: &Look) {
    let (by, is_descending) = look.sort();
    rows.sort_by_key(|row| row.name.to_lowercase());
    match by {
        "id" => rows.sort_by(|one, other| one.id.cmp(&other.id)),
        "devices" => rows.sort_by_key(|row| row.devices),
        _ => {}
    }
    if is_descending {
        rows.reverse();
    }
}

/// Devices of passers-by that are here at this moment, the newest first; what belongs to the network is none.
fn unowned(lang: Lang, devices: &[Device], now_ms: i64) -> Vec<Unowned> {
    let is_here = |device: &&Device| {
        device.kind == DeviceKind::Passing
            && device.flags & Sighting::INFRASTRUCTURE == 0
            && now_ms.saturating_sub(device.last_seen_ms) <= HERE_MS
    };
    let mut here: Vec<&Device> = devices.iter().filter(is_here).collect();
    here.sort_by_key(|device| std::cmp::Reverse(device.first_seen_ms));
    let moment = |at_ms: i64| Moment::new(lang, at_ms, now_ms, &TimeZone::system());
    let row = |device: &Device| Unowned {
        site: device.site.to_string(),
        device: device.id.chars().take(8).collect(),
        first: moment(device.first_seen_ms),
        last: moment(device.last_seen_ms),
    };
    here.into_iter().take(UNOWNED_MAX).map(row).collect()
}

impl ClaimRow {
    fn new(lang: Lang, claim: &Claim, names: &BTreeMap<&str, &str>, now_ms: i64) -> Self {
        Self {
            id: claim.id.clone(),
            name: names.get(claim.person.as_str()).copied().unwrap_or(&claim.person).to_owned(),
            site: claim.site.to_string(),
            mac: claim.mac.to_string(),
            made: Moment::new(lang, claim.made_ms, now_ms, &TimeZone::system()),
        }
    }
}

#[cfg(test)]
mod tests;
