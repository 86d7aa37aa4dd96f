//! `/api/v1/sites/{id}`: one site with its metrics history, completeness, gaps, coverage and diary.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::SiteId;

use super::Admin;
use super::guard::Viewer;
use super::hours::{self, Hours};
use super::input::{Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::{CompletenessView, CoverageView, EntryView, GapView, SampleView, SiteView};
use crate::fleet::completeness::{Deliveries, Line};
use crate::store::facts::Gap;
use crate::store::sites::Site;

/// What is shown if the request names no beginning.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Samples of a page if the request does not say: one day at one every five minutes, twice.
const SAMPLES: usize = 600;
/// Samples of the longest page.
const SAMPLES_MAX: usize = 5000;
/// Coverage intervals shown.
const SPANS_MAX: usize = 1000;
/// Diary entries shown.
const ENTRIES: usize = 20;

/// Which part of a site's history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// From, included; one day before `to` if not given.
    from: Option<Time>,
    /// To, excluded; now if not given.
    to: Option<Time>,
    /// How many samples or hours, 1 to 5000; 600 if not given.
    #[param(minimum = 1, maximum = 5000)]
    limit: Option<usize>,
    /// How fine the pulse is shown; `raw` if not given.
    #[serde(default)]
    #[param(inline, required = false)]
    resolution: Resolution,
}

/// How fine a site's pulse is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Resolution {
    /// In `metrics`, as it was taken: for as long as the hub keeps samples, 30 days unless configured.
    #[default]
    Raw,
    /// In `hours`, by whole hours: for 13 months unless configured.
    Hour,
}

/// One site with its history.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct SiteDetailView {
    /// The site and its box now.
    site: SiteView,
    /// How far each lane is complete.
    completeness: Vec<CompletenessView>,
    /// What will never arrive, oldest first.
    gaps: Vec<GapView>,
    /// When the networks were watched, and when not.
    coverage: Vec<CoverageView>,
    /// The pulse as it was taken, oldest first; missing if hours were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Samples>,
    /// The pulse by the hour, oldest first; missing unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<Hours>,
    /// What happened, newest first.
    diary: Vec<EntryView>,
}

/// A page of samples.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Samples {
    items: Vec<SampleView>,
    /// Where the next page begins: pass it as `from`. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Time>,
}

/// Shows one site.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}", operation_id = "site_show",
    tag = "sites", params(("id" = String, Path, description = "The site"), Query),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The site", body = SiteDetailView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Json<SiteDetailView>, Problem> {
    let now_ms = admin.clock.wall_ms();
    let rows = limit(query.limit, SAMPLES, SAMPLES_MAX)?;
    let to_ms = query.to.map_or(now_ms.saturating_add(1), |to| to.0);
    let from_ms = query.from.map_or(to_ms.saturating_sub(DAY_MS), |from| from.0);
    if from_ms >= to_ms {
        return Err(Problem::invalid("from", "the beginning must lie before `to`"));
    }
    let (site, gaps, lines) = known(&admin, &id).await?;
    let coverage = admin.store.coverage(&site.id, from_ms, to_ms, SPANS_MAX).await?;
    let span = (from_ms, to_ms);
    let (metrics, hours) = match query.resolution {
        Resolution::Raw => (Some(samples(&admin, &site.id, span, rows).await?), None),
        Resolution::Hour => (None, Some(hours::page(&*admin.store, &site.id, span, rows).await?)),
    };
    let diary = admin.store.entries(Some(&site.id), ENTRIES).await?;
    Ok(Json(SiteDetailView {
        site: SiteView::new(&site, &admin.fleet.site(&site.id), admin.hearing()),
        completeness: lines.iter().map(CompletenessView::from).collect(),
        gaps: gaps.iter().map(GapView::from).collect(),
        coverage: coverage.iter().map(CoverageView::from).collect(),
        metrics,
        hours,
        diary: diary.iter().map(EntryView::from).collect(),
    }))
}

