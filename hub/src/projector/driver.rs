//! Drives the projector: follows every queue by its cursor, a page at a time.
//!
//! It is woken after each commit and reads what is new. A step is one short transaction, and the ingest goes
//! before it. A store that fails is tried again later; nothing is lost, since the facts stay.
//!
//! A rebuild forgets what was derived and follows the facts again by the same steps. Meanwhile readers see the
//! part that has been followed, and the completeness lines say so; a process that dies in the middle goes on from
//! its cursors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use super::{Place, project};
use crate::ingest::driver::Onlooker;
use crate::store::commands::Told;
use crate::store::diary::Entry;
use crate::store::facts::{Commit, QueueState};
use crate::store::projections::Cursor;
use crate::store::{Store, StoreError};

/// Records in one step: a transaction of a few milliseconds.
const STEP_RECORDS_MAX: usize = 2_000;

/// New records wait this long for others, so that a steady stream becomes few steps.
const GATHER: Duration = Duration::from_millis(200);

const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// The trail: which queues hold more than the projector has followed.
#[derive(Default)]
pub struct Trail {
    held: Mutex<BTreeMap<(SiteId, QueueId), QueueState>>,
    wake: Notify,
    rebuild: Mutex<Rebuild>,
    rebuilt: Arc<Notify>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuild {
    /// Whether one is going on.
    pub is_running: bool,
    /// Positions followed again.
    pub done: u64,
    /// Positions to follow; 0 until it has begun.
    pub total: u64,
}

impl Trail {
    fn add(&self, states: impl IntoIterator<Item = QueueState>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend(states.into_iter().map(|state| ((state.site.clone(), state.queue), state)));
        drop(held);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<QueueState> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *held).into_values().collect()
    }

    /// Asks the projector to derive everything anew; if it does so already, nothing changes.
    pub fn ask_rebuild(&self) -> Rebuild {
        let rebuild = self.change(|rebuild| {
            if !rebuild.is_running {
                *rebuild = Rebuild { is_running: true, ..Rebuild::default() };
            }
        });
        self.wake.notify_one();
        rebuild
    }

    /// How far the newest rebuild is.
    #[must_use]
    pub fn rebuild(&self) -> Rebuild {
        self.change(|_| ())
    }

    /// Told when a rebuild has ended: it brought back what the retention had not reached yet.
    #[must_use]
    pub fn rebuilt(&self) -> Arc<Notify> {
        Arc::clone(&self.rebuilt)
    }

    fn change(&self, change: impl FnOnce(&mut Rebuild)) -> Rebuild {
        let mut rebuild = self.rebuild.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut rebuild);
        *rebuild
    }
}

impl Onlooker for Trail {
    fn on_committed(&self, commit: &Commit) {
        if !commit.queues.is_empty() {
            self.add(commit.queues.iter().cloned());
        }
    }
}

/// Port: whoever wants to know what boxes told, once the store knows.
pub trait Listener: Send + Sync {
    /// The store has these words now. Must return at once.
    fn on_told(&self, _told: &[Told]) {}

    /// The store has followed more records of this lane. Must return at once.
    fn on_followed(&self, _lane: Lane) {}

    /// The diary has these words of boxes now, for the first time. Must return at once.
    fn on_noted(&self, _entries: &[Entry]) {}
}

/// Follows the facts.
pub struct Projector {
    store: Arc<dyn Store>,
    trail: Arc<Trail>,
    listeners: Vec<Arc<dyn Listener>>,
    followed: BTreeMap<(SiteId, QueueId), u64>,
}

