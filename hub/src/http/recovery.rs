//! `/api/v1/password-reset` and `/api/v1/setup`: links that work once, for whoever cannot log in yet.
//!
//! A link's secret stands behind the `#` of an address, which browsers send to nobody, and in bodies.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::{Peer, is_own_origin};
use super::input::Body;
use super::people::email;
use super::problem::{Problem, Refused};
use super::users::judge_name;
use crate::login::{NewAccount, password};
use crate::store::accounts::Role;

/// Who forgot a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "account": "lea" }))]
pub(super) struct Forgotten {
    /// The account's name.
    account: String,
}

/// A password by a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "secret": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", "password": "a sentence will do" }))]
pub(super) struct Reset {
    /// What stands behind the `#` of the link.
    secret: String,
    /// The new password, 12 characters or more.
    password: String,
}

/// Whose password was changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Renewed {
    /// The account.
    account: String,
}

/// The first owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "secret": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", "account": "lea", "password": "a sentence will do" }))]
pub(super) struct Setup {
    /// What stands behind the `#` of the link.
    pub(super) secret: String,
    /// The name of the owner's account: small letters, digits and `.-_@`.
    pub(super) account: String,
    /// Its password, 12 characters or more.
    pub(super) password: String,
    /// Where a link for a new password is sent.
    pub(super) email: Option<String>,
}

/// Sends a link for a new password to the account's e-mail address. The answer is the same whether there is one.
#[utoipa::path(
    post, path = "/api/v1/password-reset", operation_id = "password_reset_ask",
    tag = "accounts", request_body = Forgotten, security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 202, description = "If the account exists and has an address, a mail is on its way"), Refused)
)]
pub(super) async fn ask(
    State(admin): State<Admin>,
    peer: Peer,
    headers: HeaderMap,
    Body(typed): Body<Forgotten>,
) -> Result<StatusCode, Problem> {
    no_foreign_page(&headers)?;
    send(&admin, &typed.account, peer).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Has a link sent, if the account exists and has an address; nobody is told whether.
///
/// # Errors
///
/// 429 `login_too_often`; 503 if the store failed.
pub(super) async fn send(admin: &Admin, account: &str, peer: Peer) -> Result<(), Problem> {
    let asked = admin.logins.ask_reset(account, peer.address()).await?;
    if let Some((account, secret)) = asked {
        // A failure must not tell that the account exists.
        if let Err(error) = admin.desk.send_reset(&account, &secret).await {
            tracing::warn!(account = account.name, "a link for a new password is not sent: {error:#}");
        }
    }
    Ok(())
}

/// Chooses a new password by a link. Every session of the account ends; its second factor stays.
#[utoipa::path(
    post, path = "/api/v1/password-reset/confirm", operation_id = "password_reset_confirm",
    tag = "accounts", request_body = Reset, security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "Changed", body = Renewed), Refused)
)]
pub(super) async fn confirm(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Body(typed): Body<Reset>,
) -> Result<Json<Renewed>, Problem> {
    no_foreign_page(&headers)?;
    Ok(Json(Renewed { account: renew(&admin, &typed.secret, typed.password).await? }))
}

/// Gives the account of a link a new password; returns its name.
///
/// # Errors
///
/// 422 `invalid` for a weak password, 410 `link_ended`.
pub(super) async fn renew(admin: &Admin, secret: &str, password: String) -> Result<String, Problem> {
    password::judge(&password).map_err(|error| Problem::invalid("password", error))?;
    Ok(admin.logins.reset(secret, password).await?)
}

/// Makes the first owner's account by the link that the first start printed. The link works once; the password that the
/// first start drew ends with it.
#[utoipa::path(
    post, path = "/api/v1/setup", operation_id = "setup_owner",
    tag = "accounts", request_body = Setup, security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 201, description = "Made; log in with it", body = Renewed), Refused)
)]
pub(super) async fn set_up(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Body(typed): Body<Setup>,
) -> Result<Response, Problem> {
    no_foreign_page(&headers)?;
    let account = make_owner(&admin, typed).await?;
    Ok((StatusCode::CREATED, Json(Renewed { account })).into_response())
}

/// Makes the first owner's account; returns its name.
///
/// # Errors
///
/// 422 `invalid` for a strange name or a weak password, 409 `exists`, 410 `link_ended`.
pub(super) async fn make_owner(admin: &Admin, typed: Setup) -> Result<String, Problem> {
    judge_name(&typed.account)?;
    password::judge(&typed.password).map_err(|error| Problem::invalid("password", error))?;
    let new = NewAccount {
        name: typed.account.clone(),
        password: typed.password,
        role: Role::Owner,
        person: None,
        email: email(typed.email.as_deref())?,
    };
    admin.logins.set_up(&typed.secret, new).await?;
    Ok(typed.account)
}

