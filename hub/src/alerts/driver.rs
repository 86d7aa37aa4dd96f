//! Looks out for what is wrong: gathers the facts, lets the book judge them, keeps what follows, tells people.
//!
//! What is decided is stored before anybody is told, and news stay marked as untold until somebody has taken them over:
//! a hub that dies in between tells them when it starts again, under the same name, so once.

mod gather;
mod read;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;

use self::gather::Ground;
use super::alert::{Acknowledgement, Alert};
use super::book::{Around, Book, Turn};
use super::diary::{entry, events};
use super::incident::OPENINGS_MS;
use super::news::Notifier;
use super::rules::{AlertsConfig, Armed, Described};
use super::silence::Silence;
use crate::fleet::FleetView;
use crate::projector::driver::Listener;
use crate::store::{Store, StoreError};

/// How often it looks though nothing was heard: boxes fall silent without a word.
const LOOK: Duration = Duration::from_secs(15);

/// Least time between two looks: a large fleet says something all the time.
const PAUSE: Duration = Duration::from_secs(5);

/// News that are told in one go; more wait for the next look.
const NEWS_MAX: usize = 100;

/// What it works with.
pub struct Parts {
    /// What the hub keeps.
    pub store: Arc<dyn Store>,
    /// The fleet at this moment.
    pub fleet: Arc<dyn FleetView>,
    /// Tells people.
    pub notifier: Arc<dyn Notifier>,
    /// Hears of each entry of the diary.
    pub listener: Arc<dyn Listener>,
    /// The calendar.
    pub clock: Arc<dyn Clock>,
    /// The rules, and how often people are told.
    pub config: AlertsConfig,
}

/// Looks out for what is wrong. Clones share it.
#[derive(Clone)]
pub struct Lookout(Arc<Inner>);

struct Inner {
    parts: Parts,
    rules: Vec<Armed>,
    /// Whoever looks has it: reading the store of a large fleet takes its time. None until the first look.
    ground: Mutex<Option<Ground>>,
    /// Whoever changes alerts has it, shortly; none until the store was read.
    book: Mutex<Option<Book>>,
    wake: Notify,
}

impl Lookout {
    /// Nothing is looked at yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let rules = parts.config.armed();
        let (ground, book) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { parts, rules, ground, book, wake: Notify::new() }))
    }

    /// Looks out until the process stops.
    ///
    /// # Errors
    ///
    /// None: a store that fails is tried again.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut changes = self.0.parts.fleet.changes();
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!("alerts wait, trying again: {:#}", anyhow::Error::from(error));
            }
            if let Err(error) = self.tell().await {
                tracing::warn!("people are told of an incident later: {error:#}");
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.0.wake.notified() => continue,
                () = tokio::time::sleep(LOOK) => continue,
                // Lagging behind is news, too.
                _news = changes.recv() => {}
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
            changes = changes.resubscribe();
        }
    }

    /// Looks once, and keeps what follows.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; then nothing has changed.
    pub async fn look(&self) -> Result<(), StoreError> {
        let mut looking = self.0.ground.lock().await;
        let Parts { store, fleet, clock, config, .. } = &self.0.parts;
        let now_ms = clock.wall_ms();
        let ground = looking.get_or_insert_with(|| Ground::new(now_ms));
        let is_urgent = self.present().await?.iter().any(|alert| alert.is_ending_open);
        ground.read(store.as_ref(), (now_ms, is_urgent)).await?;
        let facts = ground.facts(store.as_ref(), &fleet.snapshot(), now_ms).await?;
        let silences = store.silences(now_ms).await?;
        let around = Around { facts: &facts, rules: &self.0.rules, silences: &silences, telling: &config.telling };
        let mut guard = self.0.book.lock().await;
        let kept = self.book(&mut guard).await?;
        let mut book = kept.clone();
        let turn = book.step(&around);
        self.keep(kept, book, &turn).await
    }

    /// Tells what is still to be told.
    ///
    /// # Errors
    ///
    /// If the store failed, or somebody could not take news over; the rest waits.
    pub async fn tell(&self) -> anyhow::Result<()> {
        let Parts { store, notifier, .. } = &self.0.parts;
        for news in store.untold(NEWS_MAX).await? {
            notifier.tell(&news).await?;
            store.mark_told(&news.incident, news.number).await?;
        }
        Ok(())
    }

    /// Alerts that are pending, fire, or ended a short while ago, by what they are about.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn present(&self) -> Result<Vec<Alert>, StoreError> {
        let mut guard = self.0.book.lock().await;
        Ok(self.book(&mut guard).await?.alerts.values().cloned().collect())
    }

    /// Somebody takes on what fires of those meant; returns them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; then nothing has changed.
    pub async fn acknowledge(
        &self,
        is_meant: impl Fn(&Alert) -> bool + Send + Sync,
        by: &Acknowledgement,
    ) -> Result<Vec<Alert>, StoreError> {
        let mut guard = self.0.book.lock().await;
        let kept = self.book(&mut guard).await?;
        let mut book = kept.clone();
        let turn = book.acknowledge(&is_meant, by);
        self.keep(kept, book, &turn).await?;
        let meant = kept.alerts.values().filter(|alert| alert.is_firing() && is_meant(alert));
        Ok(meant.cloned().collect())
    }

    /// Nobody is told of what a silence is about; returns its number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn silence(&self, silence: &Silence) -> Result<u64, StoreError> {
        let no = self.0.parts.store.add_silence(silence).await?;
        self.0.wake.notify_one();
        Ok(no)
    }

    /// Ends a silence; false if there is none of that number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn unsilence(&self, no: u64) -> Result<bool, StoreError> {
        let is_removed = self.0.parts.store.remove_silence(no).await?;
        self.0.wake.notify_one();
        Ok(is_removed)
    }

    /// Every rule with what the owner set.
    #[must_use]
    pub fn rules(&self) -> Vec<Described> {
        self.0.parts.config.described()
    }

    /// What is known; read from the store at the first call.
    async fn book<'a>(&self, guard: &'a mut Option<Book>) -> Result<&'a mut Book, StoreError> {
        let book = match guard.take() {
            Some(book) => book,
            None => self.load().await?,
        };
        Ok(guard.insert(book))
    }

    async fn load(&self) -> Result<Book, StoreError> {
        let Parts { store, clock, .. } = &self.0.parts;
        let (alerts, next_no) = (store.present_alerts().await?, store.next_alert().await?);
        let incidents = store.incidents_since(clock.wall_ms().saturating_sub(OPENINGS_MS)).await?;
        Ok(Book::load(alerts, incidents, next_no))
    }

    /// Keeps a changed book, and lets the diary's listener know.
    async fn keep(&self, kept: &mut Book, book: Book, turn: &Turn) -> Result<(), StoreError> {
        if !turn.is_empty() {
            let entries: Vec<_> = turn.news.iter().map(entry).collect();
            self.0.parts.store.save_alerts(turn, &entries).await?;
        }
        *kept = book;
        for news in &turn.news {
            let (incident, number, phase) = (&news.incident, news.number, news.phase);
            tracing::info!(incident, number, ?phase, alerts = news.lines.len(), "people are told of an incident");
            self.0.parts.listener.on_noted(&events(news));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
