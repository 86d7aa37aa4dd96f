//! The admin HTTP: JSON for programs under `/api/v1`, pages for people, and the four probes.
//!
//! One file per resource holds its error, its OpenAPI description, its handler and its tests. Who may do what is
//! the first argument of each handler ([`guard`]); [`shell`] adds what every answer needs. The same router
//! serves the TCP listener and the local unix socket ([`serve`]). Boxes never come here.

mod about;
mod activity;
mod alerts;
mod attendance;
mod audit;
mod backups;
mod blobs;
pub(crate) mod commands;
pub mod config;
mod connectors;
mod cursor;
mod devices;
mod diary;
mod enrolments;
pub(crate) mod events;
mod factor;
mod first_steps;
pub mod guard;
mod health;
mod holidays;
pub(crate) mod hours;
mod idempotency;
mod imports;
pub mod input;
mod jobs;
mod legacy;
mod local;
mod looks;
pub(crate) mod machines;
mod mails;
mod me;
mod media;
pub mod meters;
mod metrics;
mod notice;
mod openapi;
mod operations;
pub mod page;
mod pairing;
mod people;
mod pins;
pub mod ports;
mod presence;
mod privacy;
pub mod problem;
pub(crate) mod proxy;
mod punches;
pub mod reach;
mod rebuild;
mod recovery;
mod registry;
mod releases;
mod replace;
mod rest;
mod rollouts;
mod schedules;
pub mod serve;
mod session;
mod shell;
mod site;
mod sites;
pub(crate) mod state;
mod terminals;
pub mod time;
pub(crate) mod tls;
mod tm20;
mod tokens;
pub(crate) mod trail;
mod users;
mod version;
pub mod views;
mod windows;

#[cfg(test)]
mod injection;
#[cfg(test)]
pub(crate) mod testing;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;

use self::idempotency::Answers;
use self::ports::{Backup, Erasures, Meters, Readiness, Rebuilder, Revoker, Tickets};
use self::reach::Hearing;
use self::trail::Refusals;
use self::windows::Windows;
use crate::alerts::driver::Lookout;
use crate::blobs::Blobs;
use crate::clean_desk::message::Words;
use crate::connectors::driver::Exchange;
use crate::dispatch::driver::Dispatch;
use crate::fleet::FleetView;
use crate::imports::Imports;
use crate::login::Logins;
use crate::mail::desk::Desk;
use crate::presence::driver::Presences;
use crate::retention::RetentionConfig;
use crate::rollout::driver::Rollouts;
use crate::shelf::Shelf;
use crate::store::Store;

pub use self::openapi::document;

/// Live streams at once: each holds a connection.
const STREAMS_MAX: usize = 128;

/// What the admin HTTP is built from.
pub struct Parts {
    /// What the hub keeps.
    pub store: Arc<dyn Store>,
    /// Sessions, tokens, and how often somebody may guess a password.
    pub logins: Arc<Logins>,
    /// The calendar.
    pub clock: Arc<dyn Clock>,
    /// The fleet at this moment.
    pub fleet: Arc<dyn FleetView>,
    /// Has commands sent, and knows how far they are.
    pub dispatch: Dispatch,
    /// Looks out for what is wrong.
    pub alerts: Lookout,
    /// Moves rollouts on.
    pub rollouts: Rollouts,
    /// Exchanges rows and people with third parties.
    pub exchange: Exchange,
    /// Who was there, who is there.
    pub presences: Presences,
    /// Writes letters.
    pub desk: Desk,
    /// What boxes uploaded.
    pub blobs: Blobs,
    /// What boxes may be given.
    pub media: Shelf,
    /// Keeps packages of software.
    pub releases: Shelf,
    /// Takes in what came by a stick.
    pub imports: Arc<dyn Imports>,
    /// Cuts revoked boxes.
    pub revoker: Arc<dyn Revoker>,
    /// Whether the hub can work.
    pub readiness: Arc<dyn Readiness>,
    /// Counters of the other parts.
    pub meters: Arc<dyn Meters>,
    /// Copies the store.
    pub backup: Arc<dyn Backup>,
    /// Derives everything anew.
    pub rebuilder: Arc<dyn Rebuilder>,
    /// Signs pairing links.
    pub tickets: Arc<dyn Tickets>,
    /// Remembers who was erased, where no restore reaches.
    pub erasures: Arc<dyn Erasures>,
    /// How long things are kept, as people are told.
    pub retention: RetentionConfig,
    /// The silence that people are told of.
    pub silent_after: Duration,
    /// What is said on machines if nobody words it.
    pub clean_desk: Words,
    /// What new boxes are told.
    pub invitation: Invitation,
    /// Whether people reach these pages by TLS: then cookies are for TLS only.
    pub is_tls: bool,
    /// Whether nothing here is real: each page says so.
    pub is_demo: bool,
    /// Ends live streams when the hub stops.
    pub stopping: CancellationToken,
}

/// What an enrolment token tells a box about this hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where HTTPS for boxes listens, as boxes reach it: `host:port`.
    pub address: String,
    /// SHA-256 of the hub's CA certificate (DER).
    pub ca_sha256: [u8; 32],
}

/// The state of every handler; clones share it.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

/// [`Parts`] and what the handlers share among themselves.
pub struct Inner {
    parts: Parts,
    /// Answers to requests with an `Idempotency-Key`.
    answers: Answers,
    /// Places for live streams.
    streams: Arc<Semaphore>,
    /// Which of a browser's windows live.
    windows: Windows,
    /// Refusals that the audit log still takes.
    refusals: Refusals,
}

impl Admin {
    /// Assembles the state.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let (answers, windows, refusals) = (Answers::default(), Windows::default(), Refusals::default());
        Self(Arc::new(Inner { parts, answers, streams, windows, refusals }))
    }

    /// How links are judged at this moment.
    pub(crate) fn hearing(&self) -> Hearing {
        Hearing { now_ms: self.clock.wall_ms(), silent_after: self.silent_after }
    }
}

impl Deref for Admin {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// Every route, ready to be served.
pub fn router(admin: Admin) -> Router {
    let (api, _document) = openapi::api().split_for_parts();
    let outside = api.merge(page::routes()).merge(tm20::pages());
    let inside = shell::wrap(outside, &admin).with_state(admin.clone());
    shell::around(page::act::routes(inside.clone()), &admin).with_state(admin).fallback_service(inside)
}
