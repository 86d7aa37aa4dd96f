//! `/api/v1/login`, `/logout`, `/me`: sessions of browsers.

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::{Member, Peer, is_own_origin, session_cookie, session_secret};
use super::input::Body;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::trail;
use crate::login::{Browser, Caller, LoginError, Opened, Typed};
use crate::store::accounts::Role;

/// What a person types.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The account's name.
    account: String,
    /// Its password.
    password: String,
    /// A code of its second factor, or a recovery code; needed by accounts that have one.
    code: Option<String>,
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
    /// The id of the person that the account belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// When the session ends at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
    /// When the session ends if nothing more is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Time>,
}

impl MeView {
    fn new(caller: &Caller, expires: Option<Time>) -> Self {
        Self {
            account: caller.account.clone(),
            role: caller.role,
            csrf: caller.csrf().to_owned(),
            person: caller.person.clone(),
            expires,
            ends: caller.ends_ms().map(Time),
        }
    }
}

/// Opens a session for a browser; an older one of the same browser ends.
#[utoipa::path(
    post, path = "/api/v1/login", operation_id = "session_login",
    tag = "accounts", request_body = Credentials, security(()),
    extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Logged in; the cookie is set", body = MeView), Refused)
)]
pub(super) async fn login(State(admin): State<Admin>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if parts.headers.contains_key(header::ORIGIN) {
        is_own_origin(&parts.headers)?;
    }
    let (peer, headers) = (Peer::of(&parts), parts.headers.clone());
    let Body(typed) = read(Request::from_parts(parts, body)).await?;
    let way = Way::Password(Typed { account: &typed.account, password: &typed.password, code: typed.code.as_deref() });
    let session = open(&admin, way, peer, &headers).await?;
    let cookie = session_cookie(&session.cookie, admin.is_tls);
    let view = MeView::new(&session.caller, Some(Time(session.expires_ms)));
    Ok(([(header::SET_COOKIE, cookie)], Json(view)).into_response())
}

/// By what somebody logs in.
pub(super) enum Way<'a> {
    /// Name, password, and a code if one was typed at once.
    Password(Typed<'a>),
    /// What stood for the password, and a code.
    Ticket(&'a str, &'a str),
}

/// Opens a session for a browser and writes down that somebody did or tried.
///
/// # Errors
///
/// Every [`LoginError`].
pub(super) async fn open(admin: &Admin, way: Way<'_>, peer: Peer, headers: &HeaderMap) -> Result<Opened, LoginError> {
    let former = session_secret(headers, admin.is_tls);
    let label = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("browser");
    let browser = Browser { address: peer.address(), label, former: former.as_deref() };
    let (typed, opened) = match way {
        Way::Password(typed) => (typed.account, admin.logins.sign_in(typed, browser).await),
        Way::Ticket(ticket, code) => ("", admin.logins.sign_in_with_ticket(ticket, code, browser).await),
    };
    let (account, status) = match &opened {
        Ok(session) => (session.caller.account.as_str(), StatusCode::OK),
        // The first of two steps is no attempt of its own.
        Err(LoginError::NeedsCode { .. }) => return opened,
        Err(LoginError::Wait(_)) => (typed, StatusCode::TOO_MANY_REQUESTS),
        Err(_) => (typed, StatusCode::UNAUTHORIZED),
    };
    trail::note_login(admin, account, ("", peer), status.as_u16()).await;
    opened
}

async fn read(request: Request) -> Result<Body<Credentials>, Problem> {
    use axum::extract::FromRequest as _;
    Body::from_request(request, &()).await
}

/// Ends the session of this browser. A token ends by `DELETE /api/v1/tokens/{id}` instead.
#[utoipa::path(
    post, path = "/api/v1/logout", operation_id = "session_logout",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 204, description = "Logged out"), Refused)
)]
pub(super) async fn logout(State(admin): State<Admin>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _body) = request.into_parts();
    let _proved = Member::from_request_parts(&mut parts, &admin).await?;
    admin.logins.sign_out(session_secret(&parts.headers, admin.is_tls).as_deref()).await?;
    let gone = session_cookie("", admin.is_tls);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Says who is logged in.
