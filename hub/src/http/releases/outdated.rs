//! `/api/v1/releases/outdated`: which boxes lack the newest release of what they run.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::Admin;
use crate::http::guard::Viewer;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::releases::{behind, is_newer};
use crate::store::releases::Release;

/// What is behind, by software.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct Outdated {
    /// Software that has releases and is installed somewhere.
    items: Vec<OutdatedSoftware>,
}

/// One software.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct OutdatedSoftware {
    /// Its name.
    software: String,
    /// The newest version that there is.
    newest: String,
    /// How many boxes have it, in any version.
    boxes: usize,
    /// Those that lack the newest release for their processor, by site.
    behind: Vec<OutdatedBox>,
}

/// A box that lacks a release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct OutdatedBox {
    /// Its site.
    site: String,
    /// What it runs; none if it cannot tell.
    version: Option<String>,
    /// The newest for its processor.
    newest: String,
    /// Since when there is one that it lacks.
    since: Time,
    /// The version that it is pinned to, if it is.
    pinned: Option<String>,
}

/// Lists the boxes that lack the newest release of what they run.
#[utoipa::path(
    get, path = "/api/v1/releases/outdated", operation_id = "releases_outdated",
    tag = "releases", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "What is behind, by software", body = Outdated), Refused)
)]
pub(in crate::http) async fn outdated(_: Viewer, State(admin): State<Admin>) -> Result<Json<Outdated>, Problem> {
    let (releases, pins) = (admin.store.releases().await?, admin.store.pins(None).await?);
    let revoked = admin.store.sites().await?.into_iter().filter(|site| site.revoked_ms.is_some());
    let revoked: Vec<_> = revoked.map(|site| site.id).collect();
    let mut items: BTreeMap<String, OutdatedSoftware> = BTreeMap::new();
    for installed in admin.store.installed(None).await? {
        let Some(newest) = newest_of_all(&releases, &installed.software) else { continue };
        if revoked.contains(&installed.site) {
            continue;
        }
        let item = items.entry(installed.software.clone()).or_insert_with(|| OutdatedSoftware {
            software: installed.software.clone(),
            newest: newest.manifest.version.clone(),
            boxes: 0,
            behind: Vec::new(),
        });
        item.boxes += 1;
        let Some((newest, since_ms)) = behind(&releases, &installed) else { continue };
        let pin = pins.iter().find(|pin| pin.site == installed.site && pin.software == installed.software);
        item.behind.push(OutdatedBox {
            site: installed.site.to_string(),
            newest: newest.manifest.version.clone(),
            since: Time(since_ms),
            pinned: pin.map(|pin| pin.version.clone()),
            version: installed.version,
        });
    }
    Ok(Json(Outdated { items: items.into_values().collect() }))
}

fn newest_of_all<'a>(releases: &'a [Release], software: &str) -> Option<&'a Release> {
    let meant = releases.iter().filter(|release| release.manifest.name == software);
    meant.reduce(|best, next| if is_newer(next, best) { next } else { best })
}
