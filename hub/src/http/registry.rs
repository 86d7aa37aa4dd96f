//! `/api/v1/people/{id}/devices` and `/api/v1/presence/devices`: whose devices are whose, and which must not be seen.

mod exclusions;
mod taking;
mod views;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;

pub(super) use self::exclusions::{__path_exclude, __path_include, exclude, include};
pub(super) use self::taking::take;
pub(super) use self::views::{CountsView, PersonDeviceView, RegisteredView, hint};
use super::Admin;
use super::guard::{Member, Operator, may_see};
use super::input::{Body, Params, line, site_id};
use super::looks;
use super::people;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::presence::Ownership;
use crate::store::accounts::Role;
use crate::store::presence::{OwnershipFilter, Registered};

/// Longest label of a device, characters.
pub(super) const LABEL_LENGTH_MAX: usize = 80;

/// Longest silence that still belongs to a session, minutes.
const GRACE_MAX_MIN: u16 = 240;

/// A person's device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDevice {
    /// On which site's network it is seen.
    site: String,
    /// Its address, in any usual spelling.
    mac: String,
    /// What to call it; `device` if not given.
    label: Option<String>,
    /// From when it is the person's; from now on if not given.
    from: Option<Time>,
    /// Until when; for ever if not given.
    to: Option<Time>,
    /// Whether what it does counts for the person; `yes` if not given.
    counts: Option<CountsView>,
    /// Its silence that still belongs to a session, minutes; the policy's if not given.
    grace_min: Option<u16>,
    /// It is somebody else's so far, whose time ends where this one begins.
    #[serde(default)]
    hands_over: bool,
}

/// When something ends.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct End {
    /// When; now if not given.
    at: Option<Time>,
}

/// Only of one site.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfSite {
    /// Only of this site.
    site: Option<String>,
}

/// Lists a person's devices, also those of before.
#[utoipa::path(
    get, path = "/api/v1/people/{id}/devices", operation_id = "person_devices_list",
    tag = "presence", extensions(("x-role" = json!("member"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "The person's devices", body = Page<PersonDeviceView>), Refused)
)]
pub(super) async fn of_person(
    Member(caller): Member,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Page<PersonDeviceView>>, Problem> {
    may_see(&caller, &id, Role::Operator)?;
    people::find(&admin, &id).await?;
    looks::note(&admin, &caller, &id, "devices").await?;
    let owned = admin.store.ownerships(&OwnershipFilter { person: Some(id), ..OwnershipFilter::default() }).await?;
    let known = admin.store.registered(None).await?;
    let items = owned.iter().map(|one| PersonDeviceView::new(one, registration(&known, one))).collect();
    Ok(Json(Page { items, next: None }))
}

fn registration<'a>(known: &'a [Registered], owned: &Ownership) -> Option<&'a Registered> {
    known.iter().find(|one| Some(&one.site) == owned.site.as_ref() && one.device == owned.device)
}

/// Registers a device as a person's. Doing so twice changes nothing.
#[utoipa::path(
    post, path = "/api/v1/people/{id}/devices", operation_id = "person_devices_add",
    tag = "presence", request_body = NewDevice, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "The device, and a hint in words", body = PersonDeviceView), Refused)
)]
pub(super) async fn add(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(new): Body<NewDevice>,
) -> Result<Json<PersonDeviceView>, Problem> {
    people::find(&admin, &id).await?;
    let (device, ownership) = checked(&admin, &id, &new).await?;
    let owned = take(&admin, device, ownership, new.hands_over).await?;
    Ok(Json(PersonDeviceView::new(&owned.0, Some(&owned.1))))
}

/// Reads what is asked for.
async fn checked(admin: &Admin, person: &str, new: &NewDevice) -> Result<(Registered, Ownership), Problem> {
    let (site, mac) = (known_site(admin, &new.site).await?, address(&new.mac)?);
    let now_ms = admin.clock.wall_ms();
    let from_ms = new.from.map_or(now_ms, |from| from.0);
    if new.to.is_some_and(|to| to.0 <= from_ms) {
        return Err(Problem::invalid("to", "it ends before it begins"));
    }
    if new.grace_min.is_some_and(|grace_min| grace_min > GRACE_MAX_MIN) {
        return Err(Problem::invalid("grace_min", format_args!("use 0 to {GRACE_MAX_MIN}")));
    }
    let label = line("label", new.label.as_deref().unwrap_or("device"), LABEL_LENGTH_MAX)?;
    let device = pseudonym(admin, &site, mac).await?;
    let ownership = Ownership {
        device: device.clone(),
        site: Some(site.clone()),
        person: person.to_owned(),
        from_ms,
        to_ms: new.to.map(|to| to.0),
        counts: new.counts.unwrap_or_default().into(),
        grace_min: new.grace_min,
    };
    Ok((Registered { site, device, mac, label, added_ms: now_ms }, ownership))
}