#[utoipa::path(
    get, path = "/api/v1/me", operation_id = "session_whoami",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "The caller", body = MeView), Refused)
)]
pub(super) async fn whoami(Member(caller): Member) -> Json<MeView> {
    Json(MeView::new(&caller, None))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::{Answer, PASSWORD, Stage};

    async fn log_in(stage: &Stage, password: &str) -> Answer {
        stage.post("/api/v1/login").json(&json!({ "account": "owner", "password": password })).send().await
    }

    #[tokio::test]
    async fn a_session_lasts_twelve_hours_at_most_and_its_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let stage = Stage::new().await;
        let session = log_in(&stage, PASSWORD).await;
        assert_eq!(session.json()["expires"], "2026-11-21T02:05:00.000Z");
        let cookie = session.header("set-cookie");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"), "{cookie}");
    }

    #[tokio::test]
    async fn with_tls_the_cookie_is_for_tls_only() {
        let stage = Stage::with_tls(true).await;
        let session = log_in(&stage, PASSWORD).await;
        let cookie = session.header("set-cookie");
        assert!(cookie.starts_with("__Host-vigie_session=") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(session.header("strict-transport-security").contains("max-age"));
    }

    #[tokio::test]
    async fn a_new_login_ends_the_session_before() {
        let stage = Stage::new().await;
        let first = log_in(&stage, PASSWORD).await.cookie();
        let body = json!({ "account": "owner", "password": PASSWORD });
        let second = stage.post("/api/v1/login").json(&body).header("cookie", &first).send().await.cookie();
        assert_ne!(first, second);
        let old = stage.get("/api/v1/me").header("cookie", &first).send().await;
        assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn wrong_account_and_wrong_password_get_the_same_answer() {
        let stage = Stage::new().await;
        let wrong = log_in(&stage, "not the password").await;
        let body = json!({ "account": "nobody", "password": PASSWORD });
        let nobody = stage.post("/api/v1/login").json(&body).send().await;
        assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::UNAUTHORIZED, "login_wrong"));
        assert_eq!(wrong.text, nobody.text);
    }

    #[tokio::test(start_paused = true)]
    async fn the_sixth_guess_waits_even_if_it_is_right() {
        let stage = Stage::new().await;
        for _ in 0..5 {
            assert_eq!(log_in(&stage, "not the password").await.status, StatusCode::UNAUTHORIZED);
        }
        let sixth = log_in(&stage, PASSWORD).await;
        assert_eq!((sixth.status, sixth.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "login_too_often"));
        assert_eq!(sixth.header("retry-after"), "1");
    }

    #[tokio::test]
    async fn another_site_cannot_act_with_the_readers_cookie() {
        let stage = Stage::new().await;
        let session = log_in(&stage, PASSWORD).await;
        let (cookie, csrf) = (session.cookie(), session.json()["csrf"].as_str().unwrap().to_owned());
        let add = || stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).header("cookie", &cookie);
        for (what, answer) in [
            ("no origin", add().header("x-csrf-token", &csrf).send().await),
            ("other origin", add().header("x-csrf-token", &csrf).header("origin", "http://evil.example").send().await),
            ("hidden origin", add().header("x-csrf-token", &csrf).header("origin", "null").send().await),
            ("no token", add().own().send().await),
            ("wrong token", add().own().header("x-csrf-token", "0").send().await),
        ] {
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "cross_site"), "{what}");
        }
        assert_eq!(add().own().header("x-csrf-token", &csrf).send().await.status, StatusCode::CREATED);
    }

    #[tokio::test]
    async fn another_site_cannot_log_a_reader_in() {
        let stage = Stage::new().await;
        let body = json!({ "account": "owner", "password": PASSWORD });
        let answer = stage.post("/api/v1/login").json(&body).header("origin", "http://evil.example").send().await;
        assert_eq!(answer.code(), "cross_site");
    }

    #[tokio::test]
    async fn after_logging_out_the_cookie_is_worth_nothing() {
        let stage = Stage::new().await;
        let session = log_in(&stage, PASSWORD).await;
        let csrf = session.json()["csrf"].as_str().unwrap().to_owned();
        let request = stage.request(Method::POST, "/api/v1/logout").header("cookie", &session.cookie());
        let out = request.own().header("x-csrf-token", &csrf).send().await;
        assert_eq!(out.status, StatusCode::NO_CONTENT);
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        let me = stage.get("/api/v1/me").header("cookie", &session.cookie()).send().await;
        assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    }
}
