//! Devices of which a site's box must store nothing: whoever objects is heard on the box, before storage.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vigie_shared::devices::DEVICES_MAX;

use super::{LABEL_LENGTH_MAX, RegisteredView, address, known_site, named, pseudonym, unknown_device};
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::{Body, line};
use crate::http::problem::{Problem, Refused};
use crate::store::presence::Exclusion;

/// A device that must not be seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewExclusion {
    /// At which site.
    site: String,
    /// Its address, in any usual spelling; only its pseudonym is kept.
    mac: String,
    /// What it is, for people; no name of a person is needed. `device` if not given.
    label: Option<String>,
}

/// Excludes a device at a site: its box stores nothing of it from then on, and its address is forgotten here.
#[utoipa::path(
    post, path = "/api/v1/presence/exclusions", operation_id = "presence_exclusions_add",
    tag = "presence", request_body = NewExclusion, extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Excluded", body = RegisteredView), Refused)
)]
pub(in crate::http) async fn exclude(
    _: Operator,
    State(admin): State<Admin>,
    Body(new): Body<NewExclusion>,
) -> Result<Json<RegisteredView>, Problem> {
    let (site, mac) = (known_site(&admin, &new.site).await?, address(&new.mac)?);
    if admin.store.exclusions(Some(&site)).await?.len() >= DEVICES_MAX {
        return Err(Problem::invalid("mac", format_args!("a site may exclude {DEVICES_MAX} devices")));
    }
    let label = line("label", new.label.as_deref().unwrap_or("device"), LABEL_LENGTH_MAX)?;
    let device = pseudonym(&admin, &site, mac).await?;
    let exclusion = Exclusion { site, device, label, made_ms: admin.clock.wall_ms() };
    admin.store.exclude(&exclusion).await?;
    Ok(Json(RegisteredView::excluded(&exclusion)))
}

/// Lets an excluded device be seen again.
#[utoipa::path(
    delete, path = "/api/v1/presence/exclusions/{site}/{device}", operation_id = "presence_exclusions_remove",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(
        ("site" = String, Path, description = "The site"),
        ("device" = String, Path, description = "The device's pseudonym, or its address")
    ),
    responses((status = 204, description = "It may be seen again"), Refused)
)]
pub(in crate::http) async fn include(
    _: Operator,
    State(admin): State<Admin>,
    Path((site, device)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (site, device) = named(&admin, &site, &device).await?;
    match admin.store.include(&site, &device).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown_device()),
    }
}
