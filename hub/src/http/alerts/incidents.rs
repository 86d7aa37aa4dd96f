//! `/api/v1/incidents`: what people were told together.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Note;
use super::view::{AlertView, IncidentView, NewsView};
use crate::alerts::incident::Incident;
use crate::http::Admin;
use crate::http::cursor::{ROWS, ROWS_MAX, cut};
use crate::http::guard::{Operator, Viewer};
use crate::http::input::{Body, Params, limit};
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;
use crate::store::alerts::AlertFilter;

/// Alerts of one incident that are shown with it.
const ALERTS_MAX: usize = 1_000;

/// Which incidents.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Query {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// An incident, its alerts, and what was told.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct IncidentDetailView {
    /// The incident.
    #[serde(flatten)]
    incident: IncidentView,
    /// What belongs to it, newest first.
    alerts: Vec<AlertView>,
    /// What was told, in order.
    told: Vec<NewsView>,
}

/// Lists incidents, newest first.
#[utoipa::path(
    get, path = "/api/v1/incidents", operation_id = "incidents_list",
    tag = "alerts", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of incidents", body = Page<IncidentView>), Refused)
)]
pub(in crate::http) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<IncidentView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let mut found = admin.store.incidents(query.after.as_deref(), rows + 1).await?;
    let has_more = cut(&mut found, rows);
    let next = found.last().filter(|_| has_more).map(|last| last.id.clone());
    Ok(Json(Page { items: found.iter().map(IncidentView::from).collect(), next }))
}

/// Shows an incident with its alerts and what was told.
#[utoipa::path(
    get, path = "/api/v1/incidents/{id}", operation_id = "incidents_show",
    tag = "alerts", params(("id" = String, Path, description = "Its name")), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The incident", body = IncidentDetailView), Refused)
)]
pub(in crate::http) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<IncidentDetailView>, Problem> {
    let incident = find(&admin, &id).await?;
    let filter = AlertFilter { incident: Some(id.clone()), ..AlertFilter::default() };
    let alerts = admin.store.alerts(&filter, None, ALERTS_MAX).await?;
    let told = admin.store.news_of(&id).await?;
    Ok(Json(IncidentDetailView {
        incident: IncidentView::from(&incident),
        alerts: alerts.iter().map(AlertView::from).collect(),
        told: told.iter().map(NewsView::from).collect(),
    }))
}

/// Takes on everything that fires of an incident.
#[utoipa::path(
    post, path = "/api/v1/incidents/{id}/acknowledge", operation_id = "incidents_acknowledge",
    tag = "alerts", request_body = Note, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "Its name")),
    responses((status = 200, description = "Taken on", body = IncidentDetailView), Refused)
)]
pub(in crate::http) async fn acknowledge(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(note): Body<Note>,
) -> Result<Json<IncidentDetailView>, Problem> {
    find(&admin, &id).await?;
    let by = note.by(&caller.account, admin.clock.wall_ms())?;
    admin.alerts.acknowledge(|alert| alert.incident.as_ref() == Some(&id), &by).await?;
    show(Viewer(caller), State(admin), Path(id)).await
}

async fn find(admin: &Admin, id: &str) -> Result<Incident, Problem> {
    let unknown = || {
        let shown: String = id.chars().take(64).collect();
        let detail =
            format!("no incident is called `{shown}`; `vigie-hub alert incidents` or /api/v1/incidents shows all");
        Problem::new(StatusCode::NOT_FOUND, "incident_unknown", "There is no such incident", detail)
    };
    admin.store.incident(id).await?.ok_or_else(unknown)
}
