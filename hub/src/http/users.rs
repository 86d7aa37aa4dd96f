//! `/api/v1/users`: the accounts of people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Owner;
use super::input::Body;
use super::people;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::{NewAccount, password, secret};
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
    /// The id of the person that it belongs to.
    person: Option<String>,
    /// Where a link for a new password is sent.
    email: Option<String>,
    /// Whether a code is asked for at each login.
    has_second_factor: bool,
    /// When it was made.
    created: Time,
}

impl UserView {
    fn new(account: &Account, proven: &[String]) -> Self {
        Self {
            name: account.name.clone(),
            role: account.role,
            person: account.person.clone(),
            email: account.email.clone(),
            has_second_factor: proven.contains(&account.name),
            created: Time(account.created_ms),
        }
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
    /// The id of the person that it belongs to; a member needs one. What it had if not given.
    person: Option<String>,
    /// Where a link for a new password is sent; what it had if not given.
    email: Option<String>,
}

/// What changes of an account; what is not given stays, an empty text takes away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "lea@example.org" }))]
pub(super) struct UserChange {
    /// What it may do.
    role: Option<Role>,
    /// The id of the person that it belongs to.
    person: Option<String>,
    /// Where a link for a new password is sent.
    email: Option<String>,
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
    let (accounts, proven) = (admin.store.accounts().await?, admin.store.proven_accounts().await?);
    Ok(Json(Page { items: accounts.iter().map(|account| UserView::new(account, &proven)).collect(), next: None }))
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
    let had = former.as_ref().map(|account| (account.role, account.person.clone(), account.email.clone()));
    let (had_role, had_person, had_email) = had.unwrap_or((Role::Viewer, None, None));
    let role = wanted.role.unwrap_or(had_role);
    let person = person_of(&admin, role, wanted.person.or(had_person)).await?;
    let address = wanted.email.or(had_email).filter(|address| !address.trim().is_empty());
    let email = people::email(address.as_deref())?;
    keep_an_owner(&admin, &name, Some(role)).await?;
    let drawn = wanted.password.is_none().then(secret::readable_password);
    let password = wanted.password.or_else(|| drawn.clone()).unwrap_or_default();
    admin.logins.put_account(NewAccount { name: name.clone(), password, role, person, email }).await?;
    Ok(Json(MadeUser { name, role, password: drawn }))
}

/// Changes role, person or address of an account; its password stays. Sessions end if what it may do changes.
#[utoipa::path(
    patch, path = "/api/v1/users/{name}", operation_id = "users_change",
    tag = "accounts", request_body = UserChange, extensions(("x-role" = json!("owner"))),
    params(("name" = String, Path, description = "The account")),
    responses((status = 200, description = "Changed", body = UserView), Refused)
)]
pub(super) async fn change(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(change): Body<UserChange>,
) -> Result<Json<UserView>, Problem> {
    let mut account = admin.store.account(&name).await?.ok_or_else(|| Problem::unknown("user", &name))?;
    account.role = change.role.unwrap_or(account.role);
    if let Some(person) = change.person {
        account.person = Some(person);
    }
    if let Some(address) = change.email {
        account.email = people::email(Some(address.as_str()).filter(|address| !address.trim().is_empty()))?;
    }
    account.person = person_of(&admin, account.role, account.person).await?;
    keep_an_owner(&admin, &name, Some(account.role)).await?;
    admin.logins.change_account(&account).await?;
    Ok(Json(UserView::new(&account, &admin.store.proven_accounts().await?)))
}

/// Removes an account at once, with its sessions, tokens and second factor. The last owner stays.
#[utoipa::path(
    delete, path = "/api/v1/users/{name}", operation_id = "users_remove",
    tag = "accounts", extensions(("x-role" = json!("owner"))),
    params(("name" = String, Path, description = "The account")),
    responses((status = 204, description = "Removed"), Refused)
)]
pub(super) async fn remove(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    keep_an_owner(&admin, &name, None).await?;
    match admin.store.remove_account(&name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::unknown("user", &name)),
    }
}

/// The person of an account, who must exist; a member without one would see nothing.
async fn person_of(admin: &Admin, role: Role, person: Option<String>) -> Result<Option<String>, Problem> {
    match person.filter(|person| !person.trim().is_empty()) {
        Some(person) => Ok(Some(people::find(admin, &person).await?.id)),
        None if role == Role::Member => {
            Err(Problem::invalid("person", "a member sees the presence of one person: say of whom, by id"))
        }
        None => Ok(None),
    }
}

/// Refuses to take the last owner's role away: nobody could give it back from afar.
async fn keep_an_owner(admin: &Admin, name: &str, role: Option<Role>) -> Result<(), Problem> {
    let accounts = admin.store.accounts().await?;
    let is_owner = accounts.iter().any(|one| one.name == name && one.role == Role::Owner);
    let has_other = accounts.iter().any(|one| one.name != name && one.role == Role::Owner);
    if role == Some(Role::Owner) || !is_owner || has_other {
        return Ok(());
    }
    let detail = format!("`{name}` is the only owner; nothing was changed; make another owner first");
    Err(Problem::new(StatusCode::CONFLICT, "last_owner", "An owner must remain", detail))
}

/// Whether an account may be called so.
///
/// # Errors
///
/// 422 `invalid`.
pub(super) fn judge_name(name: &str) -> Result<(), Problem> {
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

    use crate::http::testing::{Answer, PASSWORD, Stage, Who};
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
    async fn a_role_changes_without_a_new_password_and_ends_what_was_open() {
        let stage = Stage::new().await;
        let session = stage.log_in("viewer").await;
        let patch = async |body: Value| {
            stage.request(Method::PATCH, "/api/v1/users/viewer").json(&body).role(Role::Owner).send().await
        };
        assert_eq!(patch(json!({ "email": "v@example.org" })).await.json()["email"], "v@example.org");
        assert_eq!(stage.get("/api/v1/me").session(&session).send().await.status, StatusCode::OK);
        assert_eq!(patch(json!({ "role": "operator" })).await.json()["role"], "operator");
        assert_eq!(stage.get("/api/v1/me").session(&session).send().await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(log_in(&stage, "viewer", PASSWORD).await.json()["role"], "operator");
        assert_eq!(patch(json!({ "role": "member", "person": "" })).await.code(), "invalid", "a member is a person");
        assert_eq!(patch(json!({ "email": "" })).await.json()["email"], Value::Null);
    }

    #[tokio::test]
    async fn a_removed_account_is_out_at_once_with_its_tokens() {
        let stage = Stage::new().await;
        let remove = async |name: &str| {
            let path = format!("/api/v1/users/{name}");
            stage.request(Method::DELETE, &path).by(Who::Socket).send().await
        };
        assert_eq!(remove("operator").await.status, StatusCode::NO_CONTENT);
        let gone = stage.get("/api/v1/sites").role(Role::Operator).send().await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
        assert_eq!(remove("operator").await.code(), "user_unknown");
        assert_eq!(remove("owner").await.code(), "last_owner");
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
