//! What people say of a site: as the API shows it, and `PATCH /api/v1/sites/{id}` to say something else.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::about::{About, FieldError, LINE_CHARS_MAX};

use super::Admin;
use super::diary::{Happening, note};
use super::guard::Operator;
use super::input::{Body, line, named, site_id};
use super::problem::{Problem, Refused};
use super::views::SiteView;
use crate::store::sites::{Machine, Site};

/// Times that somebody else may describe the same site meanwhile.
const TRIES_MAX: u32 = 5;

/// What people say of a site; empty means unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AboutView {
    /// The club that plays or lives there.
    pub club: String,
    /// The town.
    pub town: String,
    /// The region.
    pub region: String,
    /// The country.
    pub country: String,
    /// Words to find it by: sports, kind of place….
    pub tags: Vec<String>,
    /// Anything else.
    pub note: String,
}

impl From<&About> for AboutView {
    fn from(about: &About) -> Self {
        let About { club, town, region, country, tags, note } = about.clone();
        Self { club, town, region, country, tags, note }
    }
}

/// A box's hardware, system and place, in its own words; empty if unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineView {
    /// The hardware's own name.
    pub model: String,
    /// The system's own name.
    pub os: String,
    /// Where it is reached on its own network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lan: Option<IpAddr>,
}

impl From<&Machine> for MachineView {
    fn from(machine: &Machine) -> Self {
        let Machine { model, os, lan } = machine.clone();
        Self { model, os, lan }
    }
}

/// What to say of a site; what is missing stays as it is, what is empty is forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AboutChange {
    /// The club, at most 80 characters, as the town, the region and the country.
    club: Option<String>,
    /// The town.
    town: Option<String>,
    /// The region.
    region: Option<String>,
    /// The country.
    country: Option<String>,
    /// At most 16 words of at most 40 characters, in place of those before.
    tags: Option<Vec<String>>,
    /// At most 500 characters.
    note: Option<String>,
}

impl AboutChange {
    /// What is said of the site after the change.
    pub(super) fn applied(&self, to: &About) -> Result<About, Problem> {
        let text = |change: &Option<String>, known: &String| change.clone().unwrap_or_else(|| known.clone());
        let about = About {
            club: text(&self.club, &to.club),
            town: text(&self.town, &to.town),
            region: text(&self.region, &to.region),
            country: text(&self.country, &to.country),
            tags: self.tags.clone().unwrap_or_else(|| to.tags.clone()),
            note: text(&self.note, &to.note),
        };
        about.checked().map_err(|FieldError { field, reason }| Problem::invalid(field, reason))
    }
}

/// What to change of a site; what is missing stays as it is.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SiteChange {
    /// Its name for people.
    name: Option<String>,
    /// Its IANA time zone.
    zone: Option<String>,
    /// What people say of it.
    #[serde(deserialize_with = "named")]
    about: AboutChange,
}

impl SiteChange {
    fn applied(&self, to: &Site) -> Result<Site, Problem> {
        let mut site = to.clone();
        if let Some(name) = &self.name {
            site.name = line("name", name, LINE_CHARS_MAX)?;
        }
        if let Some(zone) = &self.zone {
            site.zone = known_zone("zone", zone)?;
        }
        site.about = self.about.applied(&to.about)?;
        Ok(site)
    }
}

/// The zone of that field, if the hub knows it.
pub(super) fn known_zone(field: &str, zone: &str) -> Result<String, Problem> {
    if jiff::tz::TimeZone::get(zone).is_ok() {
        return Ok(zone.to_owned());
    }
    let shown: String = zone.chars().take(64).collect();
    Err(Problem::invalid(field, format_args!("`{shown}` is no IANA time zone; write it like Europe/Paris")))
}

