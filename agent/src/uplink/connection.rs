//! One MQTT connection, from dialling to its end. The only file that knows the MQTT client library.
//!
//! A connection is never repaired: the library forgets what was pending when a session is lost, and one of its
//! states never recovers. A new connection is a new client, and the outbox resends. The library's event loop is
//! not safe to cancel, so it runs in its own task, which ends by dropping it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::{Answer, Down, SignedCommand, Topic, delivery::MESSAGE_BYTES_MAX};

/// A dead link shows after at most two of these.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Dialling, TLS and MQTT's greeting together.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Largest packet in either direction: a message and its topic.
const PACKET_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 1024;

/// Messages handed to the library and not yet written. The outbox' windows keep far below it.
const REQUESTS_MAX: usize = 64;

/// Messages from the hub that wait to be looked at.
const INCOMING_MAX: usize = 64;

/// Whom to call.
pub(super) struct Dial {
    pub(super) site: SiteId,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Arc<rustls::ClientConfig>,
}

/// Something that the hub says.
pub(super) enum Heard {
    Answer(Answer),
    Command(SignedCommand),
}

/// A connection that is up: connected and subscribed. Dropping it closes it.
pub(super) struct Connection {
    client: AsyncClient,
    incoming: mpsc::Receiver<Result<Event, String>>,
    _event_loop: DropGuard,
}

impl Connection {
    /// Dials, subscribes to everything that is for this site, and waits until the hub has granted it.
    ///
    /// # Errors
    ///
    /// Words on what stood in the way.
    pub(super) async fn open(dial: Dial, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let mut options = MqttOptions::new(dial.site.as_str(), &dial.host, dial.port);
        options
            .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(dial.tls)))
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_session(true)
            .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
        let (client, mut event_loop) = AsyncClient::new(options, REQUESTS_MAX);
        let mut network = event_loop.network_options();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT_MAX.as_secs());
        event_loop.set_network_options(network);

        let (events, incoming) = mpsc::channel(INCOMING_MAX);
        let closed = CancellationToken::new();
        let guard = closed.clone().drop_guard();
        lifecycle.spawn_detached(turn(event_loop, events, closed));
        let mut connection = Self { client, incoming, _event_loop: guard };

        let filter = Topic::all_down(&dial.site);
        connection.client.try_subscribe(filter, QoS::AtMostOnce).context("ask for the hub's messages")?;
        tokio::time::timeout(CONNECT_MAX, connection.granted())
            .await
            .context("the hub accepted the connection and then said nothing")??;
        Ok(connection)
    }

    async fn granted(&mut self) -> anyhow::Result<()> {
        loop {
            if let Event::Incoming(Packet::SubAck(_)) = self.event().await? {
                return Ok(());
            }
        }
    }

    /// Hands a message to the connection.
    ///
    /// # Errors
    ///
    /// If the connection has ended, or so much is unwritten that it is stuck.
    pub(super) fn send(&self, topic: &Topic, payload: Vec<u8>) -> anyhow::Result<()> {
        self.client
            .try_publish(topic.to_string(), QoS::AtMostOnce, false, payload)
            .context("the connection takes no more; the link is stuck")
    }

    /// What the hub says next. Safe to cancel.
    ///
    /// # Errors
    ///
    /// Why the connection ended.
    pub(super) async fn next(&mut self) -> anyhow::Result<Heard> {
        loop {
            let Event::Incoming(Packet::Publish(publish)) = self.event().await? else { continue };
            let heard = match publish.topic.parse() {
                Ok(Topic::Down(_, Down::Receipt)) => Answer::decode(&publish.payload).map(Heard::Answer),
                Ok(Topic::Down(_, Down::Command)) => SignedCommand::decode(&publish.payload).map(Heard::Command),
                Ok(_) | Err(_) => {
                    tracing::debug!("a message that this version does not know is ignored");
                    continue;
                }
            };
            match heard {
                Ok(heard) => return Ok(heard),
                Err(error) => tracing::warn!("a message of the hub is unreadable and ignored: {error}"),
            }
        }
    }

    async fn event(&mut self) -> anyhow::Result<Event> {
        match self.incoming.recv().await {
            Some(Ok(event)) => Ok(event),
            Some(Err(text)) => Err(anyhow::anyhow!(text)),
            None => Err(anyhow::anyhow!("the connection was closed")),
        }
    }
}

/// Turns the library's event loop until it fails or the connection is dropped.
async fn turn(mut event_loop: EventLoop, events: mpsc::Sender<Result<Event, String>>, closed: CancellationToken) {
    loop {
        let polled = tokio::select! {
            polled = event_loop.poll() => polled,
            () = closed.cancelled() => return,
        };
        let is_over = polled.is_err();
        let passed_on = match polled {
            Ok(Event::Outgoing(_)) => continue,
            Ok(event) => Ok(event),
            Err(error) => Err(words(&error)),
        };
        if events.send(passed_on).await.is_err() || is_over {
            return;
        }
    }
}

/// The library's error with its causes, in the words of whoever reads a status page.
fn words(error: &rumqttc::ConnectionError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
