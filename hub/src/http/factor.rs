//! `/api/v1/me/second-factor`: what a person's phone shows beside the password.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::{Member, Owner};
use super::input::Body;
use super::me::own_session;
use super::problem::{Problem, Refused};
use crate::login::{LoginError, totp};
use crate::qr;

/// What applications show beside a code, if the owner said nothing else.
const HUB: &str = "Vigie";

/// Whether there is one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct FactorView {
    /// Whether a code is asked for at each login.
    is_on: bool,
    /// Recovery codes that are left.
    recovery_codes_left: usize,
}

/// What the person's application needs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct BegunFactor {
    /// The secret, to type in.
    secret: String,
    /// The same for an application: `otpauth://…`.
    uri: String,
    /// The same as a picture to scan, SVG.
    qr: String,
}

/// A code that an application shows, or a recovery code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "287082" }))]
pub(super) struct Code {
    /// Six digits, or four words.
    code: String,
}

/// Codes that work once each, when the phone is lost.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// The codes; they are shown only now.
    codes: Vec<String>,
}

/// Says whether the caller's account has a second factor.
#[utoipa::path(
    get, path = "/api/v1/me/second-factor", operation_id = "factor_show",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "Whether there is one", body = FactorView), Refused)
)]
pub(super) async fn show(Member(caller): Member, State(admin): State<Admin>) -> Result<Json<FactorView>, Problem> {
    let factor = admin.store.factor(&caller.account).await?.filter(|factor| factor.is_confirmed);
    let left = factor.as_ref().map_or(0, |factor| factor.recovery.len());
    Ok(Json(FactorView { is_on: factor.is_some(), recovery_codes_left: left }))
}

/// Begins a second factor. It is asked for only after a first code has confirmed it.
#[utoipa::path(
    post, path = "/api/v1/me/second-factor", operation_id = "factor_begin",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "The secret; it is shown only now", body = BegunFactor), Refused)
)]
pub(super) async fn begin(Member(caller): Member, State(admin): State<Admin>) -> Result<Json<BegunFactor>, Problem> {
    let of_browser = own_session(&caller);
    if of_browser.is_none() {
        let detail = "a second factor is begun by a person in a browser, because programs and the socket show none";
        return Err(Problem::new(StatusCode::CONFLICT, "browser_only", "Only in a browser", detail));
    }
    let secret = admin.logins.begin_factor(&caller.account).await?;
    let uri = totp::uri(&secret, &caller.account, HUB);
    let picture = qr::svg(&uri).unwrap_or_default();
    Ok(Json(BegunFactor { secret: totp::base32(&secret), uri, qr: picture }))
}

/// Confirms the second factor by a first code. The account's other sessions end.
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/confirm", operation_id = "factor_confirm",
    tag = "accounts", request_body = Code, extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "Recovery codes; they are shown only now", body = RecoveryCodes), Refused)
)]
pub(super) async fn confirm(
    Member(caller): Member,
    State(admin): State<Admin>,
    Body(typed): Body<Code>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let confirmed = admin.logins.confirm_factor(&caller.account, &typed.code, own_session(&caller)).await;
    Ok(Json(RecoveryCodes { codes: confirmed.map_err(of_code)? }))
}

