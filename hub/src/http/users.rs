//! `/api/v1/users`: the accounts of people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Owner;
use super::input::Body;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::{password, secret};
use crate::store::accounts::{Account, Role};

/// Longest name of an account, characters.
const NAME_LENGTH_MAX: usize = 64;

/// An account, without its password.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct UserView {
    /// Its name.
    name: String,
    /// What it may do.
    role: Role,
    /// When it was made.
    created: Time,
}

impl From<&Account> for UserView {
    fn from(account: &Account) -> Self {
        Self { name: account.name.clone(), role: account.role, created: Time(account.created_ms) }
    }
}

/// An account as it shall be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedUser {
    /// What it may do; what it had if not given, `viewer` for a new one.
    role: Option<Role>,
    /// Its password, 12 characters or more; a readable one is drawn if not given.
    password: Option<String>,
}

/// An account that was just made or changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MadeUser {
    /// Its name.
    name: String,
    /// What it may do.
    role: Role,
    /// The password that was drawn; shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// Lists accounts, by name.
#[utoipa::path(
    get, path = "/api/v1/users", operation_id = "users_list",
    tag = "accounts", extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Every account", body = Page<UserView>), Refused)
)]
pub(super) async fn list(_: Owner, State(admin): State<Admin>) -> Result<Json<Page<UserView>>, Problem> {
    let accounts = admin.store.accounts().await?;
    Ok(Json(Page { items: accounts.iter().map(UserView::from).collect(), next: None }))
}

/// Makes an account, or gives it a new password and role. Its open sessions end.
#[utoipa::path(
    put, path = "/api/v1/users/{name}", operation_id = "users_put",
    tag = "accounts", request_body = WantedUser,
    params(("name" = String, Path, description = "Small letters, digits and `.-_@`")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Made or changed", body = MadeUser), Refused)
)]
pub(super) async fn put(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(wanted): Body<WantedUser>,
) -> Result<Json<MadeUser>, Problem> {
    judge_name(&name)?;
    if let Some(chosen) = &wanted.password {
        password::judge(chosen).map_err(|error| Problem::invalid("password", error))?;
    }
    let former = admin.store.account(&name).await?;
    let role = wanted.role.or(former.map(|account| account.role)).unwrap_or(Role::Viewer);
    keep_an_owner(&admin, &name, role).await?;
    let drawn = wanted.password.is_none().then(secret::readable_password);
    let password = wanted.password.or_else(|| drawn.clone()).unwrap_or_default();
    admin.logins.put_account(&name, password, role).await?;
    Ok(Json(MadeUser { name, role, password: drawn }))
}

/// Refuses to take the last owner's role away: nobody could give it back from afar.
async fn keep_an_owner(admin: &Admin, name: &str, role: Role) -> Result<(), Problem> {
    let accounts = admin.store.accounts().await?;
    let is_owner = accounts.iter().any(|one| one.name == name && one.role == Role::Owner);
    let has_other = accounts.iter().any(|one| one.name != name && one.role == Role::Owner);
    if role == Role::Owner || !is_owner || has_other {
        return Ok(());
    }
    let detail = format!("`{name}` is the only owner; nothing was changed; make another owner first");
    Err(Problem::new(StatusCode::CONFLICT, "last_owner", "An owner must remain", detail))
}

fn judge_name(name: &str) -> Result<(), Problem> {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.chars().all(is_fit) {
        return Ok(());
    }
    Err(Problem::invalid("name", format_args!("use 1 to {NAME_LENGTH_MAX} small letters, digits or `.-_@`")))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use crate::http::testing::{Answer, PASSWORD, Stage};
    use crate::store::accounts::Role;

    async fn put(stage: &Stage, name: &str, body: &Value) -> Answer {
        stage.request(Method::PUT, &format!("/api/v1/users/{name}")).json(body).role(Role::Owner).send().await
    }

    async fn log_in(stage: &Stage, account: &str, password: &str) -> Answer {
        stage.post("/api/v1/login").json(&json!({ "account": account, "password": password })).send().await
    }

    #[tokio::test]
    async fn a_new_account_gets_a_drawn_password_that_works() {
        let stage = Stage::new().await;
        let made = put(&stage, "lea", &json!({ "role": "operator" })).await.json();
        let session = log_in(&stage, "lea", made["password"].as_str().unwrap()).await;
        assert_eq!((session.status, session.json()["role"].as_str()), (StatusCode::OK, Some("operator")));
    }

    #[tokio::test]
    async fn a_new_password_ends_the_open_sessions() {
        let stage = Stage::new().await;
        let session = log_in(&stage, "viewer", PASSWORD).await;
        let me = async || stage.get("/api/v1/me").header("cookie", &session.cookie()).send().await.status;
        assert_eq!(me().await, StatusCode::OK);
        let changed = put(&stage, "viewer", &json!({ "password": "another long sentence" })).await;
        assert_eq!(changed.json(), json!({ "name": "viewer", "role": "viewer" }));
        assert_eq!(me().await, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn the_last_owner_stays() {
        let stage = Stage::new().await;
        let refused = put(&stage, "owner", &json!({ "role": "viewer" })).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "last_owner"));
        put(&stage, "max", &json!({ "role": "owner" })).await;
        assert_eq!(put(&stage, "owner", &json!({ "role": "viewer" })).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn weak_passwords_and_strange_names_are_refused() {
        let stage = Stage::new().await;
        assert_eq!(put(&stage, "lea", &json!({ "password": "short" })).await.code(), "invalid");
        for name in ["L%C3%A9a", "a%20b", "A", &"x".repeat(65), "%2e%2e%2f"] {
            assert_eq!(put(&stage, name, &json!({})).await.code(), "invalid", "{name}");
        }
    }
}
