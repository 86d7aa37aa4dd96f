//! `/api/v1/sites`: who may exist. Adding one, or preparing one for a new box, gives the token to paste there.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::about::{About, LINE_CHARS_MAX};
use vigie_shared::id::SiteId;

use super::Admin;
use super::about::{AboutChange, known_zone};
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::diary::{Happening, note};
use super::enrolments::{InvitedView, Validity, invite};
use super::guard::{Operator, Owner, Viewer};
use super::idempotency::Ask;
use super::input::{Body, Key, Params, limit, line, named, site_id};
use super::problem::{Problem, Refused};
use super::views::{Page, SiteView};
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::sites::Site;

/// Which sites.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only ids after this one.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only those with this tag, upper and lower case alike.
    tag: Option<String>,
}

impl Query {
    fn wants(&self, site: &Site) -> bool {
        let is_after = self.after.as_deref().is_none_or(|after| site.id.as_str() > after);
        let has = |tag: &str| site.about.tags.iter().any(|one| one.to_lowercase() == tag.to_lowercase());
        is_after && self.tag.as_deref().is_none_or(has)
    }
}

/// A site to add.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSite {
    /// Its id: 1 to 32 letters or digits.
    id: String,
    /// Its name for people; the id if not given.
    name: Option<String>,
    /// Its IANA time zone; the hub's own if not given.
    zone: Option<String>,
    /// What people say of it.
    #[serde(default, deserialize_with = "named")]
    about: AboutChange,
    /// How long the token works, with its unit; `24h` if not given.
    #[schema(value_type = Option<String>, example = "24h")]
    valid: Option<Validity>,
}

/// Lists the sites, by id.
#[utoipa::path(
    get, path = "/api/v1/sites", operation_id = "sites_list",
    tag = "sites", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of sites", body = Page<SiteView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<SiteView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let all = admin.store.sites().await?.into_iter();
    let mut sites: Vec<Site> = all.filter(|site| query.wants(site)).take(rows + 1).collect();
    let next = cut(&mut sites, rows).then(|| sites.last().map(|site| site.id.to_string())).flatten();
    let (fleet, hearing) = (admin.fleet.snapshot(), admin.hearing());
    let view = |site: &Site| SiteView::new(site, &fleet.get(&site.id).cloned().unwrap_or_default(), hearing);
    Ok(Json(Page { items: sites.iter().map(view).collect(), next }))
}

/// Adds a site and gives the token for its box.
#[utoipa::path(
    post, path = "/api/v1/sites", operation_id = "sites_create",
    tag = "sites", request_body = NewSite, extensions(("x-role" = json!("operator"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key adds once")),
    responses((status = 201, description = "Added; the token is shown only now", body = InvitedView),
              (status = 409, description = "The id exists", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewSite>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("sites", &new) };
    admin.answers.once(ask, add(&admin, &caller, &new)).await
}

async fn add(admin: &Admin, caller: &Caller, new: &NewSite) -> Result<InvitedView, Problem> {
    let site = checked(new, admin.clock.wall_ms())?;
    let valid = new.valid.unwrap_or_default().checked()?;
    admin.store.add_site(&site).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            let detail = format!(
                "site {} exists already; nothing was changed; choose another id, or give it a new box with \
                 `vigie-hub site replace {}`",
                site.id, site.id
            );
            Problem::new(axum::http::StatusCode::CONFLICT, "site_exists", "The site exists already", detail)
        }
        failed @ StoreError::Failed(_) => failed.into(),
    })?;
    note(admin, &site.id, Happening::SiteAdded, caller).await?;
    invite(admin, &site.id, valid).await
}

fn checked(new: &NewSite, now_ms: i64) -> Result<Site, Problem> {
    let id: SiteId = new.id.parse().map_err(|error| Problem::invalid("id", error))?;
    let name = line("name", new.name.as_deref().unwrap_or(id.as_str()), LINE_CHARS_MAX)?;
    let zone = known_zone("zone", new.zone.as_deref().unwrap_or(&crate::own_zone()))?;
    let about = new.about.applied(&About::default())?;
    Ok(Site { about, ..Site::new(id, name, zone, now_ms) })
}

