//! Drives rollouts: looks when a command ended or time passed, stores how far each is, then gives what is due.
//!
//! What is decided is stored before a command is given. Whoever starts again finds a box that has been given a command
//! which is not stored, and gives it under the same name; so nothing is given twice, and nothing is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::{RolloutId, SiteId};

use super::orders::{Software, order};
use super::step::Act;
use super::{Around, Known, Member, MemberState, Ordered, Plan, Refusal, Rollout, command_id};
use crate::dispatch::disruptive_max;
use crate::dispatch::driver::Dispatch;
use crate::releases::package;
use crate::store::commands::{CommandState, Move, StoredCommand};
use crate::store::releases::Release;
use crate::store::{Store, StoreError};

/// How often it looks though nothing was heard: boxes that come back, soaking.
const LOOK: Duration = Duration::from_secs(5);

/// News are gathered for so long before it looks.
const GATHER: Duration = Duration::from_millis(250);

/// Port: which boxes can hear at this moment.
pub trait Presence: Send + Sync + 'static {
    /// The sites whose boxes are connected.
    fn connected(&self) -> BTreeSet<SiteId>;
}

/// Why a rollout did not begin or change.
#[derive(Debug, thiserror::Error)]
pub enum RolloutError {
    /// There is none of that name.
    #[error("there is no such rollout; `vigie-hub rollout list` shows all")]
    Unknown,
    /// Its state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its software has another open one.
    #[error("another rollout of {0} is open: cancel it, or wait until it is done")]
    Busy(String),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RolloutError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Busy(what.trim_start_matches("an open rollout of ").to_owned()),
            failed @ StoreError::Failed(_) => Self::Store(failed),
        }
    }
}

/// Everything that moves rollouts on, one at a time. Clones share it.
#[derive(Clone)]
pub struct Rollouts(Arc<Parts>);

struct Parts {
    store: Arc<dyn Store>,
    presence: Arc<dyn Presence>,
    dispatch: Dispatch,
    clock: Arc<dyn Clock>,
    /// Whoever changes a rollout has it.
    turn: Mutex<()>,
    wake: Notify,
}

