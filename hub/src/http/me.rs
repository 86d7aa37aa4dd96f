//! `/api/v1/me/…`: what people do with their own account: password, open sessions.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::{Member, Peer};
use super::input::Body;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::{Caller, LoginError, Via, password, secret, short_id};
use crate::store::sessions::Session;

/// A password in the place of another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "old": "correct horse battery", "new": "a sentence will do" }))]
pub(super) struct NewPassword {
    /// The one so far.
    old: String,
    /// The one to come, 12 characters or more.
    new: String,
}

/// A browser that is logged in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LoginView)]
pub(super) struct SessionView {
    /// What it is called here.
    id: String,
    /// What the browser calls itself.
    browser: String,
    /// When it was opened.
    opened: Time,
    /// When it was used last, to the minute.
    used: Time,
    /// When it ends if nothing more is asked.
    ends: Time,
    /// Whether it is the one that asks.
    is_this: bool,
}

impl SessionView {
    fn new(session: &Session, caller: &Caller) -> Self {
        Self {
            id: id_of(session),
            browser: session.label.clone(),
            opened: Time(session.created_ms),
            used: Time(session.used_ms),
            ends: Time(session.ends_ms()),
            is_this: own_session(caller) == Some(session.id),
        }
    }
}

/// A session's name is half of its cookie, so it is called by the hash of it.
pub(super) fn id_of(session: &Session) -> String {
    short_id(&secret::sha256(&session.id))
}

/// The session that asks, if one does.
pub(super) fn own_session(caller: &Caller) -> Option<[u8; 16]> {
    match &caller.via {
        Via::Session { id, .. } => Some(*id),
        Via::Socket | Via::Token { .. } => None,
    }
}

/// Chooses a new password of the caller's account. The account's other sessions end, and so do links that were sent.
#[utoipa::path(
    put, path = "/api/v1/me/password", operation_id = "password_change",
    tag = "accounts", request_body = NewPassword, extensions(("x-role" = json!("member"))),
    responses((status = 204, description = "Changed"), Refused)
)]
pub(super) async fn change_password(
    Member(caller): Member,
    State(admin): State<Admin>,
    peer: Peer,
    Body(typed): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    password::judge(&typed.new).map_err(|error| Problem::invalid("new", error))?;
    let checked = admin.logins.check(&caller.account, &typed.old, peer.address()).await;
    let account = checked.map_err(|error| match error {
        LoginError::Wrong => Problem::invalid("old", "this is not the password so far; nothing was changed"),
        other => other.into(),
    })?;
    admin.logins.set_password(account, typed.new, own_session(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the browsers in which the caller is logged in, newest first.
#[utoipa::path(
    get, path = "/api/v1/me/sessions", operation_id = "sessions_list",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "Open sessions", body = Page<SessionView>), Refused)
)]
pub(super) async fn sessions(
    Member(caller): Member,
    State(admin): State<Admin>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let now_ms = admin.clock.wall_ms();
    let all = admin.store.sessions(Some(&caller.account)).await?;
    let open = all.iter().filter(|session| now_ms < session.ends_ms());
    Ok(Json(Page { items: open.map(|session| SessionView::new(session, &caller)).collect(), next: None }))
}

/// Ends one of the caller's sessions at once.
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{id}", operation_id = "sessions_remove",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn end_session(
    Member(caller): Member,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let all = admin.store.sessions(Some(&caller.account)).await?;
    let Some(session) = all.iter().find(|session| id_of(session) == id) else {
        let detail = "no such session of yours is open; /api/v1/me/sessions shows all";
        return Err(Problem::new(StatusCode::NOT_FOUND, "session_unknown", "There is no such session", detail));
    };
    admin.store.remove_session(session.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::{PASSWORD, Stage};
    use crate::login::cookie::{IDLE_MS, RENEW_MS};

    fn ms(ms: i64) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(ms).unwrap())
    }

    #[tokio::test]
    async fn the_own_password_is_changed_by_whoever_knows_it_and_other_browsers_are_out() {
        let stage = Stage::new().await;
        let (here, there) = (stage.log_in("viewer").await, stage.log_in("viewer").await);
        let change = async |old: &str| {
            let body = json!({ "old": old, "new": "a sentence will do" });
            stage.request(Method::PUT, "/api/v1/me/password").json(&body).session(&here).send().await.status
        };
        assert_eq!(change("a wrong sentence").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(change(PASSWORD).await, StatusCode::NO_CONTENT);
        assert_eq!(stage.get("/api/v1/me").session(&here).send().await.status, StatusCode::OK);
        assert_eq!(stage.get("/api/v1/me").session(&there).send().await.status, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn people_see_their_sessions_and_end_any_of_them_but_nobody_elses() {
        let stage = Stage::new().await;
        let (here, there) = (stage.log_in("viewer").await, stage.log_in("viewer").await);
        let other = stage.log_in("operator").await;
        let list = stage.get("/api/v1/me/sessions").session(&here).send().await.json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        let not_this = items.iter().find(|item| item["is_this"] == false).unwrap()["id"].as_str().unwrap();
        let path = format!("/api/v1/me/sessions/{not_this}");
        let foreign = stage.request(Method::DELETE, &path).session(&other).send().await;
        assert_eq!(foreign.code(), "session_unknown");
        let ended = stage.request(Method::DELETE, &path).session(&here).send().await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        assert_eq!(stage.get("/api/v1/me").session(&there).send().await.status, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_session_changes_its_secret_and_a_copy_of_the_old_one_ends_it() {
        let stage = Stage::new().await;
        let old = stage.log_in("viewer").await;
        stage.clock.advance(ms(RENEW_MS));
        let answer = stage.get("/api/v1/me").session(&old).send().await;
        let new = old.with_cookie(&answer.cookie());
        assert_ne!(new.cookie, old.cookie);
        let seen = stage.get("/api/v1/me").session(&new).send().await;
        assert_eq!((seen.status, seen.header("set-cookie")), (StatusCode::OK, ""));
        let under_way = stage.get("/api/v1/me").session(&old).send().await;
        assert_eq!(under_way.status, StatusCode::OK);
        stage.clock.advance(ms(2 * 60_000));
        assert_eq!(stage.get("/api/v1/me").session(&old).send().await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(stage.get("/api/v1/me").session(&new).send().await.status, StatusCode::UNAUTHORIZED);
        let diary = stage.store.entries(None, 1).await.unwrap();
        assert_eq!(diary[0].kind, "session_replayed");
    }

    #[tokio::test]
    async fn a_form_that_was_opened_before_the_secret_changed_can_be_sent() {
        let stage = Stage::new().await;
        let old = stage.log_in("owner").await;
        stage.clock.advance(ms(RENEW_MS));
        let new = old.with_cookie(&stage.get("/api/v1/me").session(&old).send().await.cookie());
        let sent = stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).session(&new).send().await;
        assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    }

    #[tokio::test]
    async fn a_session_that_nobody_uses_ends_after_two_hours_and_says_when() {
        let stage = Stage::new().await;
        let session = stage.log_in("viewer").await;
        let me = stage.get("/api/v1/me").session(&session).send().await.json();
        assert_eq!(me["ends"], "2026-11-20T16:05:00.000Z");
        stage.clock.advance(ms(IDLE_MS));
        assert_eq!(stage.get("/api/v1/me").session(&session).send().await.status, StatusCode::UNAUTHORIZED);
    }
}
