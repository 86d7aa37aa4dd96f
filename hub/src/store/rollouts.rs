//! Rollouts: stored before their commands are given, and kept.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{RolloutId, SiteId};

use crate::rollout::{Member, Plan, Progress, Rollout, Tally};
use crate::store::StoreError;

/// A rollout without its boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What somebody wants.
    pub plan: Plan,
    /// How far it is.
    pub progress: Progress,
    /// How many boxes are in each state.
    pub tally: Tally,
}

/// The rollouts' part of the store.
#[async_trait]
pub trait Rollouts {
    /// Adds a rollout.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if its software has an open one, [`StoreError::Failed`].
    async fn add_rollout(&self, rollout: &Rollout) -> Result<(), StoreError>;

    /// One rollout.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn rollout(&self, id: RolloutId) -> Result<Option<Rollout>, StoreError>;

    /// Rollouts, newest first, at most `limit`, after the one with that moment and name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn rollouts(&self, after: Option<(i64, RolloutId)>, limit: usize) -> Result<Vec<Summary>, StoreError>;

    /// Those that something can still happen in by itself: open, or with boxes that have a command; oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn live_rollouts(&self) -> Result<Vec<Rollout>, StoreError>;

    /// Keeps how far a rollout is, and the boxes that changed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it opens again and its software has another open one, [`StoreError::Failed`].
    async fn save_rollout(
        &self,
        id: RolloutId,
        progress: &Progress,
        changed: &BTreeMap<SiteId, Member>,
    ) -> Result<(), StoreError>;
}
