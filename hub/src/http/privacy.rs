//! `/api/v1/people/{id}/export` and `/erase`: everything that is known of a person, and that it goes.

mod export;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use vigie_shared::id::{random_bytes, to_hex};

use super::Admin;
use super::guard::{Member, Owner, may_see};
use super::input::Body;
use super::looks;
use super::people;
use super::problem::{Problem, Refused};
use crate::store::accounts::Role;
use crate::store::presence::{Erased, OwnershipFilter};

/// Says that it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Meant {
    /// The person's id once more.
    person: String,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErasedView {
    /// What stands in the person's place in days that were counted.
    tombstone: String,
    /// How many devices were forgotten, with everything that was seen of them.
    devices: usize,
    /// What is left, and why, in words.
    left: String,
}

/// Gives everything that is known of a person, as JSON.
#[utoipa::path(
    get, path = "/api/v1/people/{id}/export", operation_id = "person_export",
    tag = "presence", extensions(("x-role" = json!("member"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "Everything", content_type = "application/json"), Refused)
)]
pub(super) async fn export(
    Member(caller): Member,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    may_see(&caller, &id, Role::Owner)?;
    let person = people::find(&admin, &id).await?;
    looks::note(&admin, &caller, &id, "export").await?;
    Ok(Json(export::everything(&*admin.store, person, admin.clock.wall_ms()).await?))
}

/// Erases a person: name, devices and what was seen of them go; days keep what they were worth, without a name. It is
/// remembered, and done again after a restore.
#[utoipa::path(
    post, path = "/api/v1/people/{id}/erase", operation_id = "person_erase",
    tag = "presence", request_body = Meant, extensions(("x-role" = json!("owner"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "Erased", body = ErasedView), Refused)
)]
pub(super) async fn erase(
    _: Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(meant): Body<Meant>,
) -> Result<Json<ErasedView>, Problem> {
    let person = people::find(&admin, &id).await?;
    if meant.person != person.id {
        return Err(Problem::invalid("person", "write the person's id once more, so that nobody is erased by mistake"));
    }
    let erased = Erased {
        devices: own_devices(&admin, &id).await?,
        person: id,
        erased_ms: admin.clock.wall_ms(),
        tombstone: format!("erased-{}", to_hex(&random_bytes::<6>())),
    };
    // First where a restore does not reach: whatever fails later is done again at the next start.
    admin.erasures.remember(&erased).map_err(|error| {
        tracing::error!("an erasure could not be remembered: {error:#}");
        let detail =
            "the erasure could not be written down, so nothing was erased; check the hub's disk, then try again";
        Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "store_failed", "The store failed", detail)
    })?;
    admin.store.erase(&erased).await?;
    let left = "punches stay under the terminals' numbers as long as the law asks for working time; third parties and \
                terminals keep their own lists; backups hold the person until they are deleted, and a restore erases again";
    Ok(Json(ErasedView { tombstone: erased.tombstone, devices: erased.devices.len(), left: left.to_owned() }))
}

/// Devices that were nobody else's: those of somebody who came later go on.
async fn own_devices(admin: &Admin, person: &str) -> Result<Vec<(vigie_shared::id::SiteId, String)>, Problem> {
    let all = admin.store.ownerships(&OwnershipFilter::default()).await?;
    let is_shared = |site: &Option<_>, device: &str| {
        all.iter().any(|one| one.person != person && one.site == *site && one.device == device)
    };
    let mut devices: Vec<_> = all
        .iter()
        .filter(|one| one.person == person && !is_shared(&one.site, &one.device))
        .filter_map(|one| Some((one.site.clone()?, one.device.clone())))
        .collect();
    devices.sort();
    devices.dedup();
    Ok(devices)
}

#[cfg(test)]
mod tests;
