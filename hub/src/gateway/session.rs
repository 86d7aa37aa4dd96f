//! One connection, from the handshake to its end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::access::Refusal;
use super::counters::Ending;
use super::live::Ticket;
use super::policy::{Opening, Policy};
use super::pump::{Inbox, Pump, send};
use super::{BoxEvent, Gate};
use crate::broker::BackendLink;
use crate::pki::PeerIdentity;

const CONNACK_ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const CONNACK_NOT_AUTHORISED: &[u8] = &[0x20, 2, 0, 5];

/// The hub's clock may be set while it waits for a certificate's end: it looks again.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(60 * 60);

/// How long a peer that is being refused may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_secs(2);

type Tls = TlsStream<TcpStream>;

/// A box that has introduced itself and is joined to the broker.
struct Session {
    inbox: Inbox<ReadHalf<Tls>>,
    outbox: WriteHalf<Tls>,
    backend: BackendLink,
    ticket: Ticket,
    cut: oneshot::Receiver<Ending>,
    policy: Policy,
    keep_alive: Duration,
    expires_ms: i64,
}

/// A box whose certificate is genuine, and that has not said anything yet.
struct Guest {
    inbox: Inbox<ReadHalf<Tls>>,
    outbox: WriteHalf<Tls>,
    peer: PeerIdentity,
    ticket: Ticket,
}

/// Serves one connection and counts how it ended.
pub(super) async fn serve(gate: &Gate, stream: TcpStream, peer: SocketAddr) {
    // Boxed, so that the long life of an idle connection does not carry the size of its beginning.
    let ending = match Box::pin(establish(gate, stream, peer)).await {
        Ok(session) => session.run(gate).await,
        Err(ending) => ending,
    };
    gate.counters.end(ending);
}

async fn establish(gate: &Gate, stream: TcpStream, peer: SocketAddr) -> Result<Session, Ending> {
    let (mut guest, mut cut) = welcome(gate, stream).await?;
    let policy = Policy::new(guest.peer.site.clone(), gate.config.message_bytes_max());
    let keep_alive_s = tokio::select! {
        opened = guest.open(gate, &policy) => opened?,
        ending = &mut cut => return Err(ending.unwrap_or(Ending::Revoked)),
        () = gate.stopping.cancelled() => return Err(Ending::Stopping),
    };
    // Never given up half-way, see `Backend::open`. The broker's own patience is longer than ours, so that it
    // is we who say why.
    let backend = gate.backend.open(keep_alive_s.saturating_mul(2)).await.map_err(|error| {
        tracing::warn!(site = %guest.peer.site, "a box could not be joined to the broker: {error}");
        Ending::Broker
    })?;
    let old = guest.ticket.go_live().map_err(|_cut| Ending::Revoked)?;
    send(&mut guest.outbox, CONNACK_ACCEPTED, gate.config.write_limit).await?;
    let (site, connection) = (guest.ticket.site.clone(), guest.ticket.connection);
    if let Some(old) = old {
        tell(gate, BoxEvent::TakenOver { site: site.clone(), old, new: connection }).await;
    }
    let serial = guest.peer.serial.clone();
    tell(gate, BoxEvent::Connected { site, connection, peer, serial }).await;
    let keep_alive = Duration::from_secs(keep_alive_s.into());
    let Guest { inbox, outbox, ticket, peer } = guest;
    Ok(Session { inbox, outbox, backend, ticket, cut, policy, keep_alive, expires_ms: peer.expires_ms })
}

/// The handshake: who is it? The receiver says when and why the connection is cut.
async fn welcome(gate: &Gate, stream: TcpStream) -> Result<(Guest, oneshot::Receiver<Ending>), Ending> {
    let (place, evicted) = gate.strangers.enter();
    // Only delays packets that could go out at once; failing changes nothing else.
    drop(stream.set_nodelay(true));
    let accepted = tokio::select! {
        accepted = timeout(gate.config.handshake_limit, gate.acceptor.accept(stream)) => accepted,
        _ = evicted => return Err(Ending::CrowdedOut),
        () = gate.stopping.cancelled() => return Err(Ending::Stopping),
    };
    let tls = accepted.map_err(|_late| Ending::HandshakeSlow)?.map_err(|error| {
        tracing::debug!("a TLS handshake failed: {error}");
        Ending::HandshakeFailed
    })?;
    drop(place);
    let certificate = tls.get_ref().1.peer_certificates().and_then(<[_]>::first).ok_or(Ending::Nameless)?;
    let peer = PeerIdentity::from_certificate(certificate).map_err(|_nobody| Ending::Nameless)?;
    let (ticket, cut) = gate.live.enter(&peer).ok_or(Ending::SiteFull)?;
    let (reader, outbox) = tokio::io::split(tls);
    Ok((Guest { inbox: Inbox::new(reader), outbox, peer, ticket }, cut))
}