impl Rollouts {
    /// Rollouts of what the store holds.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, presence: Arc<dyn Presence>, dispatch: Dispatch, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Parts { store, presence, dispatch, clock, turn: Mutex::default(), wake: Notify::new() }))
    }

    /// Begins a rollout to these sites; true marks the canary group.
    ///
    /// # Errors
    ///
    /// [`RolloutError::Busy`], [`RolloutError::Store`].
    pub async fn start(&self, plan: Plan, sites: BTreeMap<SiteId, bool>) -> Result<Rollout, RolloutError> {
        let rollout = Rollout::new(plan, sites);
        self.0.store.add_rollout(&rollout).await?;
        let Plan { id, software, version, account, .. } = &rollout.plan;
        tracing::info!(rollout = %id, software, version, account, boxes = rollout.members.len(), "a rollout begins");
        self.0.wake.notify_one();
        Ok(rollout)
    }

    /// Changes a rollout as a person wishes, after taking in what happened until now.
    ///
    /// # Errors
    ///
    /// [`RolloutError::Unknown`], [`RolloutError::Refused`], [`RolloutError::Busy`], [`RolloutError::Store`].
    pub async fn change(
        &self,
        id: RolloutId,
        wish: impl FnOnce(&mut Rollout, i64) -> Result<(), Refusal> + Send,
    ) -> Result<Rollout, RolloutError> {
        let _turn = self.0.turn.lock().await;
        let mut rollout = self.0.store.rollout(id).await?.ok_or(RolloutError::Unknown)?;
        self.advance(&mut rollout).await?;
        let before = rollout.clone();
        wish(&mut rollout, self.0.clock.wall_ms())?;
        self.save(&before, &rollout).await?;
        self.0.wake.notify_one();
        Ok(rollout)
    }

    /// Moves rollouts on until the process stops.
    ///
    /// # Errors
    ///
    /// None: a store that fails is tried again.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut changes = self.0.dispatch.changes();
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!("rollouts wait, trying again: {:#}", anyhow::Error::from(error));
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK) => continue,
                () = self.0.wake.notified() => {}
                // Lagging behind is news, too.
                _news = changes.recv() => {}
            }
            tokio::time::sleep(GATHER).await;
            changes = changes.resubscribe();
        }
    }

    /// Moves every rollout on in which something can happen.
    ///
    /// # Errors
    ///
    /// [`RolloutError::Store`].
    pub async fn look(&self) -> Result<(), RolloutError> {
        let _turn = self.0.turn.lock().await;
        for mut rollout in self.0.store.live_rollouts().await? {
            self.advance(&mut rollout).await?;
        }
        Ok(())
    }

    async fn advance(&self, rollout: &mut Rollout) -> Result<(), RolloutError> {
        let (releases, around) = (self.0.store.releases().await?, self.around(rollout).await?);
        let before = rollout.clone();
        let acts = rollout.step(&around);
        self.save(&before, rollout).await?;
        for act in acts {
            self.carry_out(&rollout.plan, &releases, act).await?;
        }
        Ok(())
    }

    async fn save(&self, before: &Rollout, after: &Rollout) -> Result<(), StoreError> {
        let is_new = |site: &SiteId, member: &Member| before.members.get(site) != Some(member);
        let changed: BTreeMap<SiteId, Member> = after
            .members
            .iter()
            .filter(|(site, member)| is_new(site, member))
            .map(|(site, member)| (site.clone(), member.clone()))
            .collect();
        if changed.is_empty() && before.progress == after.progress {
            return Ok(());
        }
        if before.progress.pause.is_none()
            && let Some(pause) = &after.progress.pause
        {
            tracing::warn!(rollout = %after.plan.id, software = after.plan.software, "a rollout is paused: {}", pause.reason);
        }
        self.0.store.save_rollout(after.plan.id, &after.progress, &changed).await
    }

    /// What is known of the boxes of a rollout.
    async fn around(&self, rollout: &Rollout) -> Result<Around, StoreError> {
        let (parts, plan) = (&self.0, &rollout.plan);
        let (sites, releases) = (parts.store.sites().await?, parts.store.releases().await?);
        let installed = parts.store.installed(None).await?;
        let pins = parts.store.pins(None).await?;
        let connected = parts.presence.connected();
        let fleet = sites.iter().filter(|site| site.revoked_ms.is_none()).count();
        let mut boxes = BTreeMap::new();
        for site in sites.iter().filter(|site| rollout.members.contains_key(&site.id)) {
            let told = Software::of(&installed, &site.id, &plan.software);
            let pin = pins.iter().find(|pin| pin.site == site.id && pin.software == plan.software);
            let known = Known {
                is_connected: connected.contains(&site.id),
                is_revoked: site.revoked_ms.is_some(),
                obstacle: told.obstacle(&releases, plan),
                version: told.version.map(str::to_owned),
                pinned: pin.map(|pin| pin.version.clone()),
                command: self.command(rollout, &site.id).await?,
            };
            boxes.insert(site.id.clone(), known);
        }
        Ok(Around { boxes, batch_max: disruptive_max(fleet), now_ms: parts.clock.wall_ms() })
    }

    /// The command of a box's last attempt, if that can still say anything.
    async fn command(&self, rollout: &Rollout, site: &SiteId) -> Result<Option<Ordered>, StoreError> {
        let asked = rollout
            .members
            .get(site)
            .filter(|member| member.attempt > 0 && matches!(member.state, MemberState::Given | MemberState::Failed));
        let Some(member) = asked else { return Ok(None) };
        let stored = self.0.store.command(site, command_id(rollout.plan.id, site, member.attempt)).await?;
        Ok(stored.map(|command| Ordered {
            state: command.state,
            is_expired: command.state == CommandState::Refused && command.changed_ms >= command.expires_ms,
            detail: command.detail,
        }))
    }

    async fn carry_out(&self, plan: &Plan, releases: &[Release], act: Act) -> Result<(), StoreError> {
        let parts = &self.0;
        match act {
            Act::Give { site, attempt } => {
                let installed = parts.store.installed(None).await?;
                let processor = Software::of(&installed, &site, &plan.software).processor;
                let Some(release) = package(releases, (&plan.software, &plan.version), processor) else {
                    return Ok(());
                };
                let command = order(plan, release, (&site, attempt), parts.clock.wall_ms());
                match parts.store.add_command(&StoredCommand::waiting(&command, &plan.account, None)).await {
                    Ok(()) => parts.dispatch.changed(&site, command.header.id),
                    // It was given before a restart.
                    Err(StoreError::Conflict(_)) => {}
                    Err(failed @ StoreError::Failed(_)) => return Err(failed),
                }
            }
            Act::TakeBack { site, attempt } => {
                let id = command_id(plan.id, &site, attempt);
                let (from, to) = (&[CommandState::Waiting] as &[_], CommandState::Cancelled);
                let detail = "taken back before it was sent: its rollout goes no further".to_owned();
                let change = Move { site: site.clone(), id, from, to, detail, at_ms: parts.clock.wall_ms() };
                if parts.store.move_command(&change).await? {
                    parts.dispatch.changed(&site, id);
                }
            }
        }
        Ok(())
    }
}