/// Programs send no `Origin`; a browser does, and it must be ours.
fn no_foreign_page(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::ORIGIN) { is_own_origin(headers) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use crate::http::testing::{Answer, PASSWORD, Stage};
    use crate::login::first::first_start;
    use crate::store::accounts::Role;
    use crate::store::outbox::LetterFilter;

    async fn post(stage: &Stage, path: &str, body: &Value) -> Answer {
        stage.post(path).json(body).send().await
    }

    async fn log_in(stage: &Stage, account: &str, password: &str) -> StatusCode {
        post(stage, "/api/v1/login", &json!({ "account": account, "password": password })).await.status
    }

    /// The secrets of the links that were mailed.
    async fn mailed(stage: &Stage) -> Vec<String> {
        let letters = stage.store.letters(&LetterFilter::default(), None, 99).await.unwrap();
        let secret = |text: &str| text.split_once("/reset#").unwrap().1.split_whitespace().next().unwrap().to_owned();
        letters.iter().map(|letter| secret(&letter.content.text)).collect()
    }

    #[tokio::test]
    async fn a_forgotten_password_is_chosen_anew_once_by_a_mailed_link() {
        let stage = Stage::new().await;
        let body = json!({ "email": "viewer@example.org" });
        stage.request(Method::PATCH, "/api/v1/users/viewer").json(&body).role(Role::Owner).send().await;
        let session = stage.log_in("viewer").await;

        let asked = post(&stage, "/api/v1/password-reset", &json!({ "account": "viewer" })).await;
        let secret = mailed(&stage).await.pop().unwrap();
        let body = json!({ "secret": secret, "password": "another long sentence" });
        let chosen = post(&stage, "/api/v1/password-reset/confirm", &body).await;
        let again = post(&stage, "/api/v1/password-reset/confirm", &body).await;

        assert_eq!(asked.status, StatusCode::ACCEPTED);
        assert_eq!(chosen.json(), json!({ "account": "viewer" }));
        assert_eq!((again.status, again.code().as_str()), (StatusCode::GONE, "link_ended"));
        assert_eq!(stage.get("/api/v1/me").session(&session).send().await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(log_in(&stage, "viewer", PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert_eq!(log_in(&stage, "viewer", "another long sentence").await, StatusCode::OK);
    }

    #[tokio::test]
    async fn nobody_learns_which_accounts_exist() {
        let stage = Stage::new().await;
        let known = post(&stage, "/api/v1/password-reset", &json!({ "account": "owner" })).await;
        let unknown = post(&stage, "/api/v1/password-reset", &json!({ "account": "nobody" })).await;
        assert_eq!((known.status, known.text), (unknown.status, unknown.text));
        assert!(mailed(&stage).await.is_empty(), "the account has no address");
    }

    #[tokio::test]
    async fn a_link_is_over_after_half_an_hour() {
        let stage = Stage::new().await;
        let body = json!({ "email": "viewer@example.org" });
        stage.request(Method::PATCH, "/api/v1/users/viewer").json(&body).role(Role::Owner).send().await;
        post(&stage, "/api/v1/password-reset", &json!({ "account": "viewer" })).await;
        stage.clock.advance(std::time::Duration::from_secs(30 * 60));
        let body = json!({ "secret": mailed(&stage).await[0], "password": "another long sentence" });
        assert_eq!(post(&stage, "/api/v1/password-reset/confirm", &body).await.code(), "link_ended");
    }

    #[tokio::test]
    async fn the_first_owner_chooses_name_and_password_once_and_the_drawn_password_ends() {
        let (stage, folder) = (Stage::new().await, tempfile::tempdir().unwrap());
        for name in ["member", "viewer", "operator", "owner"] {
            stage.store.remove_account(name).await.unwrap();
        }
        let first = first_start(&*stage.store, &*stage.clock, folder.path()).await.unwrap().unwrap();
        let body = json!({ "secret": first.setup, "account": "lea", "password": "a sentence will do" });

        let weak = json!({ "secret": first.setup, "account": "lea", "password": "short" });
        assert_eq!(post(&stage, "/api/v1/setup", &weak).await.code(), "invalid", "the link is not used up");
        let made = post(&stage, "/api/v1/setup", &body).await;
        let again = post(&stage, "/api/v1/setup", &body).await;

        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        assert_eq!(again.code(), "exists");
        let other = json!({ "secret": first.setup, "account": "max", "password": "a sentence will do" });
        assert_eq!(post(&stage, "/api/v1/setup", &other).await.code(), "link_ended");
        assert_eq!(log_in(&stage, "lea", "a sentence will do").await, StatusCode::OK);
        assert_eq!(log_in(&stage, "admin", &first.password).await, StatusCode::UNAUTHORIZED);
    }
}
