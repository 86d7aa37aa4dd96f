//! One connection to the broker of a home or an office. The only file of the hub that knows the MQTT client library.
//!
//! A connection is never repaired: whoever lost one opens another and says everything again. The library's event loop is
//! not safe to cancel, so it turns in a task of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rumqttc::{
    AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, QoS, SubscribeFilter, TlsConfiguration, Transport,
};
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use vigie_shared::lifecycle::Lifecycle;

use super::announce::OFFLINE;
use super::config::HomeAssistantConfig;
use super::ledger::Said;
use super::topics::Topics;

/// A dead link shows after at most two of these.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Dialling, TLS and MQTT's greeting together.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Largest packet in either direction: a description of a device is some KB.
const PACKET_BYTES_MAX: usize = 64 * 1024;

/// Messages handed to the library and not yet written: those of some hundred sites; the rest goes at the next look.
const REQUESTS_MAX: usize = 1024;

/// Messages from the broker that wait to be looked at: all that it keeps comes at once.
const INCOMING_MAX: usize = 1024;

/// Ports of brokers.
const PLAIN_PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// Something that the broker says.
pub(super) enum Heard {
    /// The connection is up and what was wanted is granted.
    Granted,
    /// A message.
    Message {
        /// Where.
        topic: String,
        /// What.
        payload: Vec<u8>,
        /// It was said before, and kept.
        is_kept: bool,
    },
}

/// A connection; dropping it closes it, and the broker says that the hub is away.
pub(super) struct Connection {
    client: AsyncClient,
    incoming: mpsc::Receiver<anyhow::Result<Heard>>,
    _event_loop: DropGuard,
}

impl Connection {
    /// Dials. Whether it worked is heard.
    ///
    /// # Errors
    ///
    /// If the settings cannot be used.
    pub(super) fn open(config: &HomeAssistantConfig, topics: &Topics, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let options = options(config, topics)?;
        let (client, mut event_loop) = AsyncClient::new(options, REQUESTS_MAX);
        let mut network = event_loop.network_options();
        network.set_connection_timeout(CONNECT_MAX.as_secs());
        event_loop.set_network_options(network);
        let filters = topics.wanted().map(|filter| SubscribeFilter::new(filter, QoS::AtLeastOnce));
        client.try_subscribe_many(filters).context("ask for what Home Assistant says")?;
        let (events, incoming) = mpsc::channel(INCOMING_MAX);
        let closed = CancellationToken::new();
        let guard = closed.clone().drop_guard();
        lifecycle.spawn_detached(turn(event_loop, events, closed));
        Ok(Self { client, incoming, _event_loop: guard })
    }

    /// Hands a message over, to be kept; whether there was room for it.
    pub(super) fn say(&self, said: &Said) -> bool {
        self.client.try_publish(&said.topic, QoS::AtLeastOnce, true, said.payload.clone()).is_ok()
    }

    /// What the broker says next. Safe to cancel.
    ///
    /// # Errors
    ///
    /// Why the connection ended.
    pub(super) async fn next(&mut self) -> anyhow::Result<Heard> {
        self.incoming.recv().await.unwrap_or_else(|| bail!("the connection was closed"))
    }
}

fn options(config: &HomeAssistantConfig, topics: &Topics) -> anyhow::Result<MqttOptions> {
    let broker = config.broker.as_deref().unwrap_or_default();
    let (is_tls, rest) = match broker.split_once("://") {
        Some(("mqtts", rest)) => (true, rest),
        Some(("mqtt", rest)) => (false, rest),
        _ => bail!("`home_assistant.broker` is `{broker}`; write it like mqtts://homeassistant.local:8883"),
    };
    let usual = if is_tls { TLS_PORT } else { PLAIN_PORT };
    let (host, port) = match rest.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => (host, port.parse().context("`home_assistant.broker` has a port that is no number")?),
        None => (rest.trim_end_matches('/'), usual),
    };
    let mut options = MqttOptions::new(topics.node("hub"), host, port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(true)
        .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX)
        .set_last_will(LastWill::new(topics.status(), OFFLINE, QoS::AtLeastOnce, true));
    if let Some(user) = &config.user {
        let password = config.password_file.as_deref().map(password).transpose()?;
        options.set_credentials(user, password.unwrap_or_default());
    }
    if is_tls {
        let tls = Arc::new(tls(config.ca_file.as_deref())?);
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls)));
    }
    Ok(options)
}

fn password(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("read the password of `home_assistant` from {}", file.display()))?;
    Ok(text.trim_end().to_owned())
}

/// Trusts the given CA, or what the system trusts.
fn tls(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let Some(file) = ca_file else {
        return Ok(builder.with_platform_verifier()?.with_no_client_auth());
    };
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .with_context(|| format!("read the CA of `home_assistant` from {}", file.display()))?;
    for certificate in certificates {
        roots.add(certificate?)?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Turns the library's event loop until it fails or the connection is dropped.
async fn turn(mut event_loop: EventLoop, events: mpsc::Sender<anyhow::Result<Heard>>, closed: CancellationToken) {
    loop {
        let polled = tokio::select! {
            polled = event_loop.poll() => polled,
            () = closed.cancelled() => return,
        };
        let heard = match polled {
            Ok(Event::Incoming(Packet::SubAck(_))) => Ok(Heard::Granted),
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let (payload, is_kept) = (publish.payload.to_vec(), publish.retain);
                Ok(Heard::Message { topic: publish.topic, payload, is_kept })
            }
            Ok(_) => continue,
            Err(error) => Err(anyhow::Error::new(error)),
        };
        let is_over = heard.is_err();
        if events.send(heard).await.is_err() || is_over {
            return;
        }
    }
}
