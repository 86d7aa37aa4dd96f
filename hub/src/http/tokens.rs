//! `/api/v1/tokens`: what programs log in with. A token is shown once; the store keeps its hash.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::to_hex;
use vigie_shared::units;

use super::Admin;
use super::guard::{Owner, word};
use super::idempotency::Ask;
use super::input::{Body, Key, line};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::{Caller, secret};
use crate::store::accounts::{Credential, CredentialKind, Role};

/// Longest label, characters.
const LABEL_LENGTH_MAX: usize = 80;
/// The longest life of a token.
const LIFE_MAX: Duration = Duration::from_secs(2 * 366 * 24 * 60 * 60);

/// A token, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct TokenView {
    /// Its id: the beginning of its hash.
    id: String,
    /// What it is for.
    label: String,
    /// Whose it is.
    account: String,
    /// What it may do, at most.
    role: Role,
    /// When it was made.
    created: Time,
    /// When it ends.
    expires: Time,
    /// Whether it still works.
    is_valid: bool,
}

impl TokenView {
    fn new(token: &Credential, now_ms: i64) -> Self {
        Self {
            id: id_of(token),
            label: token.label.clone(),
            account: token.account.clone(),
            role: token.role,
            created: Time(token.created_ms),
            expires: Time(token.expires_ms),
            is_valid: token.expires_ms > now_ms,
        }
    }
}

/// Sixteen digits: enough to name one of some thousands.
fn id_of(token: &Credential) -> String {
    to_hex(token.secret_sha256.first_chunk::<8>().map_or(&[], |begin| begin.as_slice()))
}

/// A token to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// What it is for.
    label: String,
    /// What it may do; `viewer` if not given.
    role: Option<Role>,
    /// How long it works, with its unit; `90d` if not given.
    #[schema(value_type = Option<String>, example = "90d")]
    valid: Option<units::Span>,
}

/// A token that was just made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MadeToken {
    /// The token itself: `Authorization: Bearer …`. It is shown only now.
    token: String,
    /// What is kept of it.
    #[serde(flatten)]
    kept: TokenView,
}

/// Lists API tokens, newest first.
#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "tokens_list",
    tag = "accounts", extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Every token", body = Page<TokenView>), Refused)
)]
pub(super) async fn list(_: Owner, State(admin): State<Admin>) -> Result<Json<Page<TokenView>>, Problem> {
    let now_ms = admin.clock.wall_ms();
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    Ok(Json(Page { items: tokens.iter().map(|token| TokenView::new(token, now_ms)).collect(), next: None }))
}

/// Makes an API token of the caller's account.
#[utoipa::path(
    post, path = "/api/v1/tokens", operation_id = "tokens_create",
    tag = "accounts", request_body = NewToken, extensions(("x-role" = json!("owner"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key makes one")),
    responses((status = 201, description = "Made; the token is shown only now", body = MadeToken), Refused)
)]
pub(super) async fn create(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewToken>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("tokens", &new) };
    admin.answers.once(ask, make(&admin, &caller, &new)).await
}

async fn make(admin: &Admin, caller: &Caller, new: &NewToken) -> Result<MadeToken, Problem> {
    let life = new.valid.map_or(Duration::from_secs(90 * 24 * 60 * 60), |span| span.0);
    if life.is_zero() || life > LIFE_MAX {
        return Err(Problem::invalid("valid", "use up to two years, for example `90d`"));
    }
    let role = new.role.unwrap_or(Role::Viewer);
    if role > caller.role {
        let detail = format!("a token of role {} needs an account of that role", word(role));
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail));
    }
    let (now_ms, token) = (admin.clock.wall_ms(), secret::draw_token());
    let credential = Credential {
        secret_sha256: secret::sha256(token.as_bytes()),
        kind: CredentialKind::Token,
        account: caller.account.clone(),
        label: line("label", &new.label, LABEL_LENGTH_MAX)?,
        role,
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX)),
    };
    admin.store.add_credential(&credential).await?;
    Ok(MadeToken { token, kept: TokenView::new(&credential, now_ms) })
}

/// Ends a token at once.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", operation_id = "tokens_remove",
    tag = "accounts", extensions(("x-role" = json!("owner"))),
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn remove(
    _: Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    let token = tokens.iter().find(|token| id_of(token) == id).ok_or_else(|| Problem::unknown("token", &id))?;
    admin.store.remove_credential(token.secret_sha256).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn a_token_works_within_its_role_until_it_is_removed() {
        let stage = Stage::new().await;
        let body = json!({ "label": "prometheus", "role": "viewer", "valid": "30min" });
        let made = stage.post("/api/v1/tokens").json(&body).role(Role::Owner).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let bearer = format!("Bearer {}", made.json()["token"].as_str().unwrap());
        let ask = async |method, path: &str| {
            let request = stage.request(method, path).header("authorization", &bearer).json(&json!({ "id": "x" }));
            request.send().await.status
        };

        assert_eq!(ask(Method::GET, "/api/v1/sites").await, StatusCode::OK);
        assert_eq!(ask(Method::POST, "/api/v1/sites").await, StatusCode::FORBIDDEN);
        let path = format!("/api/v1/tokens/{}", made.json()["id"].as_str().unwrap());
        let gone = stage.request(Method::DELETE, &path).role(Role::Owner).send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::GET, "/api/v1/sites").await, StatusCode::UNAUTHORIZED);
        let again = stage.request(Method::DELETE, &path).role(Role::Owner).send().await;
        assert_eq!(again.code(), "token_unknown");
    }

    #[tokio::test]
    async fn the_list_never_shows_a_secret() {
        let stage = Stage::new().await;
        let body = json!({ "label": "x" });
        let made = stage.post("/api/v1/tokens").json(&body).role(Role::Owner).send().await.json();
        let list = stage.get("/api/v1/tokens").role(Role::Owner).send().await;
        assert!(!list.text.contains(made["token"].as_str().unwrap()));
        assert!(list.text.contains(made["id"].as_str().unwrap()));
    }
}
