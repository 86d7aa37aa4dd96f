//! The embedded MQTT broker: a volatile switch between the gateway and the hub. Alone names `rumqttd`.
//!
//! It listens on loopback only, for connections of the gateway that know a secret drawn at each start. Nothing
//! is kept in it: no sessions, no retained messages, no wills; what it loses is sent again by the boxes. Its
//! console, metrics exporter and TLS stay off.
//!
//! Two threads stand between its in-process link and the rest of the hub, because calls on that link block:
//! one moves what boxes said into a bounded channel, the other publishes what the hub says. The router itself
//! never waits for them: what the reader does not take in time rolls over in the log, so the log is sized for
//! the windows of all boxes ([`BrokerConfig`]).
//!
//! If the router dies, both threads notice, the [`Lifecycle`] stops, and the process ends with a failure code
//! for the service manager to start it again: the router cannot be restarted inside a process.

mod backend;
mod ports;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use anyhow::Context as _;
use rumqttd::local::{LinkBuilder, LinkRx, LinkTx};
use rumqttd::protocol::v4::V4;
use rumqttd::{
    ConnectionSettings, LinkType, Notification, Router, RouterConfig, SegmentConfig, Server, ServerSettings,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Topic;
use vigie_shared::wire::delivery::MESSAGE_BYTES_MAX;

pub use backend::{Backend, BackendError, BackendLink};
use ports::Parcel;
pub use ports::{BrokerConfig, Downlink, DownlinkError, Message};

/// Segments of the log of what boxes said. More and smaller ones waste less of the last one.
const SEGMENTS: usize = 16;

/// The log of what one box is told: some fifty receipts, each of which covers those before it. Small, because
/// every box has one, the broker never frees it, and it keeps 232 bytes beside each message.
const DOWN_LOG: SegmentConfig = SegmentConfig { max_segment_size: 4 * 1024, max_segment_count: 1 };
const DOWN_FILTERS: &str = "/tenants/+/down/#";

/// What a packet may have beyond its payload: header, topic, identifier.
const PACKET_OVERHEAD_BYTES: usize = 256;

/// Tries to find a port that nobody takes between looking and binding.
const PORT_TRIES: usize = 8;

/// How long the gateway's connections may take to introduce themselves.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A running broker: the hub's ends of it.
pub struct Broker {
    /// What boxes say, in the order in which it arrived. A reader that stalls holds nobody up, but loses what
    /// rolls over in the log meanwhile; boxes send it again.
    pub uplink: Receiver<Message>,
    /// What the hub says to them.
    pub downlink: Downlink,
    /// Where the gateway connects to.
    pub backend: Backend,
}

impl Broker {
    /// Starts router, threads and listener; returns when the listener answers.
    ///
    /// # Errors
    ///
    /// If the listener cannot be bound or the system gives no threads.
    pub async fn start(config: &BrokerConfig, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let router = Router::new(0, router_config(config)).spawn();
        let (mut link_tx, link_rx, _ack) =
            LinkBuilder::new("hub", router.clone()).build().context("join the broker")?;
        // Before the listener starts: a message that nobody has subscribed to is acknowledged and discarded.
        link_tx.subscribe(Topic::ALL_UP).context("subscribe to what boxes say")?;

        let (uplink_tx, uplink) = std::sync::mpsc::sync_channel(config.uplink_messages_max);
        let (downlink, parcels) = Downlink::new(config.downlink_messages_max);
        let (stopping, runtime) = (lifecycle.stopping(), tokio::runtime::Handle::current());
        lifecycle.spawn_thread("uplink", move || runtime.block_on(receive(link_rx, uplink_tx, stopping)))?;
        let (stopping, runtime) = (lifecycle.stopping(), tokio::runtime::Handle::current());
        lifecycle.spawn_thread("downlink", move || runtime.block_on(send(link_tx, parcels, stopping)))?;

        let server = |settings| Server::new(settings, router.clone(), V4);
        let backend = listen(server, config, lifecycle).await?;
        Ok(Self { uplink, downlink, backend })
    }
}

fn router_config(config: &BrokerConfig) -> RouterConfig {
    let windows_bytes = config.boxes_max.saturating_mul(BrokerConfig::WINDOW_BYTES);
    RouterConfig {
        // One more than the backend ever opens, and the hub's own link: reaching this limit would poison the
        // listener.
        max_connections: config.connections_max() + 2,
        max_outgoing_packet_count: 200,
        max_segment_size: windows_bytes.div_ceil(SEGMENTS - 1).max(1 << 20),
        max_segment_count: SEGMENTS,
        custom_segment: Some([(DOWN_FILTERS.to_owned(), DOWN_LOG)].into_iter().collect()),
        ..RouterConfig::default()
    }
}

/// Starts the listener on a free loopback port and waits until it answers.
async fn listen(
    server: impl Fn(ServerSettings) -> Server<V4>,
    config: &BrokerConfig,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Backend> {
    let mut refused = anyhow::anyhow!("no port was tried");
    for _ in 0..PORT_TRIES {
        let backend = Backend::new(free_port()?, config.connections_max());
        let mut server = server(server_settings(&backend));
        let mut serve = Box::pin(async move { server.start(LinkType::Remote).await });
        tokio::select! {
            ended = &mut serve => refused = ended.err().map_or(refused, anyhow::Error::new),
            answer = backend.probe() => {
                answer.context("reach the broker that was just started")?;
                let stopping = lifecycle.stopping();
                lifecycle.spawn("broker", async move {
                    tokio::select! {
                        () = stopping.cancelled() => Ok(()),
                        ended = serve => ended.context("listen for the gateway"),
                    }
                });
                return Ok(backend);
            }
        }
    }
    Err(refused.context("bind a loopback port for the broker"))
}

/// The server binds by itself, so that the port must be known before.
fn free_port() -> anyhow::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("look for a free loopback port")?;
    listener.local_addr().context("look for a free loopback port")
}

fn server_settings(backend: &Backend) -> ServerSettings {
    let mut connections = ConnectionSettings {
        connection_timeout_ms: u16::try_from(CONNECT_LIMIT.as_millis()).unwrap_or(u16::MAX),
        max_payload_size: MESSAGE_BYTES_MAX + PACKET_OVERHEAD_BYTES,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: false,
    };
    let gate = backend.clone();
    connections.set_auth_handler(move |_client: String, _user: String, password: String| {
        let is_ours = gate.is_secret(&password);
        std::future::ready(is_ours)
    });
    ServerSettings {
        name: "gateway".to_owned(),
        listen: backend.address(),
        tls: None,
        next_connection_delay_ms: 0,
        connections,
    }
}

/// Moves what boxes said into the hub's channel until the process stops or the router dies.
async fn receive(mut link: LinkRx, uplink: SyncSender<Message>, stopping: CancellationToken) -> anyhow::Result<()> {
    let mut stopped = std::pin::pin!(stopping.cancelled());
    loop {
        let next = tokio::select! {
            biased;
            () = &mut stopped => return Ok(()),
            next = link.next() => next.context("the broker's router died; a new process must start it")?,
        };
        match next {
            Some(Notification::Forward(forward)) => {
                let topic = String::from_utf8_lossy(&forward.publish.topic).into_owned();
                // This thread may block here: the router goes on, see the module's heading.
                if uplink.send(Message { topic, payload: forward.publish.payload }).is_err() {
                    tracing::debug!("nobody reads what boxes say any more");
                    return Ok(());
                }
            }
            // Without an answer the router never schedules this link again.
            Some(Notification::Unschedule) => link.ready().context("the broker's router died")?,
            Some(_) | None => {}
        }
    }
}

/// Publishes what the hub says until the process stops or the router dies.
async fn send(
    mut link: LinkTx,
    mut parcels: mpsc::Receiver<Parcel>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut stopped = std::pin::pin!(stopping.cancelled());
    loop {
        let parcel = tokio::select! {
            biased;
            () = &mut stopped => return Ok(()),
            parcel = parcels.recv() => parcel,
        };
        let Some(parcel) = parcel else { return Ok(()) };
        link.publish(parcel.topic, parcel.payload).context("the broker's router died; a new process must start it")?;
    }
}

#[cfg(test)]
mod tests;
