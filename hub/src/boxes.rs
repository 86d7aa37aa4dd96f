//! HTTPS for boxes: enrolment, renewal, the time. It serves no route of the administration.
//!
//! The listener is open to the world, so that everything in it is limited: handshakes run in their own tasks,
//! connections are few and short, bodies small, and an address that keeps presenting wrong secrets must wait.
//! Every refusal is a problem document with one sentence for the person who reads it at the box.

mod config;
mod desk;
mod devices;
mod files;
mod problem;
mod register;
mod routes;
mod serve;

use std::sync::Arc;

use tokio::net::TcpListener;
use vigie_shared::clock::Clock;
use vigie_shared::lifecycle::Lifecycle;

use crate::blobs::Blobs;
use crate::login::Logins;
use crate::pki::Pki;
use crate::shelf::Shelf;
use crate::store::Store;
pub use config::BoxesConfig;
use desk::Desk;

/// What the boxes' HTTPS is made of, besides its listener.
pub struct BoxesParts {
    /// Its limits, and what it tells boxes about the way to the gateway.
    pub config: BoxesConfig,
    /// Signs certificates.
    pub pki: Arc<Pki>,
    /// Where boxes reach this listener, as they are told: `host:port`.
    pub address: String,
    /// Knows sites, secrets and certificates.
    pub store: Arc<dyn Store>,
    /// Knows accounts, and how often somebody may guess their passwords.
    pub logins: Arc<Logins>,
    /// Keeps what boxes upload.
    pub blobs: Blobs,
    /// Keeps what boxes may be given.
    pub media: Shelf,
    /// Keeps packages that boxes fetch.
    pub releases: Shelf,
    /// Tells the date.
    pub clock: Arc<dyn Clock>,
}

/// Starts to serve boxes.
///
/// # Errors
///
/// If the CA's certificates cannot be used for TLS.
pub fn start(listener: TcpListener, parts: BoxesParts, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let tls = parts.pki.enrolment_tls()?;
    let limits = parts.config.clone();
    let router = routes::router(Arc::new(Desk::new(parts)));
    let door = serve::Door { tls, router, limits };
    lifecycle.spawn("boxes' HTTPS", serve::accept(listener, door, lifecycle.clone()));
    Ok(())
}
