//! The operators' MQTT: people's programs give commands and are told what happens, with an account's name and an API
//! token, over TLS.
//!
//! Not through the broker: a handful of topics, all told by the hub itself, need no broker, and the embedded one never
//! frees a filter and falls over at small inputs. So the hub composes each message once ([`news`]), puts it into one
//! bounded channel, and every connection ([`session`]) picks what its filters match. Whoever reads too slowly to
//! keep up is cut instead of served with holes; nobody else waits for it, the hub least of all.
//!
//! A command given here is the one given over HTTP: the same code checks the right, reads, stores and answers
//! ([`order`](crate::http::commands::order)). An acknowledgement means stored. A refusal is told in words, to whoever
//! gave the command, on the topic where its outcome would have come. Rights are looked up at each command and every
//! 15 s, so that a removed token works no longer.
//!
//! ```sh
//! vigie-hub token add home-automation --role operator        # prints the token; the name is the account's: admin
//! hub="-h 127.0.0.1 -p 8884 --cafile /var/lib/vigie/hub/pki/ca.pem --insecure -u admin -P vgt_…"
//! mosquitto_sub $hub -v -t 'vigie/v1/+/state' -t 'vigie/v1/+/commands/#'
//! mosquitto_pub $hub -q 1 -t vigie/v1/rennes01/commands/restart_service -m '{"service":"neopro-app"}'
//! ```
//!
//! Home Assistant may be one of these programs ([`guests`](crate::home_assistant)): then what it is told is told here too.
//!
//! `--insecure` leaves out only the comparison of names: the hub's certificate has one name wherever the hub is, and its
//! CA signs for no other server.

mod config;
mod counters;
mod desk;
mod door;
mod news;
mod packets;
mod policy;
mod seats;
mod session;
mod topics;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use vigie_shared::lifecycle::Lifecycle;

use crate::home_assistant::{Guests, Topics};
use crate::http::Admin;
use crate::http::views::EntryView;
use crate::ingest::driver::Onlooker;
use crate::projector::driver::Listener;
use crate::store::accounts::Role;
use crate::store::diary::Entry;
use crate::store::facts::Commit;
use crate::strangers::Strangers;
pub use config::OperatorsConfig;
use counters::{Counters, count};
pub use counters::{Ending, OperatorsFigures};
use seats::Addresses;

/// After the system refused a connection, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The operators' side of the hub. Clones are handles of the same one.
#[derive(Clone)]
pub struct Operators(Arc<Room>);

/// What all connections share, and those who have something to tell them.
struct Room {
    config: OperatorsConfig,
    news: broadcast::Sender<Arc<Note>>,
    seats: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    strangers: Arc<Strangers>,
    counters: Counters,
}

/// Something that is told, to whoever asked for its topic and may know.
struct Note {
    topic: String,
    needs: Role,
    packet: Bytes,
}

/// What the connections work with.
struct Hall {
    room: Arc<Room>,
    admin: Admin,
    acceptor: TlsAcceptor,
    /// How Home Assistant is served, if it may come.
    home: Option<Guests>,
    stopping: CancellationToken,
}

impl Operators {
    /// Nobody is let in yet, but there may be something to tell.
    #[must_use]
    pub fn new(config: OperatorsConfig) -> Self {
        Self(Arc::new(Room {
            news: broadcast::Sender::new(config.waiting_messages_max.clamp(1, 1 << 20)),
            seats: Arc::new(Semaphore::new(config.connections_max)),
            addresses: Arc::new(Addresses::new(config.connections_per_address_max)),
            strangers: Arc::new(Strangers::new(config.strangers_max)),
            counters: Counters::default(),
            config,
        }))
    }

    /// Starts to let people's programs in.
    pub(crate) fn open(
        &self,
        (listener, tls): (TcpListener, Arc<ServerConfig>),
        admin: Admin,
        home: Option<Guests>,
        lifecycle: &Lifecycle,
    ) {
        let (room, acceptor, stopping) = (Arc::clone(&self.0), TlsAcceptor::from(tls), lifecycle.stopping());
        let hall = Arc::new(Hall { room, admin, acceptor, home, stopping });
        if hall.home.is_some() {
            lifecycle.spawn("operators' home", news::tell_home(Arc::clone(&hall)));
        }
        lifecycle.spawn("operators' states", news::tell_states(Arc::clone(&hall)));
        lifecycle.spawn("operators' commands", news::tell_commands(Arc::clone(&hall)));
        lifecycle.spawn("operators' MQTT", accept(listener, hall, lifecycle.clone()));
    }

    /// Tells what happened at a site: the diary's words, or that a box came or went.
    pub fn tell(&self, entry: &Entry) {
        let Some(site) = entry.site.as_ref().filter(|_| topics::is_kind(&entry.kind)) else { return };
        if self.0.has_readers() {
            let json = serde_json::to_vec(&EntryView::from(entry)).unwrap_or_default();
            self.0.publish(topics::event(site, &entry.kind), Role::Viewer, &json);
        }
    }

    /// The figures at this moment.
    #[must_use]
    pub fn figures(&self) -> OperatorsFigures {
        let Room { config, seats, strangers, counters, .. } = &*self.0;
        OperatorsFigures {
            open: config.connections_max.saturating_sub(seats.available_permits()),
            strangers: strangers.count(),
            ..counters.figures()
        }
    }
}

impl Onlooker for Operators {
    fn on_committed(&self, commit: &Commit) {
        commit.entries.iter().for_each(|entry| self.tell(entry));
    }
}

impl Listener for Operators {
    fn on_noted(&self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.tell(entry));
    }
}

impl Hall {
    fn home_topics(&self) -> Option<&Topics> {
        self.home.as_ref().map(Guests::topics)
    }

    /// Whether a filter asks for what Home Assistant is told.
    fn is_homes(&self, filter: &topics::Filter) -> bool {
        self.home_topics().is_some_and(|home| home.grants(filter.as_str()))
    }
}

impl Room {
    fn has_readers(&self) -> bool {
        self.news.receiver_count() > 0
    }

    fn publish(&self, topic: String, needs: Role, json: &[u8]) {
        let packet = packets::publish(&topic, json, false).into();
        // Nobody reading is no fault.
        drop(self.news.send(Arc::new(Note { topic, needs, packet })));
    }
}

/// Starts one task for each connection and waits for nothing else.
async fn accept(listener: TcpListener, hall: Arc<Hall>, lifecycle: Lifecycle) -> anyhow::Result<()> {
    loop {
        let accepted = tokio::select! {
            () = hall.stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("an operator's program could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        count(&hall.room.counters.accepted);
        let Ok(seat) = Arc::clone(&hall.room.seats).try_acquire_owned() else {
            hall.room.counters.end(Ending::Full);
            continue;
        };
        let Some(address_seat) = hall.room.addresses.enter(peer.ip()) else {
            hall.room.counters.end(Ending::AddressFull);
            continue;
        };
        let hall = Arc::clone(&hall);
        lifecycle.spawn_detached(async move {
            door::serve(&hall, stream, peer).await;
            drop((seat, address_seat));
        });
    }
}

/// Drives the policy and the filters with arbitrary bytes: the entry for fuzzers.
///
/// # Panics
///
/// If one of their laws is broken.
#[doc(hidden)]
pub fn fuzz_packets(data: &[u8]) {
    policy::check_laws(data);
    if let Some(filter) = topics::Filter::grant(data, Role::Owner) {
        assert!(filter.as_str().starts_with("vigie/v1/"), "only what the hub tells can be asked for");
    }
}

#[cfg(test)]
mod tests;