async fn samples(admin: &Admin, site: &SiteId, (from_ms, to_ms): (i64, i64), rows: usize) -> Result<Samples, Problem> {
    let mut samples = admin.store.metrics(site, from_ms, to_ms, rows + 1).await?;
    let next = samples.get(rows).map(|sample| Time(sample.at_ms));
    samples.truncate(rows);
    Ok(Samples { items: samples.iter().map(SampleView::from).collect(), next })
}

/// A site with its gaps and completeness lines.
pub(super) async fn known(admin: &Admin, id: &str) -> Result<(Site, Vec<Gap>, Vec<Line>), Problem> {
    let id = site_id(id)?;
    let site = admin.store.site(&id).await?.ok_or_else(|| Problem::unknown("site", id.as_str()))?;
    let gaps = admin.store.gaps(&id).await?;
    let deliveries = deliveries(admin).await?;
    let lines = deliveries.lines(&id, &gaps, admin.fleet.site(&id).heartbeat.as_ref());
    Ok((site, gaps, lines))
}

/// What is known about the deliveries of all sites.
pub(super) async fn deliveries(admin: &Admin) -> Result<Deliveries, Problem> {
    Ok(crate::store::deliveries(&*admin.store).await?)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::{Stage, live};
    use crate::store::accounts::Role;
    use crate::store::projections::{Derived, Step};

    #[tokio::test]
    async fn a_site_shows_its_history_and_what_is_missing() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_history(&metz).await;
        stage.fleet.tell(&metz, live());

        let detail = stage.get("/api/v1/sites/metz?limit=2").role(Role::Viewer).send().await;

        insta::assert_json_snapshot!(detail.json());
    }

    #[tokio::test]
    async fn the_history_is_cut_where_it_was_asked_to_be() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_history(&metz).await;
        let show = async |query: &str| {
            let detail = stage.get(&format!("/api/v1/sites/metz?{query}")).role(Role::Viewer).send().await.json();
            detail["metrics"]["items"].as_array().unwrap().len()
        };
        assert_eq!(show("from=2026-11-20T13:58:00Z").await, 2);
        assert_eq!(show("from=2026-11-20T13:00:00Z&to=2026-11-20T13:58:00Z").await, 1);
        assert_eq!(show("to=2026-11-19T00:00:00Z").await, 0);
    }

    #[tokio::test]
    async fn hours_outlast_samples_and_hold_those_that_are_left() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_history(&metz).await;
        let settled = stage.store.metrics(&metz, 0, i64::MAX, 1).await.unwrap().remove(0);
        let rest = Step {
            metrics: vec![Derived { value: (metz.clone(), settled), undated: None }],
            cursors: vec![Derived { value: stage.store.cursors().await.unwrap().remove(0), undated: None }],
            ..Step::default()
        };
        stage.store.settle(rest).await.unwrap();

        let show = async |query: &str| {
            let path = format!("/api/v1/sites/metz?resolution=hour&{query}");
            stage.get(&path).role(Role::Viewer).send().await.json()
        };
        let whole = show("from=2025-12-01T00:00:00Z").await;
        assert!(whole.get("metrics").is_none());
        insta::assert_json_snapshot!(whole["hours"]);
        let first = show("from=2025-12-01T00:00:00Z&limit=1").await;
        let rest = show(&format!("from={}", first["hours"]["next"].as_str().unwrap())).await;
        assert_eq!(first["hours"]["items"][0], whole["hours"]["items"][0]);
        assert_eq!(rest["hours"]["items"][0], whole["hours"]["items"][1]);
    }

    #[tokio::test]
    async fn bad_questions_are_refused_with_their_reason() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz").await;
        for query in [
            "from=yesterday",
            "limit=0",
            "limit=99999",
            "limit=-1",
            "colour=red",
            "resolution=day",
            "from=2027-01-01T00:00:00Z",
        ] {
            let answer = stage.get(&format!("/api/v1/sites/metz?{query}")).role(Role::Viewer).send().await;
            assert!(answer.status.is_client_error(), "{query}");
            assert_eq!(answer.code(), "invalid", "{query}");
        }
        let unknown = stage.get("/api/v1/sites/brest").role(Role::Viewer).send().await;
        assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::NOT_FOUND, "site_unknown"));
    }
}