/// Changes what is said of a site. What is missing in the request stays.
#[utoipa::path(
    patch, path = "/api/v1/sites/{id}", operation_id = "sites_change",
    tag = "sites", params(("id" = String, Path, description = "The site")), request_body = SiteChange,
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The site as it is now", body = SiteView), Refused)
)]
pub(super) async fn change(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(change): Body<SiteChange>,
) -> Result<Json<SiteView>, Problem> {
    let known = site_id(&id)?;
    for _ in 0..TRIES_MAX {
        let was = admin.store.site(&known).await?.ok_or_else(|| Problem::unknown("site", &id))?;
        let site = change.applied(&was)?;
        if !admin.store.describe_site(&was, &site).await? {
            continue;
        }
        if site != was {
            note(&admin, &site.id, Happening::SiteDescribed, &caller).await?;
        }
        return Ok(Json(SiteView::new(&site, &admin.fleet.site(&site.id), admin.hearing())));
    }
    let detail = "others keep changing this site at the same moment; nothing was changed, try again";
    Err(Problem::new(axum::http::StatusCode::CONFLICT, "site_changing", "The site is being changed", detail))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use crate::http::testing::{Answer, NOW, Stage};
    use crate::store::accounts::Role;

    async fn patch(stage: &Stage, body: &Value) -> Answer {
        stage.request(Method::PATCH, "/api/v1/sites/metz").json(body).role(Role::Operator).send().await
    }

    #[tokio::test]
    async fn only_what_is_named_changes_and_an_empty_text_is_forgotten() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz").await;
        let about = json!({ "club": " FC Metz ", "town": "Metz", "tags": ["football", "hall", "football"] });
        let first = patch(&stage, &json!({ "about": about })).await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        let about = &first.json()["about"];
        assert_eq!((&about["club"], &about["tags"]), (&json!("FC Metz"), &json!(["football", "hall"])));

        let body = json!({ "name": "Metz, halle", "zone": "UTC", "about": { "club": "", "country": "France" } });
        let second = patch(&stage, &body).await.json();
        assert_eq!((&second["name"], &second["zone"]), (&json!("Metz, halle"), &json!("UTC")));
        let about = &second["about"];
        assert_eq!((&about["club"], &about["town"], &about["country"]), (&json!(""), &json!("Metz"), &json!("France")));
        let shown = stage.get("/api/v1/sites/metz").role(Role::Viewer).send().await.json();
        assert_eq!(&shown["site"]["about"], about);
        let diary = stage.get("/api/v1/diary").role(Role::Viewer).send().await.json();
        assert_eq!(diary["items"][0]["kind"], "site_described");
        assert_eq!(diary["items"].as_array().unwrap().len(), 2);
        patch(&stage, &json!({})).await;
        assert_eq!(stage.store.entries(None, 9).await.unwrap().len(), 2, "what changes nothing is no news");
    }

    #[tokio::test]
    async fn what_is_not_accepted_is_named_and_changes_nothing() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        for (body, field) in [
            (json!({ "about": { "club": "a\nb" } }), "club"),
            (json!({ "about": { "town": "x".repeat(81) } }), "town"),
            (json!({ "about": { "tags": "football" } }), "tags"),
            (json!({ "about": { "tags": ["x".repeat(41)] } }), "tags"),
            (json!({ "about": { "note": "x".repeat(501) } }), "note"),
            (json!({ "about": { "colour": "red" } }), "colour"),
            (json!({ "name": "" }), "name"),
            (json!({ "zone": "Mars/Olympus" }), "zone"),
            (json!({ "id": "other" }), "id"),
        ] {
            let answer = patch(&stage, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert!(answer.json()["detail"].as_str().unwrap().contains(field), "{body}: {}", answer.text);
        }
        assert_eq!(stage.store.site(&metz).await.unwrap().unwrap().created_ms, NOW - 86_400_000);
        assert_eq!(stage.store.site(&metz).await.unwrap().unwrap().about, vigie_shared::about::About::default());
        let nowhere = stage.request(Method::PATCH, "/api/v1/sites/nowhere").json(&json!({})).role(Role::Owner);
        assert_eq!(nowhere.send().await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn sites_are_found_by_their_tags() {
        let stage = Stage::new().await;
        for (id, tags) in [("a1", json!(["futsal"])), ("b2", json!(["Hall", "futsal"])), ("c3", json!([]))] {
            let body = json!({ "id": id, "about": { "tags": tags, "club": id } });
            assert_eq!(
                stage.post("/api/v1/sites").json(&body).role(Role::Owner).send().await.status,
                StatusCode::CREATED
            );
        }
        let found = async |tag: &str| {
            let page = stage.get(&format!("/api/v1/sites?tag={tag}")).role(Role::Viewer).send().await.json();
            let ids = page["items"].as_array().unwrap().iter().map(|site| site["about"]["club"].to_string());
            ids.collect::<Vec<_>>().join(",")
        };
        assert_eq!(found("futsal").await, "\"a1\",\"b2\"");
        assert_eq!(found("hall").await, "\"b2\"", "upper and lower case alike");
        assert_eq!(found("swimming").await, "");
    }
}
