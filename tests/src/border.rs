//! A hub's border in one process: CA, broker, gateway and the boxes' HTTPS on loopback, sites in memory.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use vigie_hub::blobs::Blobs;
use vigie_hub::boxes::{self, BoxesConfig, BoxesParts};
use vigie_hub::broker::{Broker, BrokerConfig, Downlink, Message};
use vigie_hub::gateway::{BoxEvent, Gateway, GatewayConfig, GatewayParts, StoreAccess};
use vigie_hub::login::Logins;
use vigie_hub::pki::Pki;
use vigie_hub::shelf::{Shelf, ShelfConfig};
use vigie_hub::store::sites::{Certificate, Enrolment, Site};
use vigie_hub::store::{Memory, Sites as _};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::{Down, Topic};

use crate::wire_client::{PATIENCE, WireClient, packets};

/// Messages and events that a test may leave lying.
const UNREAD_MAX: usize = 100_000;

/// How the border is set up.
#[derive(Debug, Clone, Default)]
pub struct BorderConfig {
    /// The broker's size.
    pub broker: BrokerConfig,
    /// The gateway's limits.
    pub gateway: GatewayConfig,
    /// The HTTPS' limits.
    pub boxes: BoxesConfig,
}

/// A running border.
pub struct Border {
    /// Its owner.
    pub lifecycle: Lifecycle,
    /// Its keys.
    pub pki: Arc<Pki>,
    /// Its sites.
    pub sites: Arc<Memory>,
    /// What its boxes may be given.
    pub media: Shelf,
    /// Its gateway.
    pub gateway: Gateway,
    /// Says something to boxes.
    pub downlink: Downlink,
    /// Where boxes reach MQTT.
    pub mqtt: SocketAddr,
    /// Where boxes reach HTTPS.
    pub https: SocketAddr,
    /// The folder of its keys.
    pub folder: TempDir,
    uplink: Mutex<mpsc::Receiver<Message>>,
    events: Mutex<mpsc::Receiver<BoxEvent>>,
}

impl Border {
    /// Starts one with its own keys.
    ///
    /// # Errors
    ///
    /// If a part does not start.
    pub async fn start(config: BorderConfig) -> anyhow::Result<Self> {
        Self::start_in(tempfile::tempdir()?, config).await
    }

    /// Starts one with the keys in a folder, if there are any.
    ///
    /// # Errors
    ///
    /// If a part does not start.
    pub async fn start_in(folder: TempDir, config: BorderConfig) -> anyhow::Result<Self> {
        let (lifecycle, clock) = (Lifecycle::new(), Arc::new(SystemClock::new(|| true)));
        let pki = Arc::new(Pki::open(folder.path(), clock.wall_ms())?);
        let sites = Arc::new(Memory::default());
        let Broker { uplink, downlink, backend } = Broker::start(&config.broker, &lifecycle).await?;
        let (listener, events_channel) = (listen().await?, mpsc::channel(UNREAD_MAX));
        let mqtt = listener.local_addr()?;
        let access = Arc::new(StoreAccess(Arc::<Memory>::clone(&sites)));
        let tls = pki.mutual_tls()?;
        let (events, wall) = (events_channel.0, Arc::<SystemClock>::clone(&clock));
        let parts = GatewayParts { config: config.gateway, tls, access, backend, events, clock: wall };
        let gateway = Gateway::start(listener, parts, &lifecycle);
        let listener = listen().await?;
        let https = listener.local_addr()?;
        let media = Shelf::open(folder.path().join("media"), ShelfConfig::default())?;
        let parts = BoxesParts {
            config: config.boxes,
            pki: Arc::clone(&pki),
            address: https.to_string(),
            logins: Arc::new(Logins::new(Arc::<Memory>::clone(&sites), Arc::<SystemClock>::clone(&clock))),
            store: Arc::<Memory>::clone(&sites),
            blobs: Blobs::new(folder.path().join("blobs")),
            media: media.clone(),
            releases: Shelf::open(folder.path().join("releases"), ShelfConfig::default())?,
            clock,
        };
        boxes::start(listener, parts, &lifecycle)?;
        let (messages_tx, messages) = mpsc::channel(UNREAD_MAX);
        lifecycle.spawn_thread("reader", move || {
            // Ends when the broker's thread or the test does.
            while let Ok(message) = uplink.recv() {
                if messages_tx.blocking_send(message).is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        let (uplink, events) = (Mutex::new(messages), Mutex::new(events_channel.1));
        Ok(Self { lifecycle, pki, sites, media, gateway, downlink, mqtt, https, folder, uplink, events })
    }

    /// Adds a site with a genuine certificate; returns what its box dials with.
    ///
    /// # Errors
    ///
    /// If the site exists.
    pub async fn add_box(&self, site: &str) -> anyhow::Result<BoxKeys> {
        let now_ms = SystemClock::new(|| true).wall_ms();
        let id: SiteId = site.parse()?;
        let known = Site::new(id.clone(), site.to_owned(), "Europe/Paris".to_owned(), now_ms);
        self.sites.add_site(&known).await?;
        self.sign_box(&id, now_ms).await
    }

    /// Signs a certificate for a site, as if it were `at_ms`.
    ///
    /// # Errors
    ///
    /// If the CA does not sign.
    pub async fn sign_box(&self, site: &SiteId, at_ms: i64) -> anyhow::Result<BoxKeys> {
        let keys = BoxKeys::sign(&self.pki, site, at_ms)?;
        let certificate = Certificate {
            serial: keys.serial.clone(),
            site: site.clone(),
            issued_ms: at_ms,
            expires_ms: keys.expires_ms,
            revoked_ms: None,
        };
        self.sites.add_certificate(&certificate).await?;
        Ok(keys)
    }

    /// Gives a permission to enrol as `site`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn permit(&self, site: &str, secret: [u8; 16], expires_ms: i64) -> anyhow::Result<()> {
        let digest = ring::digest::digest(&ring::digest::SHA256, &secret);
        let secret_sha256 = digest.as_ref().try_into()?;
        let enrolment = Enrolment { site: site.parse()?, secret_sha256, created_ms: 0, expires_ms, used_ms: None };
        Ok(self.sites.add_enrolment(&enrolment).await?)
    }

    /// TLS that trusts this hub, with or without a client certificate.
    ///
    /// # Errors
    ///
    /// If the keys do not fit.
    pub fn tls(&self, keys: Option<&BoxKeys>) -> anyhow::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.pki.ca_pem().as_bytes()) {
            roots.add(certificate?)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match keys {
            Some(keys) => builder.with_client_auth_cert(vec![keys.certificate.clone()], keys.key.clone_key())?,
            None => builder.with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }

    /// Connects as a box.
    ///
    /// # Errors
    ///
    /// If it is not let in.
    pub async fn connect(&self, keys: &BoxKeys) -> anyhow::Result<WireClient> {
        WireClient::connect(self.mqtt, &self.tls(Some(keys))?, keys.site.as_str()).await
    }

    /// The next message that a box said.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub async fn next_message(&self) -> anyhow::Result<Message> {
        let next = timeout(PATIENCE, async { self.uplink.lock().await.recv().await }).await;
        next.context("no message came")?.context("the broker is gone")
    }

    /// The next event of the gateway.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub async fn next_event(&self) -> anyhow::Result<BoxEvent> {
        let next = timeout(PATIENCE, async { self.events.lock().await.recv().await }).await;
        next.context("no event came")?.context("the gateway is gone")
    }