/// Revokes a site: its box is refused and cut off at once, its facts stay.
#[utoipa::path(
    delete, path = "/api/v1/sites/{id}", operation_id = "sites_remove",
    tag = "sites", params(("id" = String, Path, description = "The site")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Revoked", body = SiteView), Refused)
)]
pub(super) async fn remove(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<SiteView>, Problem> {
    cut_off(&admin, &caller, &id).await
}

/// Revokes a site: its box is refused and cut off at once, its facts stay.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/revoke", operation_id = "sites_revoke",
    tag = "sites", params(("id" = String, Path, description = "The site")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "Revoked", body = SiteView), Refused)
)]
pub(super) async fn revoke(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<SiteView>, Problem> {
    cut_off(&admin, &caller, &id).await
}

async fn cut_off(admin: &Admin, caller: &Caller, id: &str) -> Result<Json<SiteView>, Problem> {
    let site = site_id(id)?;
    if !admin.store.revoke_site(&site, admin.clock.wall_ms()).await? {
        return Err(Problem::unknown("site", id));
    }
    admin.revoker.cut(&site);
    note(admin, &site, Happening::SiteRevoked, caller).await?;
    let site = admin.store.site(&site).await?.ok_or_else(|| Problem::unknown("site", id))?;
    Ok(Json(SiteView::new(&site, &admin.fleet.site(&site.id), admin.hearing())))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;
    use vigie_shared::token::EnrolToken;

    use crate::http::testing::{NOW, Stage, Who, live};
    use crate::login::secret;
    use crate::store::accounts::Role;
    use crate::store::sites::Redeemed;

    #[tokio::test]
    async fn a_new_site_comes_with_a_token_that_works_once() {
        let stage = Stage::new().await;
        let body = json!({ "id": "rennes01", "name": "Rennes", "zone": "Europe/Paris", "valid": "2h" });

        let made = stage.post("/api/v1/sites").json(&body).role(Role::Operator).send().await;

        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let token: EnrolToken = made.json()["token"].as_str().unwrap().parse().unwrap();
        assert_eq!((token.hub.as_str(), token.ca_sha256), ("hub.example.org:8443", [3; 32]));
        assert_eq!(token.expires_ms, NOW + 7_200_000);
        assert_eq!(made.json()["command"], format!("vigie-agent register {token}"));
        let hash = secret::sha256(&token.secret);
        assert_eq!(stage.store.redeem(&token.site, hash, NOW).await.unwrap(), Redeemed::Good);
        assert_eq!(stage.store.redeem(&token.site, hash, NOW).await.unwrap(), Redeemed::Used(NOW));
        let diary = stage.get("/api/v1/diary?site=rennes01").role(Role::Viewer).send().await.json();
        assert_eq!(diary["items"][0]["kind"], "site_added");
    }

    #[tokio::test]
    async fn the_list_shows_sites_and_their_boxes() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_site("rennes01", "Rennes").await;
        stage.fleet.tell(&metz, live());

        let list = stage.get("/api/v1/sites").role(Role::Viewer).send().await;

        insta::assert_json_snapshot!(list.json());
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_loss() {
        let stage = Stage::new().await;
        for id in ["a1", "b2", "c3"] {
            stage.add_site(id, id).await;
        }
        let first = stage.get("/api/v1/sites?limit=2").role(Role::Viewer).send().await.json();
        assert_eq!((first["items"].as_array().unwrap().len(), first["next"].as_str()), (2, Some("b2")));
        let last = stage.get("/api/v1/sites?limit=2&after=b2").role(Role::Viewer).send().await.json();
        assert_eq!((last["items"][0]["id"].as_str(), last.get("next")), (Some("c3"), None));
    }

    #[tokio::test]
    async fn asking_twice_under_one_key_adds_once() {
        let stage = Stage::new().await;
        let ask = |body: serde_json::Value, key: &str| {
            stage.post("/api/v1/sites").json(&body).header("idempotency-key", key).role(Role::Owner)
        };
        let first = ask(json!({ "id": "metz" }), "k1").send().await;
        let again = ask(json!({ "id": "metz" }), "k1").send().await;
        assert_eq!((again.status, &again.text), (StatusCode::CREATED, &first.text));
        let other = ask(json!({ "id": "brest" }), "k1").send().await;
        assert_eq!((other.status, other.code().as_str()), (StatusCode::CONFLICT, "key_reused"));
        let unkeyed = stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).role(Role::Owner).send().await;
        assert_eq!((unkeyed.status, unkeyed.code().as_str()), (StatusCode::CONFLICT, "site_exists"));
        assert_eq!(stage.store.enrolments().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_failed_request_gives_its_key_back() {
        let stage = Stage::new().await;
        let ask = |body: serde_json::Value| {
            stage.post("/api/v1/sites").json(&body).header("idempotency-key", "k").role(Role::Owner)
        };
        assert_eq!(ask(json!({ "id": "not a site" })).send().await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ask(json!({ "id": "metz" })).send().await.status, StatusCode::CREATED);
    }

    #[tokio::test]
    async fn revoking_cuts_the_box_at_once_and_keeps_the_facts() {
        for (method, path) in [(Method::DELETE, "/api/v1/sites/metz"), (Method::POST, "/api/v1/sites/metz/revoke")] {
            let stage = Stage::new().await;
            let metz = stage.add_site("metz", "Metz").await;
            stage.add_history(&metz).await;
            let gone = stage.request(method, path).role(Role::Owner).send().await;
            assert_eq!((gone.status, gone.json()["reach"].as_str()), (StatusCode::OK, Some("revoked")));
            assert_eq!(stage.cut.0.lock().unwrap().as_slice(), std::slice::from_ref(&metz));
            let detail = stage.get("/api/v1/sites/metz").role(Role::Viewer).send().await.json();
            assert_eq!(detail["metrics"]["items"].as_array().unwrap().len(), 3);
        }
    }

    #[tokio::test]
    async fn replacing_cuts_the_old_box_and_invites_a_new_one() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.store.revoke_site(&metz, NOW).await.unwrap();
        let made = stage.post("/api/v1/sites/metz/replace").json(&json!({})).role(Role::Owner).send().await;
        assert_eq!(made.status, StatusCode::CREATED);
        assert_eq!(made.json()["token"].as_str().unwrap().parse::<EnrolToken>().unwrap().site, metz);
        assert_eq!(stage.cut.0.lock().unwrap().as_slice(), std::slice::from_ref(&metz));
        assert_eq!(stage.store.site(&metz).await.unwrap().unwrap().revoked_ms, None);
    }

    #[tokio::test]
    async fn foreign_names_are_unknown_and_bad_values_are_named() {
        let stage = Stage::new().await;
        for id in ["nowhere", "a%2Fb", "%00", "..", "x%F0%9F", &"x".repeat(300)] {
            let answer = stage.post(&format!("/api/v1/sites/{id}/revoke")).role(Role::Owner).send().await;
            assert!(answer.status.is_client_error() && !answer.code().is_empty(), "{id}: {answer:?}");
        }
        for (body, field) in [
            (json!({ "id": "a/b" }), "id"),
            (json!({ "id": "a", "zone": "Mars/Olympus" }), "zone"),
            (json!({ "id": "a", "name": "a\nb" }), "name"),
            (json!({ "id": "a", "name": "x".repeat(81) }), "name"),
            (json!({ "id": "a", "valid": "0s" }), "valid"),
            (json!({ "id": "a", "valid": "9000d" }), "valid"),
            (json!({ "id": "a", "valid": 3 }), "valid"),
            (json!({ "id": "a", "colour": "red" }), "colour"),
        ] {
            let answer = stage.post("/api/v1/sites").json(&body).role(Role::Owner).send().await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert!(answer.json()["detail"].as_str().unwrap().contains(field), "{body}: {}", answer.text);
        }
        assert!(stage.store.sites().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn whatever_body_comes_the_answer_is_a_problem() {
        let stage = Stage::new().await;
        let send =
            |kind: &'static str, body: Vec<u8>| stage.post("/api/v1/sites").bytes(kind, body).by(Who::Socket).send();
        let large = send("application/json", vec![b' '; 10 << 20]).await;
        assert_eq!((large.status, large.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
        let text = send("text/plain", b"{}".to_vec()).await;
        assert_eq!((text.status, text.code().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"));
        for garbage in [&b""[..], b"{", b"\xff\xfe", b"nul"] {
            let answer = send("application/json", garbage.to_vec()).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"));
        }
        for array in [b"[]".to_vec(), vec![b'['; 5000]] {
            let answer = send("application/json", array).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
        }
    }
}
