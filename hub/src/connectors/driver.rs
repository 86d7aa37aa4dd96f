//! Drives connectors: feeds them fresh punches, sends what is due, reads people, each connector in its own turn.
//!
//! One round of a connector is one `talk`; its turn is its lane's lock, so that two rounds of one connector never
//! run at once, tokens are renewed one at a time, and one rate holds for rows and people together. Before a request
//! is sent, its rows are marked as midway on disk: after a crash nobody believes that they were never sent.

mod days;
mod ends;
mod event;
mod feed;
mod people;
mod preview;
mod push;
mod reconcile;
mod report;
mod search;
mod settle;
mod talk;
mod token;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::units::ms;
use vigie_shared::wire::Lane as WireLane;

pub use self::days::ToldDay;
pub use self::people::{PeopleReport, PeopleWish};
pub use self::reconcile::Reconciliation;
pub use self::report::{ExchangeError, Report};
use self::talk::{Halt, Lane, Talk};
use super::config::ConnectorsConfig;
use super::settings::{Connector, Standing};
use super::web::Web;
use crate::projector::driver::Listener;
use crate::store::{Store, StoreError};

/// Without anything to do, settings are looked at this often.
const LOOK: Duration = Duration::from_secs(30);

/// What connectors need.
pub struct Parts {
    /// Punches, connectors, jobs.
    pub store: Arc<dyn Store>,
    /// Speaks with third parties.
    pub web: Arc<dyn Web>,
    /// The hub's clock.
    pub clock: Arc<dyn Clock>,
    /// What the owner set.
    pub config: ConnectorsConfig,
}

/// Exchanges rows and people with third parties.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    parts: Parts,
    wake: Notify,
    has_news: AtomicBool,
    is_ending: AtomicBool,
    lanes: Mutex<BTreeMap<String, Arc<Turn<Lane>>>>,
}

/// Why a connector is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It is time, or there are fresh punches.
    Due,
    /// A person asked: a connector that stopped starts again.
    Asked,
}

