//! Rollouts in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{RolloutId, SiteId};

use super::{Memory, State};
use crate::rollout::{Member, MemberState, Progress, Rollout};
use crate::store::StoreError;
use crate::store::rollouts::{Rollouts, Summary};

pub(super) type RolloutTable = BTreeMap<RolloutId, Rollout>;

impl State {
    /// Fails if another rollout of the software is open.
    fn ensure_only(&self, id: RolloutId, software: &str) -> Result<(), StoreError> {
        let is_other =
            |other: &Rollout| other.plan.id != id && other.plan.software == software && other.progress.stage.is_open();
        match self.rollouts.values().any(is_other) {
            true => Err(StoreError::Conflict(format!("an open rollout of {software}"))),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Rollouts for Memory {
    async fn add_rollout(&self, rollout: &Rollout) -> Result<(), StoreError> {
        self.write(|state| {
            if rollout.progress.stage.is_open() {
                state.ensure_only(rollout.plan.id, &rollout.plan.software)?;
            }
            state.rollouts.insert(rollout.plan.id, rollout.clone());
            Ok(())
        })
    }

    async fn rollout(&self, id: RolloutId) -> Result<Option<Rollout>, StoreError> {
        Ok(self.read(|state| state.rollouts.get(&id).cloned()))
    }

    async fn rollouts(&self, after: Option<(i64, RolloutId)>, limit: usize) -> Result<Vec<Summary>, StoreError> {
        let key = |rollout: &Rollout| (rollout.plan.created_ms, rollout.plan.id);
        let is_asked = |rollout: &&Rollout| after.is_none_or(|after| key(rollout) < after);
        let mut found: Vec<Rollout> = self.read(|state| state.rollouts.values().filter(is_asked).cloned().collect());
        found.sort_by_key(|rollout| std::cmp::Reverse(key(rollout)));
        found.truncate(limit);
        let summary = |rollout: Rollout| {
            let tally = rollout.tally();
            Summary { plan: rollout.plan, progress: rollout.progress, tally }
        };
        Ok(found.into_iter().map(summary).collect())
    }

    async fn live_rollouts(&self) -> Result<Vec<Rollout>, StoreError> {
        let is_live = |rollout: &&Rollout| {
            let has_given = rollout.members.values().any(|member| member.state == MemberState::Given);
            rollout.progress.stage.is_open() || has_given
        };
        let mut live: Vec<Rollout> = self.read(|state| state.rollouts.values().filter(is_live).cloned().collect());
        live.sort_by_key(|rollout| (rollout.plan.created_ms, rollout.plan.id));
        Ok(live)
    }

    async fn save_rollout(
        &self,
        id: RolloutId,
        progress: &Progress,
        changed: &BTreeMap<SiteId, Member>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let Some(software) = state.rollouts.get(&id).map(|known| known.plan.software.clone()) else {
                return Ok(());
            };
            if progress.stage.is_open() {
                state.ensure_only(id, &software)?;
            }
            if let Some(known) = state.rollouts.get_mut(&id) {
                known.progress = progress.clone();
                known.members.extend(changed.clone());
            }
            Ok(())
        })
    }
}
