//! The gateway: boxes' MQTT, let in only as what their certificate says they are.
//!
//! The broker behind it cannot tell boxes apart and falls over at a handful of small inputs, so nothing reaches
//! it that has not been read and allowed here: [`frames`] reads, [`policy`] decides, both pure. One task serves
//! one connection from handshake to end ([`session`], [`pump`]); the accept loop does nothing but start them.
//! Everything is limited in time, size, number and rate ([`GatewayConfig`]), and an idle box holds no buffer.
//!
//! A site has one live connection: the newest wins, and the hub is told. Revocation asks nobody to wait: who
//! is revoked is refused at the next connection ([`Access`]) and cut now ([`Gateway::drop_site`]). A connection
//! ends with its certificate at the latest.
//!
//! It does not look into messages: what a batch means is the ingest's business.

mod access;
mod config;
mod counters;
pub(crate) mod frames;
mod live;
mod policy;
pub(crate) mod pump;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;

use crate::broker::Backend;
use crate::strangers::Strangers;
pub use access::{Access, Refusal, StoreAccess};
pub use config::GatewayConfig;
pub(crate) use counters::endings;
use counters::{Counters, add};
pub use counters::{Ending, GatewayFigures};
pub use live::ConnectionId;
use live::Live;

/// After the system refused a connection, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the gateway is made of, besides its listener.
pub struct GatewayParts {
    /// Its limits.
    pub config: GatewayConfig,
    /// TLS that lets only clients with a certificate in.
    pub tls: Arc<ServerConfig>,
    /// Who of them may connect.
    pub access: Arc<dyn Access>,
    /// The broker behind it.
    pub backend: Backend,
    /// Where it tells who comes and goes; while the channel is full, boxes wait.
    pub events: mpsc::Sender<BoxEvent>,
    /// By which certificates end.
    pub clock: Arc<dyn Clock>,
}

/// Who comes and goes. Events of one connection come in order; those of two connections of one site may
/// overlap: compare [`ConnectionId`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoxEvent {
    /// A box is connected.
    Connected {
        /// Its site.
        site: SiteId,
        /// This connection.
        connection: ConnectionId,
        /// Where it called from.
        peer: SocketAddr,
        /// The serial number of its certificate, lower-case hexadecimal.
        serial: String,
    },
    /// A new connection replaced one that was still alive: a box that lost its network unnoticed, or two boxes
    /// with one identity.
    TakenOver {
        /// Their site.
        site: SiteId,
        /// The connection that is being cut.
        old: ConnectionId,
        /// The connection that stays.
        new: ConnectionId,
    },
    /// A box is no longer connected by this connection.
    Disconnected {
        /// Its site.
        site: SiteId,
        /// The connection that ended.
        connection: ConnectionId,
        /// Why.
        ending: Ending,
    },
}

/// A running gateway. Clones are handles of the same one.
#[derive(Clone)]
pub struct Gateway(Arc<Gate>);

/// What all connections share.
struct Gate {
    config: GatewayConfig,
    acceptor: TlsAcceptor,
    access: Arc<dyn Access>,
    backend: Backend,
    events: mpsc::Sender<BoxEvent>,
    clock: Arc<dyn Clock>,
    seats: Arc<Semaphore>,
    strangers: Arc<Strangers>,
    live: Arc<Live>,
    counters: Counters,
    stopping: CancellationToken,
}

impl Gateway {
    /// Starts to accept boxes.
    #[must_use]
    pub fn start(listener: TcpListener, parts: GatewayParts, lifecycle: &Lifecycle) -> Self {
        let gate = Arc::new(Gate {
            acceptor: TlsAcceptor::from(parts.tls),
            access: parts.access,
            backend: parts.backend,
            events: parts.events,
            clock: parts.clock,
            seats: Arc::new(Semaphore::new(parts.config.connections_max)),
            strangers: Arc::new(Strangers::new(parts.config.strangers_max)),
            live: Arc::new(Live::new(&parts.config)),
            counters: Counters::default(),
            stopping: lifecycle.stopping(),
            config: parts.config,
        });
        lifecycle.spawn("gateway", accept(listener, Arc::clone(&gate), lifecycle.clone()));
        Self(gate)
    }

    /// Cuts every connection of a site, as after its revocation.
    pub fn drop_site(&self, site: &SiteId) {
        self.0.live.cut_site(site, Ending::Revoked);
    }

    /// Cuts every connection with this certificate.
    pub fn drop_serial(&self, serial: &str) {
        self.0.live.cut_serial(serial, Ending::Revoked);
    }

    /// The sites whose box is connected.
    #[must_use]
    pub fn connected(&self) -> Vec<SiteId> {
        self.0.live.connected()
    }

    /// The gateway's figures at this moment.
    #[must_use]
    pub fn figures(&self) -> GatewayFigures {
        GatewayFigures {
            open: self.0.config.connections_max.saturating_sub(self.0.seats.available_permits()),
            connected: self.0.live.connected_count(),
            strangers: self.0.strangers.count(),
            ..self.0.counters.figures()
        }
    }
}

/// Starts one task for each connection and waits for nothing else.
async fn accept(listener: TcpListener, gate: Arc<Gate>, lifecycle: Lifecycle) -> anyhow::Result<()> {
    loop {
        let accepted = tokio::select! {
            () = gate.stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a box could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        add(&gate.counters.accepted, 1);
        let Ok(seat) = Arc::clone(&gate.seats).try_acquire_owned() else {
            gate.counters.end(Ending::Full);
            continue;
        };
        let gate = Arc::clone(&gate);
        lifecycle.spawn_detached(async move {
            session::serve(&gate, stream, peer).await;
            drop(seat);
        });
    }
}

/// Drives the frame parser and the policy with arbitrary bytes: the entry for fuzzers.
///
/// # Panics
///
/// If one of their laws is broken.
#[doc(hidden)]
pub fn fuzz_frames(data: &[u8]) {
    policy::check_laws(data);
}
