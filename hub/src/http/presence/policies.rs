//! `/api/v1/presence/policies`: by which rules days are valued.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::Admin;
use crate::http::guard::{Owner, Viewer};
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;
use crate::presence::policy::Policy;
use crate::store::presence::PolicyText;

/// Policies of a hub, versions counted.
const POLICIES_MAX: usize = 1_000;

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PolicyView {
    /// Days are valued by the policy of this name.
    is_in_use: bool,
    /// It came with the hub.
    is_shipped: bool,
    /// The policy: name, version, first day, window, grace and rule.
    #[schema(value_type = Object)]
    policy: Value,
}

/// A policy to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPolicy {
    /// Its text, TOML or JSON.
    text: String,
}

/// Lists every policy with its versions.
#[utoipa::path(
    get, path = "/api/v1/presence/policies", operation_id = "presence_policies_list",
    tag = "presence", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The policies", body = Page<PolicyView>), Refused)
)]
pub(in crate::http) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<Page<PolicyView>>, Problem> {
    let policies = admin.presences.policies().await?;
    let items = policies.iter().map(|policy| view(&admin, policy)).collect();
    Ok(Json(Page { items, next: None }))
}

/// Adds a version of a policy; versions never change. Days are valued by it from its first day on.
#[utoipa::path(
    post, path = "/api/v1/presence/policies", operation_id = "presence_policies_add",
    tag = "presence", request_body = NewPolicy, extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Added", body = PolicyView), Refused)
)]
pub(in crate::http) async fn create(
    _: Owner,
    State(admin): State<Admin>,
    Body(new): Body<NewPolicy>,
) -> Result<Json<PolicyView>, Problem> {
    let policy = acceptable(&new.text, &admin.presences.policies().await?)?;
    let body = serde_json::to_string(&policy).unwrap_or_default();
    let text = PolicyText { name: policy.name.clone(), version: policy.version, body, made_ms: admin.clock.wall_ms() };
    admin.store.add_policy(&text).await?;
    Ok(Json(view(&admin, &policy)))
}

/// The policy of a text, if it can be added to those that are known.
pub(in crate::http) fn acceptable(text: &str, known: &[Policy]) -> Result<Policy, Problem> {
    let policy = Policy::parse(text).map_err(|wrong| Problem::invalid("text", wrong))?;
    if known.len() >= POLICIES_MAX {
        return Err(Problem::invalid("text", format_args!("there are {POLICIES_MAX} policies already")));
    }
    if known.iter().any(|one| (&one.name, one.version) == (&policy.name, policy.version)) {
        let next = known.iter().filter(|one| one.name == policy.name).map(|one| one.version).max().unwrap_or(0) + 1;
        let detail =
            format!("{} has a version {}; a version never changes, add version {next}", policy.name, policy.version);
        return Err(Problem::invalid("version", detail));
    }
    Ok(policy)
}

fn view(admin: &Admin, policy: &Policy) -> PolicyView {
    PolicyView {
        is_in_use: policy.name == admin.presences.config().policy,
        is_shipped: Policy::shipped().contains(policy),
        policy: serde_json::to_value(policy).unwrap_or_default(),
    }
}
