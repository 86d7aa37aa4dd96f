//! `/devices/api/third-party-configs/`: third parties in the old server's words, kept as connectors.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Remarked;
use super::{known_connectors, unknown};
use crate::connectors::auth::AuthKind;
use crate::connectors::settings::{CONNECTORS_MAX, Connector};
use crate::http::Admin;
use crate::http::guard::{Owner, Viewer};
use crate::http::input::line;
use crate::http::problem::{Problem, Refused};
use crate::imports::tm20::cutover::connector_of;
use crate::imports::tm20::{Auth, Connector as Old, INTERVAL_MIN, Report, Secret, TIMEOUT_S};

/// Longest name, address or path, characters; as the old server had it for most.
const TEXT_LENGTH_MAX: usize = 255;

/// Longest time between two rounds: a day.
const INTERVAL_MIN_MAX: u32 = 24 * 60;

/// Longest wait for an answer.
const TIMEOUT_S_MAX: u32 = 600;

/// A third party to add.
#[derive(Deserialize, ToSchema)]
#[schema(as = LegacyNewConfig, example = json!({
    "name": "Mon Service RH", "base_url": "https://api.monservice.com", "users_endpoint": "/api/v1/employees",
    "attendance_endpoint": "/api/v1/attendance", "auth_type": "bearer", "auth_token": "your-api-token-here",
    "sync_interval_minutes": 15,
}))]
pub(super) struct NewConfig {
    /// Its name; letters, digits and hyphens of it become the connector's.
    #[schema(example = "Mon Service RH")]
    name: String,
    /// Where it is.
    #[schema(example = "https://api.monservice.com")]
    base_url: String,
    /// Where people are listed, below the base.
    #[serde(default)]
    users_endpoint: String,
    /// Where punches go, below the base.
    #[serde(default)]
    attendance_endpoint: String,
    /// `none`, `bearer`, `basic` or `api_key`; `bearer` if not given.
    auth_type: Option<String>,
    /// The token, or `name:password` for `basic`. It is kept sealed and never shown.
    auth_token: Option<String>,
    /// The header of an `api_key`; `Authorization` if not given.
    auth_header_name: Option<String>,
    /// Minutes between two rounds, 1 to 1440; 15 if not given.
    sync_interval_minutes: Option<u32>,
    /// Seconds to wait for an answer, 1 to 600; 30 if not given.
    timeout_seconds: Option<u32>,
    /// Whether it works; it does if not given.
    is_active: Option<bool>,
}

/// A third party, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyConfigView)]
pub(super) struct ConfigView {
    /// Its number.
    id: i64,
    /// The connector's name.
    name: String,
    /// Where it is.
    base_url: String,
    /// Where people are listed.
    users_endpoint: String,
    /// Where punches go.
    attendance_endpoint: String,
    /// How it is shown who asks.
    auth_type: String,
    /// Minutes between two rounds; 0 if each punch goes at once.
    sync_interval_minutes: u64,
    /// Whether it works.
    is_active: bool,
    /// What somebody should know or do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyConfigsView)]
pub(super) struct ConfigsView {
    /// How many.
    count: usize,
    /// Each.
    results: Vec<ConfigView>,
}

/// Lists third parties in the old server's words.
#[utoipa::path(
    get, path = "/devices/api/third-party-configs/", operation_id = "legacy_configs_list",
    tag = "legacy", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "All third parties", body = ConfigsView), Refused)
)]
pub(super) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<ConfigsView>, Problem> {
    let known = known_connectors(&admin).await?;
    let results: Vec<ConfigView> = known.iter().map(|(id, one)| ConfigView::new(*id, one, Vec::new())).collect();
    Ok(Json(ConfigsView { count: results.len(), results }))
}

/// Adds a third party: a connector with the default mapping, for the punches of all terminals.
#[utoipa::path(
    post, path = "/devices/api/third-party-configs/", operation_id = "legacy_configs_create",
    tag = "legacy", extensions(("x-role" = json!("owner"))), request_body = NewConfig,
    responses((status = 201, description = "It works from now on", body = ConfigView),
              (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn create(
    _: Owner,
    State(admin): State<Admin>,
    Remarked(new): Remarked<NewConfig>,
) -> Result<Response, Problem> {
    let old = checked(new)?;
    if admin.store.connectors().await?.len() >= CONNECTORS_MAX {
        let text = format!("there are {CONNECTORS_MAX} connectors already; remove one first");
        return Err(Problem::invalid("name", text));
    }
    let mut report = Report::default();
    let (connector, secrets) = connector_of(&old, admin.clock.wall_ms(), &mut report);
    connector.mapping().map_err(|errors| Problem::invalid("base_url", errors))?;
    admin.store.add_connector(&connector).await?;
    admin.store.put_connector_secrets(&connector.name, &secrets).await?;
    admin.exchange.wake();
    let known = known_connectors(&admin).await?;
    let (id, kept) = known.iter().find(|(_, one)| one.name == connector.name).ok_or_else(|| unknown("connector", 0))?;
    Ok((StatusCode::CREATED, Json(ConfigView::new(*id, kept, report.notes))).into_response())
}

fn checked(new: NewConfig) -> Result<Old, Problem> {
    let path = |field, text: &str| if text.is_empty() { Ok(String::new()) } else { line(field, text, TEXT_LENGTH_MAX) };
    let within = |field, given: Option<u32>, usual: u32, max: u32| match given.unwrap_or(usual) {
        number if (1..=max).contains(&number) => Ok(number),
        _ => Err(Problem::invalid(field, format_args!("use 1 to {max}"))),
    };
    Ok(Old {
        number: None,
        name: line("name", &new.name, TEXT_LENGTH_MAX)?,
        base_url: line("base_url", &new.base_url, TEXT_LENGTH_MAX)?,
        users_endpoint: path("users_endpoint", &new.users_endpoint)?,
        attendance_endpoint: path("attendance_endpoint", &new.attendance_endpoint)?,
        auth: Auth::of(new.auth_type.as_deref().unwrap_or("bearer"), new.auth_header_name),
        secret: new.auth_token.filter(|token| !token.is_empty()).map(Secret),
        interval_min: within("sync_interval_minutes", new.sync_interval_minutes, INTERVAL_MIN, INTERVAL_MIN_MAX)?,
        timeout_s: within("timeout_seconds", new.timeout_seconds, TIMEOUT_S, TIMEOUT_S_MAX)?,
        is_on: new.is_active.unwrap_or(true),
        terminals: Vec::new(),
        oldest_unsent_ms: None,
    })
}

impl ConfigView {
    fn new(id: i64, connector: &Connector, notes: Vec<String>) -> Self {
        let path = |key: &str| connector.cfg.get(key).cloned().unwrap_or_default();
        let auth_type = match connector.auth.as_ref().map(|auth| auth.kind) {
            Some(AuthKind::None) => "none",
            Some(AuthKind::Bearer) => "bearer",
            Some(AuthKind::Basic) => "basic",
            Some(AuthKind::Header) => "api_key",
            _ => "mapping",
        };
        Self {
            id,
            name: connector.name.clone(),
            base_url: connector.base.clone().unwrap_or_default(),
            users_endpoint: path("users_endpoint"),
            attendance_endpoint: path("attendance_endpoint"),
            auth_type: auth_type.to_owned(),
            sync_interval_minutes: connector.interval_ms.unwrap_or_default() / 60_000,
            is_active: connector.is_on,
            notes,
        }
    }
}
