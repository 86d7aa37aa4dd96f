//! `/api/v1/users`: the accounts of people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Owner;
use super::input::Body;
use super::problem::Problem;
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
    get, path = "/api/v1/users", tag = "accounts", extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Every account", body = Page<UserView>),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(_: Owner, State(admin): State<Admin>) -> Result<Json<Page<UserView>>, Problem> {
    let accounts = admin.store.accounts().await?;
    Ok(Json(Page { items: accounts.iter().map(UserView::from).collect(), next: None }))
}

/// Makes an account, or gives it a new password and role. Its open sessions end.
#[utoipa::path(
    put, path = "/api/v1/users/{name}", tag = "accounts", request_body = WantedUser,
    params(("name" = String, Path, description = "Small letters, digits and `.-_@`")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Made or changed", body = MadeUser),
              (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"))
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
