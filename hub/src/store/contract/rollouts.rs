//! Laws of rollouts: kept whole, one open one per software, and found as long as something can happen.

use vigie_shared::id::RolloutId;
use vigie_shared::wire::command::When;

use super::*;
use crate::rollout::{MemberState, Plan, Rollout, Share, Stage};
use crate::store::{Rollouts as _, StoreError};

fn rollout(id: u8, software: &str, created_ms: i64) -> Rollout {
    let plan = Plan {
        id: RolloutId([id; 16]),
        software: software.to_owned(),
        version: "2.0.0".to_owned(),
        batch_max: Some(3),
        soak_ms: 60_000,
        failures_max: Share::Percent(10),
        when: When::PreferredHour,
        unless_present: true,
        note: "why".to_owned(),
        account: "anna".to_owned(),
        created_ms,
    };
    Rollout::new(plan, [(site("a"), true), (site("b"), false), (site("c"), false)])
}

async fn save(store: &impl Store, rollout: &Rollout) -> Result<(), StoreError> {
    store.save_rollout(rollout.plan.id, &rollout.progress, &rollout.members).await
}

pub(super) async fn a_rollout_is_kept_with_its_boxes(subject: &impl Subject) {
    let store = subject.open();
    let mut one = rollout(1, "player", 10);
    store.add_rollout(&one).await.unwrap();
    one.pause("anna", "a match".to_owned(), 20).unwrap();
    let changed = one.members.get_mut(&site("b")).unwrap();
    (changed.state, changed.attempt, changed.detail) = (MemberState::Failed, 2, "no".to_owned());
    let only = one.members.iter().filter(|(id, _)| **id == site("b")).map(|(id, member)| (id.clone(), member.clone()));
    store.save_rollout(one.plan.id, &one.progress, &only.collect()).await.unwrap();

    let store = subject.reopen(store).await;
    assert_eq!(store.rollout(one.plan.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.rollout(RolloutId([9; 16])).await.unwrap(), None);
    for (id, at_ms) in [(2, 10), (3, 5)] {
        store.add_rollout(&rollout(id, &format!("s{id}"), at_ms)).await.unwrap();
    }
    let page = store.rollouts(None, 2).await.unwrap();
    let ids = |page: &[crate::store::rollouts::Summary]| page.iter().map(|one| one.plan.id.0[0]).collect::<Vec<_>>();
    assert_eq!(ids(&page), [2, 1]);
    assert_eq!((&page[1].progress, &page[1].tally), (&one.progress, &one.tally()));
    assert_eq!(ids(&store.rollouts(Some((10, RolloutId([1; 16]))), 2).await.unwrap()), [3]);
}

pub(super) async fn one_software_has_one_open_rollout(subject: &impl Subject) {
    let store = subject.open();
    let mut first = rollout(1, "player", 10);
    store.add_rollout(&first).await.unwrap();
    assert!(matches!(store.add_rollout(&rollout(2, "player", 20)).await, Err(StoreError::Conflict(_))));
    store.add_rollout(&rollout(3, "radio", 20)).await.unwrap();

    first.progress.stage = Stage::Done;
    save(&store, &first).await.unwrap();
    let mut second = rollout(2, "player", 20);
    store.add_rollout(&second).await.unwrap();
    first.progress.stage = Stage::Rest;
    assert!(matches!(save(&store, &first).await, Err(StoreError::Conflict(_))), "it cannot open again meanwhile");
    second.cancel("anna", 30).unwrap();
    save(&store, &second).await.unwrap();
    save(&store, &first).await.unwrap();
}

pub(super) async fn what_can_still_happen_is_live(subject: &impl Subject) {
    let store = subject.open();
    let mut one = rollout(1, "player", 10);
    store.add_rollout(&rollout(2, "radio", 5)).await.unwrap();
    store.add_rollout(&one).await.unwrap();
    assert_eq!(store.live_rollouts().await.unwrap(), [rollout(2, "radio", 5), one.clone()]);
    one.cancel("anna", 20).unwrap();
    one.members.get_mut(&site("a")).unwrap().state = MemberState::Given;
    save(&store, &one).await.unwrap();
    assert_eq!(store.live_rollouts().await.unwrap().len(), 2, "a box still has a command");
    one.members.get_mut(&site("a")).unwrap().state = MemberState::Done;
    save(&store, &one).await.unwrap();
    assert_eq!(store.live_rollouts().await.unwrap().len(), 1);
}
