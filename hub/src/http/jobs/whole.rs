//! One job with what is sent of it.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{JobView, find};
use crate::http::Admin;
use crate::http::guard::Viewer;
use crate::http::problem::{Problem, Refused};
use crate::store::accounts::Role;

/// A row on its way, with the requests that carry it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct WholeJob {
    /// The row.
    #[serde(flatten)]
    job: JobView,
    /// The requests as they would be sent at this moment, with the names of secrets in their place; for operators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    requests: Vec<Value>,
    /// Why there is no request, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unfit: Option<String>,
}

/// Shows a job, to operators with the requests that carry it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{no}", operation_id = "jobs_show",
    tag = "jobs", params(("no" = String, Path, description = "The job's number")), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The job", body = WholeJob), Refused)
)]
pub(in crate::http) async fn show(
    Viewer(caller): Viewer,
    State(admin): State<Admin>,
    Path(no): Path<String>,
) -> Result<Json<WholeJob>, Problem> {
    let job = find(&admin, &no).await?;
    let (mut requests, mut unfit) = (Vec::new(), None);
    if caller.role >= Role::Operator {
        match admin.exchange.preview(&job).await {
            Ok(shown) => requests = shown.iter().filter_map(|one| serde_json::to_value(one).ok()).collect(),
            Err(error) => unfit = Some(error.to_string()),
        }
    }
    Ok(Json(WholeJob { job: JobView::from(job), requests, unfit }))
}
