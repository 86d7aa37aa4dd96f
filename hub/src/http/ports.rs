//! Ports of the admin HTTP: what it asks of the running hub beyond the store. The composition root fills them.

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::pairing::PairingTicket;

use crate::projector::driver::{Rebuild, Trail};
use crate::store::presence::Erased;

/// Cuts the live connections of a site, so that a revocation works at once.
pub trait Revoker: Send + Sync + 'static {
    /// Forgets the site's certificates and cuts its connections.
    fn cut(&self, site: &SiteId);
}

/// Signs pairing links with a key that boxes trust.
pub trait Tickets: Send + Sync + 'static {
    /// The ticket as a link carries it.
    fn sign(&self, ticket: &PairingTicket) -> String;
}

/// Remembers who was erased, so that it is done again after a restore.
pub trait Erasures: Send + Sync + 'static {
    /// Writes one down; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// If the disk refuses.
    fn remember(&self, erased: &Erased) -> anyhow::Result<()>;
}

/// Says whether the hub can do its work.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// What is not ready, as sentences for an operator; empty means ready.
    async fn obstacles(&self) -> Vec<String>;
}

/// Counters of the hub's other parts, for `/metrics`.
pub trait Meters: Send + Sync + 'static {
    /// The present values. Labels must be few and never personal.
    fn read(&self) -> Vec<Metric>;
}

/// One family of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name with unit and, for counters, `_total`: `vigie_ingest_records_total`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// A sum and a count: samples carry the suffix `_sum` or `_count`.
    Summary,
}

impl MetricKind {
    /// The word of the exposition format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
        }
    }
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What is added to the metric's name: `_sum`, `_count` or nothing.
    pub suffix: &'static str,
    /// Labels by name.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: f64,
}

impl Metric {
    /// A metric with one value and no labels.
    #[must_use]
    pub fn plain(name: &'static str, help: &'static str, kind: MetricKind, value: f64) -> Self {
        Self { name, help, kind, samples: vec![Sample { suffix: "", labels: Vec::new(), value }] }
    }
}

/// Derives everything that is shown anew from the facts.
pub trait Rebuilder: Send + Sync + 'static {
    /// Begins; if a rebuild is going on, it stays the only one.
    fn start(&self) -> Rebuild;

    /// How far the newest one is.
    fn progress(&self) -> Rebuild;
}

impl Rebuilder for Trail {
    fn start(&self) -> Rebuild {
        self.ask_rebuild()
    }

    fn progress(&self) -> Rebuild {
        self.rebuild()
    }
}

/// Makes a copy of everything that the hub keeps, while it runs.
#[async_trait]
pub trait Backup: Send + Sync + 'static {
    /// Writes a consistent copy into the hub's own backup folder, with the hub's keys if asked, and says where it
    /// lies.
    ///
    /// # Errors
    ///
    /// If it could not be written completely; nothing half-written remains.
    async fn backup(&self, with_keys: bool) -> anyhow::Result<BackupMade>;
}

/// A finished copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMade {
    /// Where it lies on the hub's machine.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
}
