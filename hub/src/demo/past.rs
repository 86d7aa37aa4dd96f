//! What happened before the demo was begun and cannot be entered today: a release, and how far its rollout came.

use anyhow::Context as _;
use vigie_shared::id::{RolloutId, SiteId};
use vigie_shared::package::Manifest;
use vigie_shared::wire::command::When;

use super::chance::Chance;
use super::life::World;
use super::life::screens::{PLAYER, PLAYER_NEW, PLAYER_OLD, UPDATED};
use super::places::{PLACES, Place};
use crate::rollout::{Member, MemberState, Pause, Plan, Progress, Rollout, Share, Stage};
use crate::store::Store;
use crate::store::releases::Release;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// The box on which the release did not start.
const FAILED: &str = "toulouse";

/// Writes it down.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn tell(store: &dyn Store, world: &World) -> anyhow::Result<()> {
    for (version, hours) in [(PLAYER_OLD, 60 * 24), (PLAYER_NEW, 50)] {
        let content = format!("{PLAYER} {version} of the demo: no program is in it");
        let manifest = Manifest::unsigned(PLAYER, version, "any", content.as_bytes());
        let added_ms = world.until_ms - hours * HOUR_MS;
        store.put_release(&Release { manifest, added_ms }).await.context("add a release of the demo")?;
    }
    store.add_rollout(&rollout(world)?).await.context("add the rollout of the demo")
}

/// Three boxes have it, one failed, so it stands still and somebody must decide.
fn rollout(world: &World) -> anyhow::Result<Rollout> {
    let created_ms = world.until_ms - 46 * HOUR_MS;
    let plan = Plan {
        id: RolloutId(Chance::of(world.seed, PLAYER, 0).bytes()),
        software: PLAYER.to_owned(),
        version: PLAYER_NEW.to_owned(),
        batch_max: Some(2),
        soak_ms: 12 * HOUR_MS,
        failures_max: Share::Boxes(1),
        when: When::default(),
        unless_present: false,
        note: "Lecture plus fluide des vidéos longues".to_owned(),
        account: "admin".to_owned(),
        created_ms,
    };
    let with_screens: Vec<&Place> = PLACES.iter().filter(|place| place.has_screens).collect();
    let mut members = std::collections::BTreeMap::new();
    for place in with_screens {
        let site: SiteId = place.id.parse().context("name a site of the demo")?;
        members.insert(site, member(place, created_ms));
    }
    let at_ms = created_ms + 20 * HOUR_MS;
    let reason = "1 box failed: toulouse has no room for the package".to_owned();
    let pause = Some(Pause { at_ms, account: None, reason });
    let progress = Progress { stage: Stage::Rest, since_ms: created_ms + 14 * HOUR_MS, pause, forgiven: 0 };
    Ok(Rollout { plan, progress, members })
}

fn member(place: &Place, created_ms: i64) -> Member {
    let is_canary = UPDATED.first() == Some(&place.id);
    let (state, attempt, detail, hours) = match place.id {
        id if UPDATED.contains(&id) => (MemberState::Done, 1, "2.5.0 runs", if is_canary { 1 } else { 16 }),
        FAILED => (MemberState::Failed, 1, "310 MB are free, the package needs 420 MB; nothing was changed", 20),
        _ => (MemberState::Waiting, 0, "", 0),
    };
    Member { is_canary, state, attempt, detail: detail.to_owned(), changed_ms: created_ms + hours * HOUR_MS }
}
