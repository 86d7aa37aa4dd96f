//! The board: the fleet shared between those who hear of boxes and those who show them.
//!
//! Every change is announced by the site's id. Whoever lags behind the announcements reads a snapshot. [`FleetView`] is the
//! port for whoever shows the fleet or computes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc};
use vigie_shared::id::SiteId;
use vigie_shared::wire::{Hello, Live};

use super::{BoxNow, Connection, Fleet};
use crate::ingest::driver::Onlooker;
use crate::rollout::driver::Presence;
use crate::store::diary::Entry;
use crate::store::facts::Commit;

/// Announcements kept for slow readers; a reader that lags further reads a snapshot.
const CHANGES: usize = 1024;

/// The fleet as the hub sees it at this moment.
pub trait FleetView: Send + Sync + 'static {
    /// Every site of which something is known since the hub's start.
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow>;

    /// What is known of one site; the default if nothing is.
    fn site(&self, id: &SiteId) -> BoxNow;

    /// The ids of sites, each time something about one changed.
    fn changes(&self) -> broadcast::Receiver<SiteId>;
}

/// A clonable handle of the one fleet.
#[derive(Clone)]
pub struct Board {
    fleet: Arc<Mutex<Fleet>>,
    changes: broadcast::Sender<SiteId>,
    alarms: mpsc::Sender<Entry>,
}

impl Board {
    /// An empty board. Alarms go into the channel, for the diary; if it is full, they are only logged.
    #[must_use]
    pub fn new(alarms: mpsc::Sender<Entry>) -> Self {
        Self { fleet: Arc::default(), changes: broadcast::Sender::new(CHANGES), alarms }
    }

    /// A box connected.
    pub fn on_connected(&self, site: &SiteId, connection: Connection) {
        self.lock().on_connected(site, connection);
        self.announce(site);
    }

    /// A connection ended.
    pub fn on_disconnected(&self, site: &SiteId, id: u64) {
        self.lock().on_disconnected(site, id);
        self.announce(site);
    }

    /// The owner sorted out which box is the right one.
    pub fn on_repaired(&self, site: &SiteId) {
        self.lock().on_repaired(site);
        self.announce(site);
    }

    /// Everything that is known.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        self.lock().snapshot()
    }

    /// What is known of one site.
    #[must_use]
    pub fn site(&self, site: &SiteId) -> BoxNow {
        self.lock().site(site)
    }

    /// The ids of sites, each time something about one changes.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<SiteId> {
        self.changes.subscribe()
    }

    fn announce(&self, site: &SiteId) {
        if self.changes.receiver_count() > 0 {
            // Nobody listening any more is no fault.
            drop(self.changes.send(site.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence for Board {
    fn connected(&self) -> BTreeSet<SiteId> {
        let here = |(site, now): (SiteId, super::BoxNow)| now.connection.map(|_| site);
        self.snapshot().into_iter().filter_map(here).collect()
    }
}

impl Onlooker for Board {
    fn on_hello(&self, site: &SiteId, hello: &Hello, now_ms: i64) {
        let alarm = self.lock().on_hello(site, hello, now_ms);
        if let Some(alarm) = alarm {
            tracing::warn!(site = %site, "{}", alarm.text);
            if self.alarms.try_send(alarm).is_err() {
                tracing::warn!(site = %site, "the alarm above did not reach the diary");
            }
        }
        self.announce(site);
    }

    fn on_live(&self, site: &SiteId, live: &Live, now_ms: i64) {
        match live {
            Live::Heartbeat(heartbeat) => self.lock().on_heartbeat(site, heartbeat.clone(), now_ms),
            Live::Progress { .. } => self.lock().on_heard(site, now_ms),
        }
        self.announce(site);
    }

    fn on_committed(&self, commit: &Commit) {
        for state in &commit.queues {
            self.lock().on_heard(&state.site, commit.received_ms);
            self.announce(&state.site);
        }
    }
}

impl FleetView for Board {
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        Self::snapshot(self)
    }

    fn site(&self, id: &SiteId) -> BoxNow {
        Self::site(self, id)
    }

    fn changes(&self) -> broadcast::Receiver<SiteId> {
        Self::changes(self)
    }
}
