//! `/api/v1/devices`: what was seen, by site and name. Names are pseudonyms unless the owner declares otherwise.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, after_device, cut, device};
use super::guard::Viewer;
use super::input::{Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::views::{DeviceView, Page};

/// Which devices.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this site.
    site: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Lists devices, by site and name.
#[utoipa::path(
    get, path = "/api/v1/devices", operation_id = "devices_list",
    tag = "devices", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of devices", body = Page<DeviceView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<DeviceView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let site = query.site.as_deref().map(site_id).transpose()?;
    let after = query.after.as_deref().map(device).transpose()?;
    let mut devices = admin.store.devices(site.as_ref(), after, rows + 1).await?;
    let has_more = cut(&mut devices, rows);
    let next = devices.last().filter(|_| has_more).map(|last| after_device(&last.site, &last.id));
    Ok(Json(Page { items: devices.iter().map(DeviceView::from).collect(), next }))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::{Stage, device};
    use crate::store::accounts::Role;
    use crate::store::projections::{Derived, Step};

    #[tokio::test]
    async fn every_device_is_on_exactly_one_page() {
        let stage = Stage::new().await;
        let (brest, metz) = (stage.add_site("brest", "Brest").await, stage.add_site("metz", "Metz").await);
        let devices = [(&brest, "aa"), (&brest, "bb"), (&metz, "aa"), (&metz, "cc"), (&metz, "dd")];
        let devices = devices.map(|(site, id)| Derived { value: device(site, id), undated: None });
        stage.store.apply(Step { devices: devices.to_vec(), ..Step::default() }).await.unwrap();

        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = stage.get(&format!("/api/v1/devices?limit=2{after}")).role(Role::Viewer).send().await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| format!("{}{}", one["site"], one["id"])));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }

        let count = seen.len();
        seen.dedup();
        assert_eq!((count, seen.len()), (5, 5));
    }

    #[tokio::test]
    async fn a_device_is_shown_by_its_pseudonym() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_history(&metz).await;
        let list = stage.get("/api/v1/devices?site=metz").role(Role::Viewer).send().await;
        insta::assert_json_snapshot!(list.json());
    }

    #[tokio::test]
    async fn a_foreign_cursor_is_refused() {
        let stage = Stage::new().await;
        for after in ["x", "AAAA", "%00", "bWV0eg"] {
            let answer = stage.get(&format!("/api/v1/devices?after={after}")).role(Role::Viewer).send().await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
        }
    }
}
