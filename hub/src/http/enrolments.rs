//! `/api/v1/enrolments`: one-time permissions to become a site's box. Their secrets are shown once and kept nowhere.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::{SiteId, random_bytes, to_hex};
use vigie_shared::token::EnrolToken;
use vigie_shared::units;

use super::Admin;
use super::guard::{Operator, Viewer};
use super::idempotency::Ask;
use super::input::{Body, Key, Newest, Params, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::secret;
use crate::store::sites::Enrolment;

/// How long a token works: `"24h"`, `"30min"`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Validity(#[serde(with = "units::duration")] Duration);

impl Default for Validity {
    fn default() -> Self {
        Self(Duration::from_secs(24 * 60 * 60))
    }
}

impl Validity {
    const MIN: Duration = Duration::from_secs(60);
    const MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// Refuses what is too short to type and too long to be safe.
    pub(super) fn checked(self) -> Result<Duration, Problem> {
        if (Self::MIN..=Self::MAX).contains(&self.0) {
            return Ok(self.0);
        }
        Err(Problem::invalid("valid", "use 1 minute to 30 days, for example `24h`"))
    }
}

/// What to paste on the box.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct InvitedView {
    /// The site.
    site: String,
    /// The token: works once.
    token: String,
    /// When it stops working.
    expires: Time,
    /// What to run on the box.
    command: String,
}

/// Makes a permission and writes it as a token.
pub(super) async fn invite(admin: &Admin, site: &SiteId, valid: Duration) -> Result<InvitedView, Problem> {
    let now_ms = admin.clock.wall_ms();
    let token = EnrolToken {
        hub: admin.invitation.address.clone(),
        ca_sha256: admin.invitation.ca_sha256,
        site: site.clone(),
        secret: random_bytes(),
        expires_ms: now_ms.saturating_add(i64::try_from(valid.as_millis()).unwrap_or(i64::MAX)),
    };
    let enrolment = Enrolment {
        site: site.clone(),
        secret_sha256: secret::sha256(&token.secret),
        created_ms: now_ms,
        expires_ms: token.expires_ms,
        used_ms: None,
    };
    admin.store.add_enrolment(&enrolment).await?;
    Ok(InvitedView {
        site: site.to_string(),
        token: token.to_string(),
        expires: Time(token.expires_ms),
        command: format!("vigie-agent register {token}"),
    })
}

/// A permission, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct EnrolmentView {
    /// The site.
    site: String,
    /// When it was given.
    created: Time,
    /// When it stops working.
    expires: Time,
    /// When it was used.
    used: Option<Time>,
    /// `open`, `used` or `expired`.
    state: String,
}

impl EnrolmentView {
    fn new(enrolment: &Enrolment, now_ms: i64) -> Self {
        let state = match enrolment.used_ms {
            Some(_) => "used",
            None if enrolment.expires_ms <= now_ms => "expired",
            None => "open",
        };
        Self {
            site: enrolment.site.to_string(),
            created: Time(enrolment.created_ms),
            expires: Time(enrolment.expires_ms),
            used: enrolment.used_ms.map(Time),
            state: state.to_owned(),
        }
    }
}

/// Lists permissions, newest first.
#[utoipa::path(
    get, path = "/api/v1/enrolments", operation_id = "enrolments_list",
    tag = "sites", params(Newest), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The newest permissions", body = Page<EnrolmentView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(newest): Params<Newest>,
) -> Result<Json<Page<EnrolmentView>>, Problem> {
    let (site, rows) = newest.checked()?;
    let now_ms = admin.clock.wall_ms();
    let is_wanted = |one: &Enrolment| site.as_ref().is_none_or(|site| one.site == *site);
    let all = admin.store.enrolments().await?;
    let items = all.iter().filter(|one| is_wanted(one)).take(rows).map(|one| EnrolmentView::new(one, now_ms)).collect();
    Ok(Json(Page { items, next: None }))
}

/// Where boxes come in, for whoever registers one with an account instead of a token.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct DoorView {
    /// Where HTTPS for boxes is reached.
    hub: String,
    /// The SHA-256 of the hub's CA certificate: what a box checks before it reveals a password.
    fingerprint: String,
    /// What to run on the box.
    command: String,
}

/// Says where boxes come in, and by what they know this hub.
#[utoipa::path(
    get, path = "/api/v1/enrolments/door", operation_id = "enrolments_door",
    tag = "sites", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The door", body = DoorView), Refused)
)]
pub(super) async fn door(Viewer(caller): Viewer, State(admin): State<Admin>) -> Json<DoorView> {
    let (hub, fingerprint) = (admin.invitation.address.clone(), to_hex(&admin.invitation.ca_sha256));
    let command =
        format!("vigie-agent register --hub {hub} --fingerprint {fingerprint} --user {} --name \"…\"", caller.account);
    Json(DoorView { hub, fingerprint, command })
}

/// A permission to give.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEnrolment {
    /// The site.
    site: String,
    /// How long the token works, with its unit; `24h` if not given.
    #[schema(value_type = Option<String>, example = "24h")]
    valid: Option<Validity>,
}

/// Gives one more token for a site, as when the first one expired unused. Its box, if it has one, stays.
#[utoipa::path(
    post, path = "/api/v1/enrolments", operation_id = "enrolments_create",
    tag = "sites", request_body = NewEnrolment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key gives one token")),
    extensions(("x-role" = json!("operator"))),
    responses((status = 201, description = "The token is shown only now", body = InvitedView), Refused)
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewEnrolment>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("enrolments", &new) };
    admin.answers.once(ask, give(&admin, &new)).await
}

async fn give(admin: &Admin, new: &NewEnrolment) -> Result<InvitedView, Problem> {
    let id = site_id(&new.site)?;
    let valid = new.valid.unwrap_or_default().checked()?;
    let site = admin.store.site(&id).await?.ok_or_else(|| Problem::unknown("site", &new.site))?;
    if site.revoked_ms.is_some() {
        let detail = format!("site {id} is revoked; bring it back with `vigie-hub site replace {id}`");
        return Err(Problem::new(axum::http::StatusCode::CONFLICT, "site_revoked", "The site is revoked", detail));
    }
    invite(admin, &id, valid).await
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use crate::http::testing::{NOW, Stage};
    use crate::login::secret;
    use crate::store::accounts::Role;
    use vigie_shared::token::EnrolToken;

    #[tokio::test]
    async fn a_permission_is_open_until_it_is_used_or_ends_and_never_shows_its_secret() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        let body = json!({ "site": "metz", "valid": "1h" });
        let given = stage.post("/api/v1/enrolments").json(&body).role(Role::Operator).send().await;
        assert_eq!(given.status, StatusCode::CREATED);
        let list = async || stage.get("/api/v1/enrolments?site=metz").role(Role::Viewer).send().await;

        let open = list().await;
        assert_eq!(open.json()["items"][0]["state"], "open");
        let token: EnrolToken = given.json()["token"].as_str().unwrap().parse().unwrap();
        assert!(!open.text.contains(&vigie_shared::id::to_hex(&token.secret)));
        stage.store.redeem(&metz, secret::sha256(&token.secret), NOW).await.unwrap();
        assert_eq!(list().await.json()["items"][0]["state"], "used");
    }

    #[tokio::test]
    async fn a_revoked_site_gets_no_token() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.store.revoke_site(&metz, NOW).await.unwrap();
        let body = json!({ "site": "metz" });
        let answer = stage.post("/api/v1/enrolments").json(&body).role(Role::Operator).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "site_revoked"));
    }
}