    /// Proves that the border still works: a box that connects just now gets a message through to the hub, and
    /// one back. Whatever other boxes said meanwhile is skipped.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn prove_alive(&self, honest: &BoxKeys) -> anyhow::Result<()> {
        let mut client = self.connect(honest).await.context("an honest box is not let in")?;
        client.subscribe(honest.site.as_str()).await?;
        let mark = vigie_shared::id::QueueId::random().to_string();
        client.send(&packets::publish(0, &format!("/tenants/{}/up/live", honest.site), mark.as_bytes())).await?;
        while self.next_message().await.context("an honest box is not heard")?.payload != mark.as_bytes() {}
        let topic = Topic::Down(honest.site.clone(), Down::Receipt);
        self.downlink.publish(&topic, mark.clone().into_bytes())?;
        loop {
            let (_, body) = client.receive().await?.context("an honest box is cut off")?;
            if body.ends_with(mark.as_bytes()) {
                return Ok(());
            }
        }
    }
}

/// A box's key and certificate.
pub struct BoxKeys {
    /// Its site.
    pub site: SiteId,
    /// Its certificate's serial number.
    pub serial: String,
    /// When its certificate ends.
    pub expires_ms: i64,
    /// Its certificate.
    pub certificate: CertificateDer<'static>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl BoxKeys {
    /// Makes a key and lets a CA sign it, as if it were `at_ms`.
    ///
    /// # Errors
    ///
    /// If the CA does not.
    pub fn sign(pki: &Pki, site: &SiteId, at_ms: i64) -> anyhow::Result<Self> {
        let (csr, key) = new_csr()?;
        let signed = pki.sign_csr(&csr, site, at_ms)?;
        let certificate = CertificateDer::from_pem_slice(signed.pem.as_bytes())?;
        Ok(Self { site: site.clone(), serial: signed.serial, expires_ms: signed.expires_ms, certificate, key })
    }
}

/// A fresh key and a signing request for it, PEM.
///
/// # Errors
///
/// If there are no random bytes.
pub fn new_csr() -> anyhow::Result<(String, PrivateKeyDer<'static>)> {
    let key = KeyPair::generate()?;
    let csr = CertificateParams::default().serialize_request(&key)?.pem()?;
    Ok((csr, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))))
}

async fn listen() -> anyhow::Result<TcpListener> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
}
