//! Beginning a rollout: what was asked is checked, the boxes and the canary group are chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::{RolloutId, SiteId};
use vigie_shared::release::AGENT;
use vigie_shared::units;
use vigie_shared::wire::command::When;

use super::view::RolloutView;
use super::{NOTE_LENGTH_MAX, problem};
use crate::http::Admin;
use crate::http::input::{line, site_id};
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::releases::name_of;
use crate::rollout::{Candidate, Plan, Share, canaries};

/// Longest soaking.
const SOAK_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A rollout to begin.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewRollout {
    /// Which software: `agent`, or the name of its releases.
    software: String,
    /// The version that boxes shall run; there must be a release of it.
    version: String,
    /// To these sites; to all that have the software if not given.
    sites: Option<Vec<String>>,
    /// How many boxes are first, as `2` or `10%`; `1` if not given, `0` for none.
    #[schema(value_type = Option<String>, example = "10%")]
    canary: Option<Share>,
    /// These boxes are first, instead of a number.
    canary_sites: Option<Vec<String>>,
    /// At most so many boxes at once; as many as the hub allows if not given.
    batch: Option<u32>,
    /// How long the canary group must have run it before the rest gets it, with its unit; `1h` if not given.
    #[schema(value_type = Option<String>, example = "1h")]
    soak: Option<Soak>,
    /// So many failures pause it, as `3` or `10%`: of the canary group first, then of all; `1` if not given.
    #[schema(value_type = Option<String>, example = "10%")]
    pause_on: Option<Share>,
    /// `now`, or at each box's `preferred_hour`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    when: When,
    /// Boxes wait while people are present, as far as they know.
    #[serde(default)]
    unless_present: bool,
    /// Why, for people.
    note: Option<String>,
}

/// How long to soak.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Soak(#[serde(with = "units::duration")] Duration);

impl Default for Soak {
    fn default() -> Self {
        Self(Duration::from_secs(60 * 60))
    }
}

/// Checks what was asked and begins it.
pub(super) async fn begin(admin: &Admin, caller: &Caller, new: &NewRollout) -> Result<RolloutView, Problem> {
    let plan = plan(admin, caller, new)?;
    let releases = admin.store.releases().await?;
    let is_meant = |name: &str, version: &str| name == plan.software && version == plan.version;
    if !releases.iter().any(|one| is_meant(&one.manifest.name, &one.manifest.version)) {
        let detail = format!(
            "there is no release {} of {}; add one with `vigie-hub release add`, `release list` shows what there is",
            plan.version, plan.software
        );
        return Err(Problem::new(StatusCode::NOT_FOUND, "release_unknown", "There is no such release", detail));
    }
    let targets = targets(admin, &plan.software, new.sites.as_deref()).await?;
    let first = first(admin, &plan, new, &targets).await?;
    let sites: BTreeMap<SiteId, bool> = targets.into_iter().map(|site| (site.clone(), first.contains(&site))).collect();
    let rollout = admin.rollouts.start(plan, sites).await.map_err(|error| problem(error, ""))?;
    Ok(RolloutView::from(rollout))
}

fn plan(admin: &Admin, caller: &Caller, new: &NewRollout) -> Result<Plan, Problem> {
    let soak = new.soak.unwrap_or_default().0;
    if soak > SOAK_MAX {
        return Err(Problem::invalid("soak", "use at most 30 days, for example `1h`"));
    }
    if new.batch == Some(0) {
        return Err(Problem::invalid("batch", "use at least 1"));
    }
    Ok(Plan {
        id: RolloutId::random(),
        software: name_of(&new.software).to_owned(),
        version: new.version.clone(),
        batch_max: new.batch,
        soak_ms: i64::try_from(soak.as_millis()).unwrap_or(i64::MAX),
        failures_max: new.pause_on.unwrap_or(Share::Boxes(1)),
        when: new.when,
        unless_present: new.unless_present,
        note: new.note.as_deref().map(|note| line("note", note, NOTE_LENGTH_MAX)).transpose()?.unwrap_or_default(),
        account: caller.account.clone(),
        created_ms: admin.clock.wall_ms(),
    })
}

/// The boxes that shall get it: those that are named, or all that told that they have the software; every box has an
/// agent.
async fn targets(admin: &Admin, software: &str, named: Option<&[String]>) -> Result<BTreeSet<SiteId>, Problem> {
    let known = admin.store.sites().await?;
    if let Some(named) = named {
        return checked("sites", named, |site| known.iter().any(|known| known.id == *site));
    }
    let active = known.into_iter().filter(|site| site.revoked_ms.is_none()).map(|site| site.id);
    let installed = admin.store.installed(Some(software)).await?;
    let has_it = |site: &SiteId| software == AGENT || installed.iter().any(|row| row.site == *site);
    let targets: BTreeSet<SiteId> = active.filter(has_it).collect();
    if targets.is_empty() {
        let detail = format!("no box has told that it has {software}; its owner declares it there, or name `sites`");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_boxes", "There is no box for it", detail));
    }
    Ok(targets)
}

fn checked(field: &str, named: &[String], is_known: impl Fn(&SiteId) -> bool) -> Result<BTreeSet<SiteId>, Problem> {
    if named.is_empty() {
        return Err(Problem::invalid(field, "name at least one site"));
    }
    let mut sites = BTreeSet::new();
    for text in named {
        let site = site_id(text)?;
        if !is_known(&site) {
            return Err(Problem::unknown("site", text));
        }
        sites.insert(site);
    }
    Ok(sites)
}

/// The canary group.
async fn first(
    admin: &Admin,
    plan: &Plan,
    new: &NewRollout,
    targets: &BTreeSet<SiteId>,
) -> Result<BTreeSet<SiteId>, Problem> {
    if let Some(named) = &new.canary_sites {
        if new.canary.is_some() {
            return Err(Problem::invalid("canary", "name the first boxes by `canary_sites`, or a number, not both"));
        }
        return checked("canary_sites", named, |site| targets.contains(site));
    }
    let (installed, pins) = (admin.store.installed(Some(&plan.software)).await?, admin.store.pins(None).await?);
    let candidate = |site: &SiteId| {
        let is_here = admin.fleet.site(site).connection.is_some();
        let is_pinned = pins.iter().any(|pin| pin.site == *site && pin.software == plan.software);
        let runs_it =
            installed.iter().any(|row| row.site == *site && row.version.as_deref() == Some(plan.version.as_str()));
        Candidate { site: site.clone(), is_fit: is_here && !is_pinned && !runs_it }
    };
    let candidates: Vec<Candidate> = targets.iter().map(candidate).collect();
    Ok(canaries(plan.id, &candidates, new.canary.unwrap_or(Share::Boxes(1))))
}
