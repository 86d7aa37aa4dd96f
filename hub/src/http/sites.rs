//! `/api/v1/sites`: who may exist. Adding one, or preparing one for a new box, gives the token to paste there.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::SiteId;

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::diary::{Happening, note};
use super::enrolments::{InvitedView, Validity, invite};
use super::guard::{Operator, Owner, Viewer};
use super::idempotency::Ask;
use super::input::{Body, Key, Params, limit, line, site_id};
use super::problem::Problem;
use super::views::{Page, SiteView};
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::sites::Site;

/// Longest name of a site, characters.
const NAME_LENGTH_MAX: usize = 80;

/// Which sites.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only ids after this one.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    limit: Option<usize>,
}

/// A site to add.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSite {
    /// Its id: 1 to 32 letters or digits.
    id: String,
    /// Its name for people; the id if not given.
    name: Option<String>,
    /// Its IANA time zone; the hub's own if not given.
    zone: Option<String>,
    /// How long the token works, with its unit; `24h` if not given.
    #[schema(value_type = Option<String>, example = "24h")]
    valid: Option<Validity>,
}

/// Lists the sites, by id.
#[utoipa::path(
    get, path = "/api/v1/sites", tag = "sites", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of sites", body = Page<SiteView>),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<SiteView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let is_after = |site: &Site| query.after.as_deref().is_none_or(|after| site.id.as_str() > after);
    let mut sites: Vec<Site> = admin.store.sites().await?.into_iter().filter(is_after).take(rows + 1).collect();
    let next = cut(&mut sites, rows).then(|| sites.last().map(|site| site.id.to_string())).flatten();
    let (fleet, now_ms) = (admin.fleet.snapshot(), admin.clock.wall_ms());
    let view = |site: &Site| SiteView::new(site, &fleet.get(&site.id).cloned().unwrap_or_default(), now_ms);
    Ok(Json(Page { items: sites.iter().map(view).collect(), next }))
}

/// Adds a site and gives the token for its box.
#[utoipa::path(
    post, path = "/api/v1/sites", tag = "sites", request_body = NewSite, extensions(("x-role" = json!("operator"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key adds once")),
    responses((status = 201, description = "Added; the token is shown only now", body = InvitedView),
              (status = 409, description = "The id exists", body = Problem, content_type = "application/problem+json"),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewSite>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("sites", &new) };
    admin.answers.once(ask, add(&admin, &caller, &new)).await
}

async fn add(admin: &Admin, caller: &Caller, new: &NewSite) -> Result<InvitedView, Problem> {
    let site = checked(new, admin.clock.wall_ms())?;
    let valid = new.valid.unwrap_or_default().checked()?;
    admin.store.add_site(&site).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            let detail = format!(
                "site {} exists already; nothing was changed; choose another id, or give it a new box with \
                 `vigie-hub site replace {}`",
                site.id, site.id
            );
            Problem::new(axum::http::StatusCode::CONFLICT, "site_exists", "The site exists already", detail)
        }
        failed @ StoreError::Failed(_) => failed.into(),
    })?;
    note(admin, &site.id, Happening::SiteAdded, caller).await?;
    invite(admin, &site.id, valid).await
}

fn checked(new: &NewSite, now_ms: i64) -> Result<Site, Problem> {
    let id: SiteId = new.id.parse().map_err(|error| Problem::invalid("id", error))?;
    let name = line("name", new.name.as_deref().unwrap_or(id.as_str()), NAME_LENGTH_MAX)?;
    let zone = new.zone.clone().unwrap_or_else(own_zone);
    if jiff::tz::TimeZone::get(&zone).is_err() {
        let shown: String = zone.chars().take(64).collect();
        return Err(Problem::invalid(
            "zone",
            format_args!("`{shown}` is no IANA time zone; write it like Europe/Paris"),
        ));
    }
    Ok(Site { id, name, zone, created_ms: now_ms, revoked_ms: None })
}

/// The zone of the hub's machine.
fn own_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Revokes a site: its box is refused and cut off at once, its facts stay.
#[utoipa::path(
    delete, path = "/api/v1/sites/{id}", tag = "sites", params(("id" = String, Path, description = "The site")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Revoked", body = SiteView),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn remove(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<SiteView>, Problem> {
    cut_off(&admin, &caller, &id).await
}

/// Revokes a site: its box is refused and cut off at once, its facts stay.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/revoke", tag = "sites", params(("id" = String, Path, description = "The site")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Revoked", body = SiteView),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn revoke(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<SiteView>, Problem> {
    cut_off(&admin, &caller, &id).await
}

async fn cut_off(admin: &Admin, caller: &Caller, id: &str) -> Result<Json<SiteView>, Problem> {
    let site = site_id(id)?;
    let now_ms = admin.clock.wall_ms();
    if !admin.store.revoke_site(&site, now_ms).await? {
        return Err(Problem::unknown("site", id));
    }
    admin.revoker.cut(&site);
    note(admin, &site, Happening::SiteRevoked, caller).await?;
    let site = admin.store.site(&site).await?.ok_or_else(|| Problem::unknown("site", id))?;
    Ok(Json(SiteView::new(&site, &admin.fleet.site(&site.id), now_ms)))
}

/// How to replace a box.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    /// How long the token works, with its unit; `24h` if not given.
    #[schema(value_type = Option<String>, example = "24h")]
    valid: Option<Validity>,
}

/// Prepares a site for a new box: the old one is refused from now on, and a new token is given.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/replace", tag = "sites", request_body = Replacement,
    extensions(("x-role" = json!("owner"))),
    params(("id" = String, Path, description = "The site"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key replaces once")),
    responses((status = 201, description = "Ready for a new box; the token is shown only now", body = InvitedView),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn replace(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    key: Key,
    Body(wanted): Body<Replacement>,
) -> Result<Response, Problem> {
    let request = (id.clone(), wanted);
    let ask = Ask { caller: &caller, key, request: ("replace", &request) };
    admin.answers.once(ask, make_room(&admin, &caller, &id, request.1.valid)).await
}

async fn make_room(admin: &Admin, caller: &Caller, id: &str, valid: Option<Validity>) -> Result<InvitedView, Problem> {
    let site = site_id(id)?;
    let valid = valid.unwrap_or_default().checked()?;
    if !admin.store.replace_site(&site, admin.clock.wall_ms()).await? {
        return Err(Problem::unknown("site", id));
    }
    admin.revoker.cut(&site);
    note(admin, &site, Happening::BoxReplaced, caller).await?;
    invite(admin, &site, valid).await
}
