//! The door by which older programs and people without an account see machines: the addresses and keys of the program
//! that Vigie replaces, behind a token. Shut until the owner opens it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Extension, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use vigie_shared::id::to_hex;

use super::installers;
use crate::csv::csv;
use crate::http::problem::Problem;
use crate::http::{Admin, page, shell};
use crate::login::secret;
use crate::machines::config::MachinesConfig;
use crate::machines::legacy::LegacyMachine;
use crate::machines::order::Wish;
use crate::store::machines::MACHINES_MAX;

/// What the owner set for the door.
#[derive(Debug, Default)]
pub(crate) struct DoorRules {
    /// The hash of the owner's token, in hexadecimal digits: what is compared has one length.
    token_sha256: Option<String>,
    /// The folder of installers.
    pub(super) installers: Option<PathBuf>,
}

impl DoorRules {
    /// Reads the token.
    ///
    /// # Errors
    ///
    /// If its file cannot be read, or it is too short.
    pub(crate) fn of(config: &MachinesConfig) -> anyhow::Result<Self> {
        let token_sha256 = config.token()?.map(|token| digest(&token));
        Ok(Self { token_sha256, installers: config.installers.clone() })
    }
}

fn digest(token: &str) -> String {
    to_hex(&secret::sha256(token.as_bytes()))
}

/// The door's routes, ready to be served.
pub(crate) fn router(admin: &Admin, rules: DoorRules) -> Router {
    let routes = page::door_routes()
        .route("/machines", get(machines))
        .route("/machines.csv", get(machines_csv))
        .route("/installers/{name}", get(installers::give))
        .layer(Extension(Arc::new(rules)));
    shell::wrap(routes, admin).with_state(admin.clone())
}

/// Somebody who knows the token, or has one of this hub's API.
pub(in crate::http) struct Knower;

impl FromRequestParts<Admin> for Knower {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let given = presented(&parts.headers).ok_or_else(stranger)?;
        let rules = parts.extensions.get::<Arc<DoorRules>>();
        let own = rules.and_then(|rules| rules.token_sha256.as_deref());
        if own.is_some_and(|own| secret::is_same(own, &digest(&given))) {
            return Ok(Self);
        }
        match admin.logins.by_token(&given).await {
            Ok(Some(_)) => Ok(Self),
            Ok(None) => Err(stranger()),
            Err(error) => Err(Problem::from(error).into_response()),
        }
    }
}

/// The token of a request: `Bearer`, or the password of `Basic`, which browsers and `curl -u` send.
fn presented(headers: &HeaderMap) -> Option<String> {
    let line = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = line.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    pair.split_once(':').filter(|_| is_basic).map(|(_anybody, token)| token.to_owned())
}

fn stranger() -> Response {
    let detail = "send `Authorization: Bearer TOKEN`, or the token as the password of any name; it is in the file that \
                  `machines.token_file` of the hub's configuration names, or made with `vigie-hub token add`";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "The token is missing or wrong", detail);
    let mut response = problem.into_response();
    let asks = HeaderValue::from_static("Basic realm=\"vigie machines\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
    response
}

async fn machines(_: Knower, State(admin): State<Admin>) -> Result<Json<Vec<LegacyMachine>>, Problem> {
    Ok(Json(all(&admin).await?))
}

async fn machines_csv(_: Knower, State(admin): State<Admin>) -> Result<Response, Problem> {
    let rows = all(&admin).await?.into_iter().map(LegacyMachine::values);
    Ok(super::as_csv(csv(&LegacyMachine::KEYS, rows) + "\r\n"))
}

/// Every machine in the old form, by name.
pub(super) async fn all(admin: &Admin) -> Result<Vec<LegacyMachine>, Problem> {
    let machines = Wish::default().pick(admin.store.machines(None, MACHINES_MAX).await?);
    let zone = TimeZone::system();
    Ok(machines.iter().map(|machine| LegacyMachine::of(machine, &zone)).collect())
}

#[cfg(test)]
mod tests;
