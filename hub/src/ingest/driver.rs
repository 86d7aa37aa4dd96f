//! Drives the ingest: takes messages, commits groups, publishes answers.
//!
//! While one group is on its way to disk the next one is collected, so that the group grows exactly as large
//! as the disk is slow. A commit that fails is tried again until it succeeds: no receipt goes out, nothing is
//! forgotten, [`Health`] says so, and the full channel slows the senders down.

mod health;
mod import;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;
use vigie_shared::clock::Clock;
use vigie_shared::id::SiteId;
use vigie_shared::wire::{Answer, Down, Hello, Live, Topic, Up};

use crate::ingest::{Check, Group, Ingest};
use crate::store::facts::Commit;
use crate::store::{Store, StoreError};

pub use health::{Commits, Health, HealthView};
use import::Imports;
pub use import::{ImportError, Importer};

/// Messages taken from the channel at once.
const TAKE_MAX: usize = 256;

/// A group is committed when its records reach this size: some 40 000 of 200 bytes, a fraction of a second.
const GROUP_BYTES_MAX: usize = 8 << 20;

const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// One message of a box, as the broker hands it over. The gateway has checked that the topic is its sender's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// Its bytes.
    pub payload: Bytes,
}

/// Port: the way back to the boxes.
pub trait Downlink: Send + Sync {
    /// Sends a message to whoever listens. It may get lost: the box asks again.
    fn publish(&self, topic: &Topic, payload: Vec<u8>);
}

/// Port: whoever wants to know what comes in. Called by the driver between messages, so it must return at once.
pub trait Onlooker: Send + Sync {
    /// A box opened its connection.
    fn on_hello(&self, _site: &SiteId, _hello: &Hello, _now_ms: i64) {}

    /// A box said something of the moment.
    fn on_live(&self, _site: &SiteId, _live: &Live, _now_ms: i64) {}

    /// Facts are on disk.
    fn on_committed(&self, _commit: &Commit) {}
}

/// What the driver works with.
#[derive(Clone)]
pub struct Parts {
    /// Where facts go.
    pub store: Arc<dyn Store>,
    /// Where answers go.
    pub downlink: Arc<dyn Downlink>,
    /// Who looks on.
    pub onlookers: Vec<Arc<dyn Onlooker>>,
    /// The hub's clock.
    pub clock: Arc<dyn Clock>,
}

/// The driver. Start it with [`Driver::start`], then let it [`Driver::run`] on a thread of its own.
pub struct Driver {
    ingest: Ingest,
    parts: Parts,
    health: HealthView,
    retry: Backoff,
    imports: Imports,
}

/// A commit being tried; it yields the group once it is on disk, or nothing if the process stops before.
type InFlight = Pin<Box<dyn Future<Output = Option<Group>> + Send>>;