/// Gives a code before something grave: for five minutes nothing more is asked in this session.
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/prove", operation_id = "factor_prove",
    tag = "accounts", request_body = Code, extensions(("x-role" = json!("member"))),
    responses((status = 204, description = "It counts for five minutes"), Refused)
)]
pub(super) async fn prove(
    Member(caller): Member,
    State(admin): State<Admin>,
    Body(typed): Body<Code>,
) -> Result<StatusCode, Problem> {
    match own_session(&caller) {
        Some(session) => admin.logins.prove(&caller.account, &typed.code, session).await.map_err(of_code)?,
        None => admin.logins.check_code(&caller.account, &typed.code).await.map_err(of_code)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the caller's second factor: logins need the password alone.
#[utoipa::path(
    delete, path = "/api/v1/me/second-factor", operation_id = "factor_remove",
    tag = "accounts", extensions(("x-role" = json!("member"))),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn remove(Member(caller): Member, State(admin): State<Admin>) -> Result<StatusCode, Problem> {
    end(&admin, &caller.account).await
}

/// Ends somebody's second factor, as when the phone and the recovery codes are lost. Their sessions end.
#[utoipa::path(
    delete, path = "/api/v1/users/{name}/second-factor", operation_id = "users_factor_remove",
    tag = "accounts", extensions(("x-role" = json!("owner"))),
    params(("name" = String, Path, description = "The account")),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn remove_of(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    end(&admin, &name).await
}

async fn end(admin: &Admin, account: &str) -> Result<StatusCode, Problem> {
    if !admin.store.remove_factor(account).await? {
        let detail = format!("account `{account}` has no second factor; nothing was changed");
        return Err(Problem::new(StatusCode::NOT_FOUND, "factor_unknown", "There is no second factor", detail));
    }
    admin.store.remove_sessions(account, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A wrong code is a wrong value here, not a missing login.
fn of_code(error: LoginError) -> Problem {
    match error {
        LoginError::WrongCode => Problem::invalid("code", error),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::{Answer, PASSWORD, Session, Stage};
    use crate::login::totp;

    /// What the person's phone shows.
    async fn phone(stage: &Stage, account: &str) -> String {
        let factor = stage.store.factor(account).await.unwrap().unwrap();
        format!("{:06}", totp::code(&factor.secret, totp::step_at(stage.admin.clock.wall_ms())))
    }

    async fn post(stage: &Stage, session: &Session, path: &str, code: &str) -> Answer {
        stage.post(path).json(&json!({ "code": code })).session(session).send().await
    }

    async fn set_up(stage: &Stage, account: &str) -> (Session, Vec<String>) {
        let session = stage.log_in(account).await;
        let begun = stage.post("/api/v1/me/second-factor").session(&session).send().await.json();
        assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/Vigie:"));
        assert!(begun["qr"].as_str().unwrap().starts_with("<svg"));
        let code = phone(stage, account).await;
        let confirmed = post(stage, &session, "/api/v1/me/second-factor/confirm", &code).await.json();
        let codes = confirmed["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
        (session, codes.collect())
    }

    async fn log_in(stage: &Stage, code: Option<&str>) -> Answer {
        let body = json!({ "account": "owner", "password": PASSWORD, "code": code });
        stage.post("/api/v1/login").json(&body).send().await
    }

    fn next_code(stage: &Stage) {
        stage.clock.advance(std::time::Duration::from_secs(30));
    }

    #[tokio::test]
    async fn with_a_second_factor_the_password_alone_opens_nothing_and_no_code_counts_twice() {
        let stage = Stage::new().await;
        let (_, codes) = set_up(&stage, "owner").await;
        assert_eq!(codes.len(), 10);
        assert_eq!(log_in(&stage, None).await.code(), "second_factor_needed");
        let used = phone(&stage, "owner").await;
        assert_eq!(log_in(&stage, Some(&used)).await.code(), "code_wrong", "it confirmed the factor");
        next_code(&stage);
        let fresh = phone(&stage, "owner").await;
        assert_eq!(log_in(&stage, Some(&fresh)).await.status, StatusCode::OK);
        assert_eq!(log_in(&stage, Some(&fresh)).await.code(), "code_wrong");
        assert_eq!(log_in(&stage, Some(&codes[3])).await.status, StatusCode::OK, "a recovery code works");
        assert_eq!(log_in(&stage, Some(&codes[3])).await.code(), "code_wrong", "once");
    }

    #[tokio::test(start_paused = true)]
    async fn codes_are_guessed_slowly_from_wherever() {
        let stage = Stage::new().await;
        set_up(&stage, "owner").await;
        for _ in 0..5 {
            assert_eq!(log_in(&stage, Some("000000")).await.code(), "code_wrong");
        }
        assert_eq!(log_in(&stage, Some("000000")).await.code(), "login_too_often");
    }

    #[tokio::test]
    async fn what_is_grave_needs_a_code_of_the_last_five_minutes() {
        let stage = Stage::new().await;
        let (session, _) = set_up(&stage, "owner").await;
        let token = async || {
            let body = json!({ "label": "x" });
            stage.post("/api/v1/tokens").json(&body).session(&session).send().await
        };
        assert_eq!(token().await.status, StatusCode::CREATED, "the factor was just confirmed");
        stage.clock.advance(std::time::Duration::from_secs(300));
        assert_eq!(token().await.code(), "second_factor_stale");
        let wrong = post(&stage, &session, "/api/v1/me/second-factor/prove", "123").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let code = phone(&stage, "owner").await;
        let proved = post(&stage, &session, "/api/v1/me/second-factor/prove", &code).await;
        assert_eq!(proved.status, StatusCode::NO_CONTENT);
        assert_eq!(token().await.status, StatusCode::CREATED);
    }

    #[tokio::test]
    async fn an_owner_ends_the_factor_of_somebody_who_lost_the_phone() {
        let stage = Stage::new().await;
        let (session, _) = set_up(&stage, "viewer").await;
        let owner = stage.log_in("owner").await;
        let path = "/api/v1/users/viewer/second-factor";
        let ended = stage.request(Method::DELETE, path).session(&owner).send().await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        assert_eq!(stage.get("/api/v1/me").session(&session).send().await.status, StatusCode::UNAUTHORIZED);
        stage.log_in("viewer").await;
    }
}