impl Projector {
    /// Starts from the store's cursors. The trail must hear of every commit from now on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn start(store: Arc<dyn Store>, trail: Arc<Trail>) -> Result<Self, StoreError> {
        let cursors = store.cursors().await?;
        trail.add(store.queues().await?);
        Ok(Self { store, trail, listeners: Vec::new(), followed: followed(cursors) })
    }

    /// Tells one more listener what boxes told.
    #[must_use]
    pub fn telling(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Follows the facts until the process stops.
    ///
    /// # Errors
    ///
    /// None so far: a failing store is tried again.
    pub async fn run(mut self, seed: u64, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut retry = Backoff::new(RETRY_MIN, RETRY_MAX, seed);
        loop {
            let pause = match self.work().await {
                Ok(()) => {
                    retry.reset();
                    GATHER
                }
                Err(error) => {
                    let error = anyhow::Error::from(error);
                    tracing::warn!("what people see is behind the facts, trying again: {error:#}");
                    retry.next_wait()
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = async { tokio::time::sleep(pause).await; self.trail.wake.notified().await; } => {}
            }
        }
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        let asked = self.trail.rebuild();
        if asked.is_running && asked.total == 0 {
            return self.rebuild().await;
        }
        self.catch_up().await?;
        self.finish_rebuild();
        Ok(())
    }

    /// Follows every queue of the trail as far as it is held.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; what was followed before stays so, the rest stays on the trail.
    pub async fn catch_up(&mut self) -> Result<(), StoreError> {
        let mut held = self.trail.take().into_iter();
        while let Some(queue) = held.next() {
            if let Err(error) = self.follow(&queue).await {
                self.trail.add(std::iter::once(queue).chain(held));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Rests after each step for as long as the step took: with a long way to go, half a processor is left to
    /// the ingest.
    async fn follow(&mut self, held: &QueueState) -> Result<(), StoreError> {
        loop {
            let began = Instant::now();
            if !self.step(held).await? {
                return Ok(());
            }
            tokio::time::sleep(began.elapsed()).await;
        }
    }

    /// Follows one page of one queue; false if there was nothing to follow.
    async fn step(&mut self, held: &QueueState) -> Result<bool, StoreError> {
        let key = (held.site.clone(), held.queue);
        let through = self.followed.get(&key).copied().unwrap_or(0);
        if through >= held.through {
            return Ok(false);
        }
        let records = self.store.records(&held.site, held.queue, through + 1, STEP_RECORDS_MAX).await?;
        let place = Place { site: held.site.clone(), lane: held.lane, queue: held.queue, through };
        let is_last_page = records.len() < STEP_RECORDS_MAX;
        let step = project(&place, &records, held.through, is_last_page);
        let moved = step.cursors.last().map_or(through, |cursor| cursor.value.through);
        let told = step.outcomes.clone();
        let noted: Vec<Entry> = step.entries.iter().map(|noted| noted.entry.clone()).collect();
        self.store.apply(step).await?;
        self.tell(&told, &noted);
        self.listeners.iter().for_each(|listener| listener.on_followed(held.lane));
        self.followed.insert(key, moved);
        self.trail.change(|rebuild| rebuild.done = rebuild.total.min(rebuild.done + moved - through));
        Ok(moved > through)
    }

    /// What a rebuild comes across happened long ago: nobody needs to hear of it again.
    fn tell(&self, told: &[Told], noted: &[Entry]) {
        for listener in &self.listeners {
            if !told.is_empty() {
                listener.on_told(told);
            }
            if !noted.is_empty() && !self.trail.rebuild().is_running {
                listener.on_noted(noted);
            }
        }
    }

    /// Forgets what was derived from the facts that are held and follows them again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; the projector goes on from where it stands.
    pub async fn rebuild(&mut self) -> Result<(), StoreError> {
        let queues = self.store.queues().await?;
        self.store.forget_projections().await?;
        self.followed = followed(self.store.cursors().await?);
        let left = |queue: &QueueState| {
            let followed = self.followed.get(&(queue.site.clone(), queue.queue)).copied().unwrap_or(0);
            queue.through.saturating_sub(followed)
        };
        let total = queues.iter().map(left).sum();
        self.trail.change(|rebuild| *rebuild = Rebuild { is_running: true, done: 0, total });
        tracing::info!(positions = total, "everything derived is computed anew from the facts");
        self.trail.add(queues);
        self.catch_up().await?;
        self.finish_rebuild();
        Ok(())
    }

    fn finish_rebuild(&self) {
        let mut has_ended = false;
        self.trail.change(|rebuild| {
            has_ended = std::mem::replace(&mut rebuild.is_running, false);
            rebuild.done = rebuild.total;
        });
        if has_ended {
            self.trail.rebuilt.notify_one();
            tracing::info!("everything derived was computed anew");
        }
    }
}

/// How far each queue has been followed.
fn followed(cursors: Vec<Cursor>) -> BTreeMap<(SiteId, QueueId), u64> {
    cursors.into_iter().map(|cursor| ((cursor.site, cursor.queue), cursor.through)).collect()
}
