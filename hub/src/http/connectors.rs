//! `/api/v1/connectors`: third parties that get punches and give people.

mod exchange;
mod known;
mod set;
mod terminals;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use self::known::Known;
use self::set::{ConnectorChange, changed, made};
use self::view::ConnectorView;
use super::Admin;
use super::guard::{Owner, Viewer};
use super::input::Body;
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::connectors::settings::CONNECTORS_MAX;

pub(super) use self::view::counts_of;

pub(super) use self::exchange::*;
pub(super) use self::terminals::*;

/// Lists connectors and how they stand. Secrets are never shown.
#[utoipa::path(
    get, path = "/api/v1/connectors", operation_id = "connectors_list",
    tag = "connectors", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "All connectors", body = Page<ConnectorView>), Refused)
)]
pub(super) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<Page<ConnectorView>>, Problem> {
    let counts = admin.store.job_counts().await?;
    let mut items = Vec::new();
    for (connector, standing) in admin.store.connectors().await? {
        let secrets = admin.store.connector_secrets(&connector.name).await?;
        items.push(ConnectorView::new(&connector, &standing, secrets.into_keys().collect(), &counts));
    }
    Ok(Json(Page { items, next: None }))
}

/// Adds a connector. Punches before `start_at`, if nothing is said before now, are stored and not sent.
#[utoipa::path(
    post, path = "/api/v1/connectors", operation_id = "connectors_create",
    tag = "connectors", extensions(("x-role" = json!("owner"))), request_body = ConnectorChange,
    responses((status = 201, description = "It works from now on", body = ConnectorView),
              (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn create(
    _: Owner,
    State(admin): State<Admin>,
    Body(new): Body<ConnectorChange>,
) -> Result<Response, Problem> {
    if admin.store.connectors().await?.len() >= CONNECTORS_MAX {
        return Err(Problem::invalid(
            "name",
            format_args!("there are {CONNECTORS_MAX} connectors already; remove one first"),
        ));
    }
    let (connector, secrets) = made(new, admin.clock.wall_ms())?;
    admin.store.add_connector(&connector).await?;
    admin.store.put_connector_secrets(&connector.name, &secrets).await?;
    admin.exchange.wake();
    Ok((StatusCode::CREATED, Json(shown(&admin, &connector.name).await?)).into_response())
}

/// Shows a connector and how it stands.
#[utoipa::path(
    get, path = "/api/v1/connectors/{name}", operation_id = "connectors_show",
    tag = "connectors", extensions(("x-role" = json!("viewer"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "The connector", body = ConnectorView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Json<ConnectorView>, Problem> {
    Ok(Json(shown(&admin, &name).await?))
}

/// Changes a connector; what is not given stays. A secret that is null is removed.
#[utoipa::path(
    patch, path = "/api/v1/connectors/{name}", operation_id = "connectors_change",
    tag = "connectors", extensions(("x-role" = json!("owner"))), request_body = ConnectorChange,
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "Changed", body = ConnectorView), Refused)
)]
pub(super) async fn change(
    _: Owner,
    State(admin): State<Admin>,
    Known(connector): Known,
    Body(change): Body<ConnectorChange>,
) -> Result<Json<ConnectorView>, Problem> {
    let name = connector.name.clone();
    let maps_people = change.numbers.is_some();
    let kept = admin.store.connector_secrets(&name).await?;
    let (connector, secrets) = changed(connector, change, kept.into_keys().collect())?;
    admin.store.put_connector_secrets(&name, &secrets).await?;
    admin.store.put_connector(&connector).await?;
    if maps_people {
        // Who waits because nobody there had the number may go.
        admin.store.unpark(&name, admin.clock.wall_ms()).await?;
    }
    admin.exchange.wake();
    Ok(Json(shown(&admin, &name).await?))
}

/// Removes a connector with its secrets, people and jobs. What was sent stays there.
#[utoipa::path(
    delete, path = "/api/v1/connectors/{name}", operation_id = "connectors_remove",
    tag = "connectors", extensions(("x-role" = json!("owner"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 204, description = "Gone"), Refused)
)]
pub(super) async fn remove(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    match admin.store.remove_connector(&name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::unknown("connector", &name)),
    }
}

async fn shown(admin: &Admin, name: &str) -> Result<ConnectorView, Problem> {
    let (connector, standing) =
        admin.store.connector(name).await?.ok_or_else(|| Problem::unknown("connector", name))?;
    let secrets = admin.store.connector_secrets(name).await?;
    let counts = admin.store.job_counts().await?;
    Ok(ConnectorView::new(&connector, &standing, secrets.into_keys().collect(), &counts))
}

#[cfg(test)]
mod tests;
