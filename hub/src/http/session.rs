//! `/api/v1/login`, `/logout`, `/me`: sessions of browsers.

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::{Peer, Viewer, is_own_origin, session_cookie, session_secret};
use super::input::Body;
use super::problem::Problem;
use super::time::Time;
use crate::login::Caller;
use crate::store::accounts::Role;

/// What a person types.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The account's name.
    account: String,
    /// Its password.
    password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MeView {
    /// The account.
    account: String,
    /// What it may do here.
    role: Role,
    /// What a browser sends as `X-CSRF-Token` with every change; empty for programs.
    csrf: String,
    /// When the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
}

impl MeView {
    fn new(caller: &Caller, expires: Option<Time>) -> Self {
        Self { account: caller.account.clone(), role: caller.role, csrf: caller.csrf().to_owned(), expires }
    }
}

/// Opens a session for a browser; an older one of the same browser ends.
#[utoipa::path(
    post, path = "/api/v1/login", tag = "accounts", request_body = Credentials, security(()),
    extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Logged in; the cookie is set", body = MeView),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn login(State(admin): State<Admin>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if parts.headers.contains_key(header::ORIGIN) {
        is_own_origin(&parts.headers)?;
    }
    let (peer, former) = (Peer::of(&parts), session_secret(&parts.headers, admin.is_tls));
    let Body(typed) = read(Request::from_parts(parts, body)).await?;
    let session = admin.logins.sign_in(&typed.account, &typed.password, peer.address(), former.as_deref()).await?;
    let cookie = session_cookie(&session.secret, admin.is_tls);
    let view = MeView::new(&session.caller, Some(Time(session.expires_ms)));
    Ok(([(header::SET_COOKIE, cookie)], Json(view)).into_response())
}

async fn read(request: Request) -> Result<Body<Credentials>, Problem> {
    use axum::extract::FromRequest as _;
    Body::from_request(request, &()).await
}

/// Ends the session of this browser. A token ends by `DELETE /api/v1/tokens/{id}` instead.
#[utoipa::path(
    post, path = "/api/v1/logout", tag = "accounts", extensions(("x-role" = json!("viewer"))),
    responses((status = 204, description = "Logged out"),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn logout(State(admin): State<Admin>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _body) = request.into_parts();
    let _proved = Viewer::from_request_parts(&mut parts, &admin).await?;
    admin.logins.sign_out(session_secret(&parts.headers, admin.is_tls).as_deref()).await?;
    let gone = session_cookie("", admin.is_tls);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Says who is logged in.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "accounts", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The caller", body = MeView),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn whoami(Viewer(caller): Viewer) -> Json<MeView> {
    Json(MeView::new(&caller, None))
}
