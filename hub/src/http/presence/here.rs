//! `/api/v1/presence/now` and `/spaceapi.json`: how many are here, and the names of those who agreed.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Admin;
use crate::http::guard::Viewer;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::presence::driver::{HereNow, Visitor};
use crate::presence::headcount::Crowd;
use crate::presence::online::Standing;
use crate::presence::spaceapi;
use crate::store::accounts::Role;

/// Who is here.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct NowView {
    /// When this was so.
    at: Time,
    /// How many people are here. Operators, who may see everybody's days, always get the number; for others it is null
    /// while that is so few that it would say who.
    people: Option<u32>,
    /// How many of them are in a web application and not at a site; null like `people`.
    in_application: Option<u32>,
    /// Devices that nobody registered; null while they are few, for everybody.
    passing_devices: Option<u32>,
    /// Those who are here and agreed to be named.
    names: Vec<NameView>,
    /// Sites at which nobody can say who is there.
    unseen: Vec<UnseenView>,
}

/// Somebody who agreed to be named.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct NameView {
    /// The person's name.
    name: String,
    /// At which site; null in an application.
    site: Option<String>,
    /// Since when.
    since: Time,
    /// When the person was seen last.
    seen: Time,
}

/// A site whose observers cannot see.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct UnseenView {
    /// The site.
    site: String,
    /// Since when; null if they never could.
    since: Option<Time>,
}

/// Who is here at this moment: counts, from five upwards for viewers, and names only of people who agreed.
#[utoipa::path(
    get, path = "/api/v1/presence/now", operation_id = "presence_now",
    tag = "presence", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Who is here", body = NowView), Refused)
)]
pub(in crate::http) async fn now(Viewer(caller): Viewer, State(admin): State<Admin>) -> Result<Json<NowView>, Problem> {
    Ok(Json(NowView::of(&*admin.presences.here_lately().await?, caller.role)))
}

/// The space's document for programs, version 15 of the `SpaceAPI`, if the owner described the space (`presence.space`).
#[utoipa::path(
    get, path = "/spaceapi.json", operation_id = "spaceapi_show",
    tag = "presence", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "The document", content_type = "application/json"), Refused)
)]
pub(in crate::http) async fn space(State(admin): State<Admin>) -> Result<impl IntoResponse, Problem> {
    let Some(space) = admin.presences.config().space.clone() else {
        let detail = "this hub has no public page of a space; its owner describes one as `presence.space` in hub.toml";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no_space", "There is no space", detail));
    };
    let here = admin.presences.here_lately().await?;
    let visitors: Vec<spaceapi::Visitor<'_>> = here.people.iter().map(visitor).collect();
    // Pages of other sites read it in people's browsers: the format asks for that.
    Ok(([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(spaceapi::document(space, &visitors))))
}

fn visitor(visitor: &Visitor) -> spaceapi::Visitor<'_> {
    let name = visitor.shows_name.then_some(visitor.name.as_str());
    spaceapi::Visitor { standing: &visitor.standing, name }
}

impl NowView {
    fn of(here: &HereNow, reader: Role) -> Self {
        let told = |count| Crowd::told_to(count, reader >= Role::Operator);
        let present = here.people.iter().filter(|visitor| visitor.standing.is_here());
        let in_application =
            present.clone().filter(|visitor| matches!(visitor.standing, Standing::Here { site: None, .. }));
        let since = |since_ms: &Option<i64>| since_ms.map(Time);
        Self {
            at: Time(here.at_ms),
            people: told(present.clone().count()),
            in_application: told(in_application.count()),
            passing_devices: here.passing.told(),
            names: present.filter(|visitor| visitor.shows_name).filter_map(NameView::of).collect(),
            unseen: here
                .blind
                .iter()
                .map(|(site, since_ms)| UnseenView { site: site.to_string(), since: since(since_ms) })
                .collect(),
        }
    }
}

impl NameView {
    fn of(visitor: &Visitor) -> Option<Self> {
        let Standing::Here { site, since_ms, seen_ms } = &visitor.standing else { return None };
        let (name, site) = (visitor.name.clone(), site.as_ref().map(ToString::to_string));
        Some(Self { name, site, since: Time(*since_ms), seen: Time(*seen_ms) })
    }
}