impl Driver {
    /// Reads from the store how far every queue is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn start(parts: Parts, seed: u64) -> Result<Self, StoreError> {
        let ingest = Ingest::new(parts.store.queues().await?);
        let retry = Backoff::new(RETRY_MIN, RETRY_MAX, seed);
        Ok(Self { ingest, parts, health: HealthView::default(), retry, imports: Imports::default() })
    }

    /// A view of the driver's health that outlives this call.
    #[must_use]
    pub fn health(&self) -> HealthView {
        self.health.clone()
    }

    /// Hands in what came by a stick, for as long as the driver runs.
    #[must_use]
    pub fn importer(&mut self) -> Importer {
        self.imports.door()
    }

    /// Works until the channel closes or the process stops; what was taken is committed and answered before,
    /// unless the store fails then.
    ///
    /// # Errors
    ///
    /// None so far: a failing store is tried again.
    pub async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut taken = Vec::with_capacity(TAKE_MAX);
        let mut in_flight: Option<InFlight> = None;
        let mut is_open = true;
        while is_open || in_flight.is_some() {
            let may_take = is_open && self.ingest.collected_bytes() < GROUP_BYTES_MAX;
            tokio::select! {
                biased;
                () = stopping.cancelled(), if is_open => is_open = false,
                group = finish(&mut in_flight) => {
                    in_flight = None;
                    self.imports.end_commit(group.is_some());
                    group.into_iter().for_each(|group| self.publish(group));
                }
                Some(request) = self.imports.next(), if may_take => self.take_import(request).await,
                count = messages.recv_many(&mut taken, TAKE_MAX), if may_take => {
                    is_open = count > 0;
                    for message in taken.drain(..) {
                        self.take(message).await;
                    }
                    self.report();
                }
            }
            if in_flight.is_none() {
                in_flight = self.begin_commit(&stopping);
            }
        }
        Ok(())
    }

    async fn take(&mut self, message: Message) {
        let now_ms = self.parts.clock.wall_ms();
        let Ok(Topic::Up(site, up)) = message.topic.parse() else {
            return self.ingest.on_foreign();
        };
        match up {
            Up::Hello => match Hello::decode(&message.payload) {
                Ok(hello) => self.take_hello(&site, &hello, now_ms).await,
                Err(error) => self.ingest.count_unreadable(error),
            },
            Up::Live => match Live::decode(&message.payload) {
                Ok(live) => self.tell(|onlooker| onlooker.on_live(&site, &live, now_ms)),
                Err(error) => self.ingest.count_unreadable(error),
            },
            Up::Lane(lane) => {
                while let Some(check) = self.ingest.on_batch(&site, lane, &message.payload, now_ms) {
                    if !self.ask(check).await {
                        return;
                    }
                }
            }
        }
    }

    async fn take_hello(&mut self, site: &SiteId, hello: &Hello, now_ms: i64) {
        self.tell(|onlooker| onlooker.on_hello(site, hello, now_ms));
        while let Some(check) = self.ingest.on_hello(site, hello, now_ms) {
            if !self.ask(check).await {
                return;
            }
        }
    }

    /// Answers the core's question from the store; false if the store fails: then the message is dropped
    /// unjudged, and the box, without a receipt, sends it again.
    async fn ask(&mut self, check: Check) -> bool {
        match self.parts.store.record_crc(&check.site, check.queue, check.seq).await {
            Ok(held) => {
                self.ingest.on_checked(&check, held);
                true
            }
            Err(error) => {
                tracing::warn!(site = %check.site, "a message waits for its repetition: {:#}", anyhow::Error::from(error));
                false
            }
        }
    }

    fn tell(&self, news: impl Fn(&dyn Onlooker)) {
        self.parts.onlookers.iter().for_each(|onlooker| news(&**onlooker));
    }

    fn report(&self) {
        self.health.report(self.ingest.counters());
    }

    fn begin_commit(&mut self, stopping: &CancellationToken) -> Option<InFlight> {
        let group = self.ingest.take_group(self.parts.clock.wall_ms());
        self.imports.begin_commit(group.is_some());
        let group = group?;
        let (store, health, retry) = (Arc::clone(&self.parts.store), self.health.clone(), self.retry.clone());
        let stopping = stopping.clone();
        Some(Box::pin(async move {
            if group.has_facts() && !commit(store, &group, health, (retry, stopping)).await {
                return None;
            }
            Some(group)
        }))
    }

    fn publish(&mut self, group: Group) {
        let now_ms = self.parts.clock.wall_ms();
        let commit = Arc::clone(&group.commit);
        for (site, answer) in self.ingest.committed(group, now_ms) {
            let payload = Answer::encode(&answer);
            self.parts.downlink.publish(&Topic::Down(site, Down::Receipt), payload);
        }
        self.tell(|onlooker| onlooker.on_committed(&commit));
        self.report();
    }
}

/// Commits one group, however long it takes; false if the process stops before it succeeds.
async fn commit(
    store: Arc<dyn Store>,
    group: &Group,
    health: HealthView,
    (mut retry, stopping): (Backoff, CancellationToken),
) -> bool {
    let began = Instant::now();
    loop {
        let Err(error) = store.commit(Arc::clone(&group.commit)).await else { break };
        health.fail(&anyhow::Error::from(error));
        tokio::select! {
            () = stopping.cancelled() => return false,
            () = tokio::time::sleep(retry.next_wait()) => {}
        }
    }
    health.recover();
    health.add_commit(&group.commit, began.elapsed());
    true
}

/// Waits for the group on its way; for ever if there is none.
async fn finish(in_flight: &mut Option<InFlight>) -> Option<Group> {
    match in_flight {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