impl Exchange {
    /// Joins the parts; nothing runs yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let (wake, has_news, is_ending) = (Notify::new(), AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner { parts, wake, has_news, is_ending, lanes: Mutex::default() }))
    }

    /// There may be fresh punches, or settings changed: connectors are looked at soon.
    pub fn wake(&self) {
        self.0.has_news.store(true, Ordering::Relaxed);
        self.0.wake.notify_one();
    }

    /// Serves one connector now: fresh punches, rows that are due, people if it is time for them.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`].
    pub async fn serve(&self, name: &str, occasion: Occasion) -> Result<Report, ExchangeError> {
        let mut talk = self.talk(name).await?;
        talk.round(occasion).await
    }

    /// Reads the people that a third party lists, and takes them over unless only a look was wished for.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`]; nobody was changed then.
    pub async fn people(&self, name: &str, wish: PeopleWish) -> Result<PeopleReport, ExchangeError> {
        let mut talk = self.talk(name).await?;
        let report = talk.read_people(wish).await.map_err(|halt| ExchangeError::of(halt, name));
        talk.keep_standing().await.map_err(|halt| ExchangeError::of(halt, name))?;
        report
    }

    /// Compares what was sent of a period with what the third party has.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`], also if its mapping cannot list what it has.
    pub async fn reconcile(&self, name: &str, period: (i64, i64)) -> Result<Reconciliation, ExchangeError> {
        let mut talk = self.talk(name).await?;
        talk.reconcile(period).await.map_err(|halt| ExchangeError::of(halt, name))
    }

    /// Waits for a connector's turn and gets ready to talk.
    async fn talk(&self, name: &str) -> Result<Talk<'_>, ExchangeError> {
        let (lane, connector, standing) = self.turn(name).await?;
        let secrets = self.0.parts.store.connector_secrets(name).await?;
        Talk::new((&self.0.parts, &self.0.is_ending), lane, (connector, standing), secrets)
    }

    /// Waits for a connector's turn and reads its settings.
    async fn turn(&self, name: &str) -> Result<(OwnedMutexGuard<Lane>, Connector, Standing), ExchangeError> {
        let lane = {
            let mut lanes = self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(name.to_owned()).or_default())
        };
        let lane = lane.lock_owned().await;
        let Some((connector, standing)) = self.0.parts.store.connector(name).await? else {
            self.forget(name);
            return Err(ExchangeError::Unknown(name.to_owned()));
        };
        Ok((lane, connector, standing))
    }

    fn forget(&self, name: &str) {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Serves every connector when it is due, until the process stops; rounds that run then end what they have begun.
    ///
    /// # Errors
    ///
    /// None so far: a failing store is tried again.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut rounds = FuturesUnordered::new();
        let mut agenda = Agenda::default();
        while !stopping.is_cancelled() {
            let now_ms = self.0.parts.clock.wall_ms();
            match self.due(&mut agenda, now_ms).await {
                Ok(due) => due.into_iter().for_each(|name| rounds.push(self.round(name))),
                Err(error) => {
                    tracing::warn!("connectors cannot be read, trying again: {:#}", anyhow::Error::from(error));
                }
            }
            let pause = agenda.pause(self.0.parts.clock.wall_ms());
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.0.wake.notified() => {}
                Some((name, next_ms)) = rounds.next(), if !rounds.is_empty() => agenda.on_served(&name, next_ms),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.0.is_ending.store(true, Ordering::Relaxed);
        while rounds.next().await.is_some() {}
        Ok(())
    }

    async fn due(&self, agenda: &mut Agenda, now_ms: i64) -> Result<Vec<String>, StoreError> {
        let has_news = self.0.has_news.swap(false, Ordering::Relaxed);
        let connectors = self.0.parts.store.connectors().await?;
        let working = connectors.iter().filter(|(connector, standing)| connector.is_on && standing.stopped.is_none());
        let working: Vec<(&str, bool)> = working
            .map(|(connector, _)| (connector.name.as_str(), has_news && connector.interval_ms.is_none()))
            .collect();
        Ok(agenda.take_due(&working, now_ms))
    }

    /// One round; when the next is due.
    async fn round(&self, name: String) -> (String, i64) {
        let now_ms = self.0.parts.clock.wall_ms();
        let later_ms = now_ms + ms(LOOK);
        let next_ms = match self.serve(&name, Occasion::Due).await {
            Ok(report) => report.next_ms,
            Err(error) => {
                tracing::warn!(connector = name, "a connector was not served, trying again: {error:#}");
                later_ms
            }
        };
        (name, next_ms)
    }
}

impl Listener for Exchange {
    fn on_followed(&self, lane: WireLane) {
        if lane == WireLane::Ledger {
            self.wake();
        }
    }
}

/// When which connector is served next.
#[derive(Debug, Default)]
struct Agenda {
    next_ms: BTreeMap<String, i64>,
    busy: BTreeSet<String>,
    /// News came while they were busy.
    again: BTreeSet<String>,
}

impl Agenda {
    /// Those of the working connectors that are due; they are busy from now on.
    fn take_due(&mut self, working: &[(&str, bool)], now_ms: i64) -> Vec<String> {
        self.next_ms.retain(|name, _| working.iter().any(|(working, _)| working == name));
        let mut due = Vec::new();
        for (name, has_news) in working {
            if self.busy.contains(*name) {
                if *has_news {
                    self.again.insert((*name).to_owned());
                }
                continue;
            }
            if *has_news || self.next_ms.get(*name).is_none_or(|next_ms| *next_ms <= now_ms) {
                self.busy.insert((*name).to_owned());
                due.push((*name).to_owned());
            }
        }
        due
    }

    fn on_served(&mut self, name: &str, next_ms: i64) {
        self.busy.remove(name);
        let next_ms = if self.again.remove(name) { 0 } else { next_ms };
        self.next_ms.insert(name.to_owned(), next_ms);
    }

    /// How long nothing is due.
    fn pause(&self, now_ms: i64) -> Duration {
        let free = self.next_ms.iter().filter(|(name, _)| !self.busy.contains(*name));
        let first_ms = free.map(|(_, next_ms)| *next_ms).min().unwrap_or(i64::MAX);
        let wait_ms = u64::try_from(first_ms.saturating_sub(now_ms)).unwrap_or(0);
        Duration::from_millis(wait_ms).min(LOOK)
    }
}

#[cfg(test)]
mod tests;
