//! `/api/v1/tokens`: what programs log in with. A token is shown once; the store keeps its hash.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::SiteId;
use vigie_shared::units;

use super::Admin;
use super::guard::{Viewer, word};
use super::idempotency::Ask;
use super::input::{Body, Key, line};
use super::operations;
use super::problem::{Problem, Refused};
use super::registry::known_site;
use super::time::Time;
use super::views::Page;
use crate::login::{Caller, secret, short_id};
use crate::store::accounts::{Credential, CredentialKind, Role, Scope};

/// Longest label, characters.
const LABEL_LENGTH_MAX: usize = 80;
/// The longest life of a token.
const LIFE_MAX: Duration = Duration::from_secs(2 * 366 * 24 * 60 * 60);

/// Tokens of one account at once.
const TOKENS_MAX: usize = 200;
/// Sites that one token is limited to, at most.
const SITES_MAX: usize = 100;

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
    /// Parts of the API that it is limited to; all if empty.
    areas: BTreeSet<String>,
    /// Sites that it is limited to; all if empty.
    #[schema(value_type = Vec<String>)]
    sites: BTreeSet<SiteId>,
    /// When it ends.
    expires: Time,
    /// When it was used last, to the minute.
    used: Option<Time>,
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
            areas: token.scope.areas.clone(),
            sites: token.scope.sites.clone(),
            expires: Time(token.expires_ms),
            used: token.used_ms.map(Time),
            is_valid: token.expires_ms > now_ms,
        }
    }
}

fn id_of(token: &Credential) -> String {
    short_id(&token.secret_sha256)
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
    /// Parts of the API that it is limited to, by the tags of the document: `["presence", "sites"]`. All if empty.
    #[serde(default)]
    areas: BTreeSet<String>,
    /// Sites that it is limited to: it may ask only what names one of them. All if empty.
    #[serde(default)]
    sites: BTreeSet<String>,
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

/// Lists API tokens, newest first: an owner's list has everybody's, others have their own.
#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "tokens_list",
    tag = "accounts", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Tokens", body = Page<TokenView>), Refused)
)]
pub(super) async fn list(Viewer(caller): Viewer, State(admin): State<Admin>) -> Result<Json<Page<TokenView>>, Problem> {
    let now_ms = admin.clock.wall_ms();
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    let seen = tokens.iter().filter(|token| is_business_of(&caller, token));
    Ok(Json(Page { items: seen.map(|token| TokenView::new(token, now_ms)).collect(), next: None }))
}

fn is_business_of(caller: &Caller, token: &Credential) -> bool {
    caller.role == Role::Owner || token.account == caller.account
}