impl Guest {
    /// May it connect, and does it ask properly? Returns its keep-alive in seconds.
    async fn open(&mut self, gate: &Gate, policy: &Policy) -> Result<u16, Ending> {
        let asked = gate.access.admit(&self.peer.site, &self.peer.serial);
        let admitted = timeout(gate.config.connect_limit, asked).await.map_err(|_late| Ending::Undecided)?;
        if let Err(refusal) = admitted {
            tracing::info!(site = %self.peer.site, serial = self.peer.serial, "a box was refused: {refusal}");
            self.refuse().await;
            return Err(match refusal {
                Refusal::UnknownSite => Ending::UnknownSite,
                Refusal::Revoked => Ending::Revoked,
                Refusal::Undecided(_) => Ending::Undecided,
            });
        }
        timeout(gate.config.connect_limit, self.read_connect(policy)).await.unwrap_or(Err(Ending::ConnectSlow))
    }

    async fn read_connect(&mut self, policy: &Policy) -> Result<u16, Ending> {
        loop {
            match policy.open(self.inbox.bytes()) {
                Opening::Incomplete => self.inbox.fill().await?,
                Opening::Accepted { bytes, keep_alive_s } => {
                    self.inbox.consume(bytes);
                    return Ok(keep_alive_s);
                }
                Opening::Refused => {
                    tracing::info!(site = %self.peer.site, "a box asked for a connection that boxes do not get");
                    self.refuse().await;
                    return Err(Ending::ConnectRefused);
                }
                Opening::Broken => return Err(Ending::Malformed),
            }
        }
    }

    /// Says no in MQTT's words. If that fails, closing says it as well.
    async fn refuse(&mut self) {
        let _is_told = send(&mut self.outbox, CONNACK_NOT_AUTHORISED, REFUSAL_LIMIT).await.is_ok();
    }
}

impl Session {
    async fn run(mut self, gate: &Gate) -> Ending {
        let pump = Pump { gate, policy: &self.policy, ticket: &self.ticket, patience: self.keep_alive * 3 / 2 };
        let (mut from_broker, mut to_broker) = self.backend.split();
        let ending = tokio::select! {
            ending = pump.up(&mut self.inbox, &mut to_broker) => ending,
            ending = pump.down(&mut from_broker, &mut self.outbox) => ending,
            ending = &mut self.cut => ending.unwrap_or(Ending::Revoked),
            () = expiry(gate, self.expires_ms) => Ending::Expired,
            () = gate.stopping.cancelled() => Ending::Stopping,
        };
        log_end(&self.ticket, ending);
        Box::pin(pump.part(&mut from_broker, &mut to_broker, &mut self.outbox)).await;
        let (site, connection) = (self.ticket.site.clone(), self.ticket.connection);
        drop(self);
        tell(gate, BoxEvent::Disconnected { site, connection, ending }).await;
        ending
    }
}

/// Waits until a certificate has ended.
async fn expiry(gate: &Gate, expires_ms: i64) {
    loop {
        // A certificate counts whole seconds and is good through its last one.
        let left_ms = expires_ms.saturating_add(1_000).saturating_sub(gate.clock.wall_ms());
        let Some(left) = u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0) else { return };
        tokio::time::sleep(Duration::from_millis(left).min(CERTIFICATE_LOOK)).await;
    }
}

fn log_end(ticket: &Ticket, ending: Ending) {
    let (site, reason) = (&ticket.site, ending.as_str());
    match ending {
        Ending::Malformed
        | Ending::TooLong
        | Ending::ForeignPacket
        | Ending::ForeignPublish
        | Ending::ForeignSubscribe => {
            tracing::warn!(%site, reason, "a box sent what boxes may not send; its connection was closed");
        }
        Ending::Expired => tracing::warn!(
            %site,
            reason,
            "a box's certificate ended and its connection was closed; the box renews it at its next call, and if it \
             cannot: `vigie-agent resync` on the box"
        ),
        _ => tracing::debug!(%site, reason, "a box's connection ended"),
    }
}

/// Tells the hub. While it does not listen, the box waits; when it is gone or stops, nobody needs to know.
async fn tell(gate: &Gate, event: BoxEvent) {
    tokio::select! {
        biased;
        _is_told = gate.events.send(event) => {}
        () = gate.stopping.cancelled() => {}
    }
}
