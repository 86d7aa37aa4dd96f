//! Doubles of the ports: each is what it was told to be, or remembers what it was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::sync::broadcast;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::pairing::PairingTicket;
use vigie_shared::wire::Lane;

use crate::connectors::outcome;
use crate::connectors::web::{self, Web};
use crate::fleet::{BoxNow, FleetView};
use crate::http::ports::{
    Backup, BackupMade, Erasures, Meters, Metric, MetricKind, Readiness, Rebuilder, Revoker, Tickets,
};
use crate::imports::{Content, ImportFailure, Imports, LaneReport, Report, Terms};
use crate::projector::driver::Rebuild;
use crate::rollout::driver::Presence;
use crate::store::presence::Erased;

/// A fleet that is what it was told to be.
pub(crate) struct ToldFleet {
    sites: Mutex<BTreeMap<SiteId, BoxNow>>,
    changes: broadcast::Sender<SiteId>,
}

impl Default for ToldFleet {
    fn default() -> Self {
        Self { sites: Mutex::default(), changes: broadcast::Sender::new(16) }
    }
}

impl ToldFleet {
    pub(crate) fn tell(&self, site: &SiteId, live: BoxNow) {
        self.sites.lock().unwrap().insert(site.clone(), live);
        // Nobody may be listening.
        drop(self.changes.send(site.clone()));
    }
}

impl FleetView for ToldFleet {
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        self.sites.lock().unwrap().clone()
    }

    fn site(&self, id: &SiteId) -> BoxNow {
        self.snapshot().remove(id).unwrap_or_default()
    }

    fn changes(&self) -> broadcast::Receiver<SiteId> {
        self.changes.subscribe()
    }
}

impl Presence for ToldFleet {
    fn connected(&self) -> BTreeSet<SiteId> {
        self.snapshot().into_iter().filter(|(_, now)| now.connection.is_some()).map(|(site, _)| site).collect()
    }
}

/// Which sites were cut.
#[derive(Default)]
pub(crate) struct Cuts(pub(crate) Mutex<Vec<SiteId>>);

impl Revoker for Cuts {
    fn cut(&self, site: &SiteId) {
        self.0.lock().unwrap().push(site.clone());
    }
}

/// What is said to be not ready.
#[derive(Default)]
pub(crate) struct Obstacles(pub(crate) Mutex<Vec<String>>);

#[async_trait]
impl Readiness for Obstacles {
    async fn obstacles(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A rebuild that is as far as it was told.
#[derive(Default)]
pub(crate) struct ToldRebuild(Mutex<Rebuild>);

impl ToldRebuild {
    pub(crate) fn end(&self, total: u64) {
        *self.0.lock().unwrap() = Rebuild { is_running: false, done: total, total };
    }
}

impl Rebuilder for ToldRebuild {
    fn start(&self) -> Rebuild {
        let mut rebuild = self.0.lock().unwrap();
        rebuild.is_running = true;
        *rebuild
    }

    fn progress(&self) -> Rebuild {
        *self.0.lock().unwrap()
    }
}

/// Files that bring what they were told to.
#[derive(Default)]
pub(crate) struct ToldImports(AtomicBool);

impl ToldImports {
    pub(crate) fn revoke(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Imports for ToldImports {
    async fn import(&self, _content: Content, _terms: Terms) -> Result<Report, ImportFailure> {
        if self.0.load(Ordering::Relaxed) {
            return Err(ImportFailure::Revoked("the site metz was revoked".to_owned()));
        }
        let mut ledger = LaneReport::new(Lane::Ledger, QueueId([1; 16]));
        ledger.new = 7;
        Ok(Report { site: "metz".parse().unwrap(), made_ms: 0, lanes: vec![ledger], trouble: None })
    }
}

/// Signs with a key that every test knows.
pub(crate) struct OneKey(Ed25519KeyPair);

impl Default for OneKey {
    fn default() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }
}

impl OneKey {
    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().unwrap()
    }
}

impl Tickets for OneKey {
    fn sign(&self, ticket: &PairingTicket) -> String {
        ticket.sign(&self.0)
    }
}

/// Remembers in memory who was erased.
#[derive(Default)]
pub(crate) struct Remembered(pub(crate) Mutex<Vec<Erased>>);

impl Erasures for Remembered {
    fn remember(&self, erased: &Erased) -> anyhow::Result<()> {
        self.0.lock().unwrap().push(erased.clone());
        Ok(())
    }
}

/// One counter.
pub(super) struct OneMeter;

impl Meters for OneMeter {
    fn read(&self) -> Vec<Metric> {
        vec![Metric::plain("vigie_ingest_records_total", "New records taken.", MetricKind::Counter, 42.0)]
    }
}

/// A backup that is said to have been made.
pub(super) struct PaperBackup;

#[async_trait]
impl Backup for PaperBackup {
    async fn backup(&self, with_keys: bool) -> anyhow::Result<BackupMade> {
        let name = if with_keys { "with-keys" } else { "a.vigie" };
        Ok(BackupMade { path: PathBuf::from("/var/lib/vigie/backups").join(name), size_bytes: 1234 })
    }
}

/// A third party that is not there.
pub(crate) struct Nobody;

#[async_trait]
impl Web for Nobody {
    async fn ask(&self, _: web::Ask) -> Result<outcome::Answer, web::Broken> {
        Err(web::Broken::Unsent("nobody is there".to_owned()))
    }
}