/// Makes an API token of the caller's account, of the caller's role at most.
#[utoipa::path(
    post, path = "/api/v1/tokens", operation_id = "tokens_create",
    tag = "accounts", request_body = NewToken, extensions(("x-role" = json!("viewer"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key makes one")),
    responses((status = 201, description = "Made; the token is shown only now", body = MadeToken), Refused)
)]
pub(super) async fn create(
    Viewer(caller): Viewer,
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
    if !caller.scope.is_whole() {
        let detail = "a token that is limited makes no others; log in, or use a whole one";
        return Err(Problem::new(StatusCode::FORBIDDEN, "out_of_scope", "Beyond this token", detail));
    }
    let held = admin.store.credentials(CredentialKind::Token).await?;
    if held.iter().filter(|token| token.account == caller.account).count() >= TOKENS_MAX {
        let detail = format!("account {} has {TOKENS_MAX} tokens already; remove some first", caller.account);
        return Err(Problem::new(StatusCode::CONFLICT, "too_many_tokens", "Too many tokens", detail));
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
        scope: scope(admin, new).await?,
        used_ms: None,
    };
    admin.store.add_credential(&credential).await?;
    Ok(MadeToken { token, kept: TokenView::new(&credential, now_ms) })
}

/// What the token is limited to; everything named must exist, so that no word typed wrongly limits to nothing.
async fn scope(admin: &Admin, new: &NewToken) -> Result<Scope, Problem> {
    let areas = operations::areas();
    if let Some(unknown) = new.areas.iter().find(|area| !areas.contains(area.as_str())) {
        let shown: String = unknown.chars().take(64).collect();
        let all: Vec<&str> = areas.into_iter().collect();
        return Err(Problem::invalid(
            "areas",
            format_args!("there is no part `{shown}`; there are {}", all.join(", ")),
        ));
    }
    if new.sites.len() > SITES_MAX {
        return Err(Problem::invalid("sites", format_args!("name at most {SITES_MAX}")));
    }
    let mut sites = BTreeSet::new();
    for site in &new.sites {
        sites.insert(known_site(admin, site).await?);
    }
    Ok(Scope { areas: new.areas.clone(), sites })
}

/// Ends a token at once: an owner anybody's, others their own.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", operation_id = "tokens_remove",
    tag = "accounts", extensions(("x-role" = json!("viewer"))),
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(super) async fn remove(
    Viewer(caller): Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    let mut seen = tokens.iter().filter(|token| is_business_of(&caller, token));
    let token = seen.find(|token| id_of(token) == id).ok_or_else(|| Problem::unknown("token", &id))?;
    admin.store.remove_credential(token.secret_sha256).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

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

    /// What a token of the owner that is limited so is answered.
    async fn limited(stage: &Stage, limits: Value, asks: &[(Method, &str)]) -> Vec<StatusCode> {
        let mut body = json!({ "label": "limited", "role": "owner" });
        body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let made = stage.post("/api/v1/tokens").json(&body).role(Role::Owner).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let bearer = format!("Bearer {}", made.json()["token"].as_str().unwrap());
        let mut answers = Vec::new();
        for (method, path) in asks {
            let body = json!({ "label": "x", "id": "brest" });
            let ask = stage.request(method.clone(), path).header("authorization", &bearer).json(&body);
            answers.push(ask.send().await.status);
        }
        answers
    }

    #[tokio::test]
    async fn a_token_for_a_part_of_the_api_reaches_no_other_and_no_page() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz").await;
        let asks = [
            (Method::GET, "/api/v1/sites"),
            (Method::GET, "/api/v1/me"),
            (Method::GET, "/api/v1/alerts"),
            (Method::POST, "/api/v1/tokens"),
        ];
        let answers = limited(&stage, json!({ "areas": ["sites"] }), &asks).await;
        let (ok, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
        assert_eq!(answers, [ok, ok, no, no]);
        let page = limited(&stage, json!({ "areas": ["sites"] }), &[(Method::GET, "/")]).await;
        assert_ne!(page, [ok]);
    }

    #[tokio::test]
    async fn a_token_for_a_site_speaks_of_that_site_alone() {
        let stage = Stage::new().await;
        for site in ["metz", "brest"] {
            stage.add_site(site, site).await;
        }
        let asks = [
            (Method::GET, "/api/v1/sites/metz"),
            (Method::GET, "/api/v1/diary?site=metz"),
            (Method::GET, "/api/v1/sites/brest"),
            (Method::GET, "/api/v1/sites/%62rest"),
            (Method::GET, "/api/v1/diary"),
            (Method::GET, "/api/v1/diary?site=brest"),
            (Method::GET, "/api/v1/diary?site=metz&site=brest"),
            (Method::GET, "/api/v1/sites/brest?site=metz"),
            (Method::GET, "/api/v1/sites"),
            (Method::POST, "/api/v1/sites"),
            (Method::POST, "/api/v1/tokens"),
        ];
        let answers = limited(&stage, json!({ "sites": ["metz"] }), &asks).await;
        assert_eq!(answers[..2], [StatusCode::OK, StatusCode::OK]);
        for (answer, (method, path)) in answers[2..].iter().zip(&asks[2..]) {
            assert_eq!(*answer, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_limit_that_names_nothing_is_refused() {
        let stage = Stage::new().await;
        for (limits, code) in
            [(json!({ "areas": ["presense"] }), "invalid"), (json!({ "sites": ["x"] }), "site_unknown")]
        {
            let mut body = json!({ "label": "x" });
            body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
            let answer = stage.post("/api/v1/tokens").json(&body).role(Role::Owner).send().await;
            assert_eq!(answer.code(), code);
        }
    }

    #[tokio::test]
    async fn everybody_makes_tokens_of_the_own_role_and_sees_and_ends_only_the_own() {
        let stage = Stage::new().await;
        let make = async |role: &str| {
            let body = json!({ "label": "x", "role": role });
            stage.post("/api/v1/tokens").json(&body).role(Role::Operator).send().await
        };
        assert_eq!(make("owner").await.code(), "forbidden");
        assert_eq!(make("operator").await.status, StatusCode::CREATED);
        let of = async |role| stage.get("/api/v1/tokens").role(role).send().await.json()["items"].clone();
        let (own, all) = (of(Role::Operator).await, of(Role::Owner).await);
        assert!(own.as_array().unwrap().iter().all(|token| token["account"] == "operator"));
        let foreign = all.as_array().unwrap().iter().find(|token| token["account"] == "owner").unwrap();
        let path = format!("/api/v1/tokens/{}", foreign["id"].as_str().unwrap());
        let refused = stage.request(Method::DELETE, &path).role(Role::Operator).send().await;
        assert_eq!(refused.code(), "token_unknown");
    }

    #[tokio::test]
    async fn a_token_tells_when_it_was_used_last() {
        let stage = Stage::new().await;
        stage.get("/api/v1/sites").role(Role::Viewer).send().await;
        let list = stage.get("/api/v1/tokens").role(Role::Viewer).send().await.json();
        assert_eq!(list["items"][0]["used"], "2026-11-20T14:05:00.000Z");
    }
}