/// Ends a person's ownership of a device; what was seen until then stays the person's.
#[utoipa::path(
    delete, path = "/api/v1/people/{id}/devices/{site}/{device}", operation_id = "person_devices_end",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(
        ("id" = String, Path, description = "The person"), ("site" = String, Path, description = "The site"),
        ("device" = String, Path, description = "The device's pseudonym, or its address"), End
    ),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn end(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, site, device)): Path<(String, String, String)>,
    Params(end): Params<End>,
) -> Result<StatusCode, Problem> {
    let (site, device) = named(&admin, &site, &device).await?;
    let at_ms = end.at.map_or(admin.clock.wall_ms(), |at| at.0);
    let filter = OwnershipFilter { site: Some(site.clone()), device: Some(device.clone()), person: Some(id) };
    let owned = admin.store.ownerships(&filter).await?;
    let is_then = |one: &Ownership| one.from_ms <= at_ms && one.to_ms.is_none_or(|to_ms| to_ms > at_ms);
    if owned.iter().any(is_then) && admin.store.disown(Some(&site), &device, at_ms).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(unknown_device())
}

/// Lists registered devices and excluded ones.
#[utoipa::path(
    get, path = "/api/v1/presence/devices", operation_id = "presence_devices_list",
    tag = "presence", params(OfSite), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Every device that somebody registered or excluded", body = Page<RegisteredView>), Refused)
)]
pub(super) async fn list(
    _: Operator,
    State(admin): State<Admin>,
    Params(query): Params<OfSite>,
) -> Result<Json<Page<RegisteredView>>, Problem> {
    let site = query.site.as_deref().map(site_id).transpose()?;
    let owned = admin.store.ownerships(&OwnershipFilter { site: site.clone(), ..OwnershipFilter::default() }).await?;
    let now_ms = admin.clock.wall_ms();
    let known = admin.store.registered(site.as_ref()).await?;
    let mut items: Vec<RegisteredView> = known.iter().map(|one| RegisteredView::new(one, &owned, now_ms)).collect();
    items.extend(admin.store.exclusions(site.as_ref()).await?.iter().map(RegisteredView::excluded));
    Ok(Json(Page { items, next: None }))
}

/// Forgets a device with its address and its owners; what was seen of it stays without a name until its time is over.
#[utoipa::path(
    delete, path = "/api/v1/presence/devices/{site}/{device}", operation_id = "presence_devices_forget",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(
        ("site" = String, Path, description = "The site"),
        ("device" = String, Path, description = "The device's pseudonym, or its address")
    ),
    responses((status = 204, description = "Forgotten"), Refused)
)]
pub(super) async fn forget(
    _: Operator,
    State(admin): State<Admin>,
    Path((site, device)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (site, device) = named(&admin, &site, &device).await?;
    match admin.store.forget_device(&site, &device).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown_device()),
    }
}

fn unknown_device() -> Problem {
    let detail = "no such device is registered there; `vigie-hub device list` shows all";
    Problem::new(StatusCode::NOT_FOUND, "device_unknown", "There is no such device", detail)
}

/// A site that exists.
pub(super) async fn known_site(admin: &Admin, id: &str) -> Result<SiteId, Problem> {
    let site = admin.store.site(&site_id(id)?).await?;
    site.map(|site| site.id).ok_or_else(|| Problem::unknown("site", id))
}

/// A device's address.
pub(super) fn address(text: &str) -> Result<Mac, Problem> {
    let mac: Mac = text.parse().map_err(|error| Problem::invalid("mac", error))?;
    if mac.is_device() { Ok(mac) } else { Err(Problem::invalid("mac", "this address is a group's or nobody's")) }
}

/// What a device is called at a site.
pub(super) async fn pseudonym(admin: &Admin, site: &SiteId, mac: Mac) -> Result<String, Problem> {
    let key = PseudonymKey::new(&admin.store.pseudonym_secret(site).await?);
    Ok(key.name(mac).to_string())
}

/// A device by its pseudonym or its address.
async fn named(admin: &Admin, site: &str, device: &str) -> Result<(SiteId, String), Problem> {
    let site = known_site(admin, site).await?;
    let device = match device.parse::<Mac>() {
        Ok(mac) => pseudonym(admin, &site, mac).await?,
        Err(_not_an_address) => device.to_ascii_lowercase(),
    };
    Ok((site, device))
}

#[cfg(test)]
mod tests;
