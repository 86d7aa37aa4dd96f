//! A mail server on loopback: it takes mail, greylists, refuses, breaks off in the middle, wants TLS and a login, and keeps
//! what it took in mailboxes that can be looked at any time.

pub mod mime;
mod talk;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use vigie_shared::lifecycle::Lifecycle;

use self::mime::Mail;

/// Long enough for a loaded machine; whoever waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Takes it.
    Take,
    /// Says at the recipient that it should come back later.
    Greylist,
    /// Says behind the letter that it does not want it now.
    Postpone,
    /// Says behind the letter that it never wants it.
    RefuseContent,
    /// Closes the connection when half of the letter has come.
    DropInLetter,
    /// Takes the letter, and closes the connection before it says so.
    DropBeforeWord,
    /// Takes the letter, and never says so.
    StallBeforeWord,
    /// Never answers when the letter is to begin.
    StallBeforeLetter,
    /// Says good-bye instead of taking a sender.
    GoodBye,
}

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Not at all.
    None,
    /// It becomes TLS when the client asks.
    Starttls,
    /// It is TLS from the first byte.
    Tls,
}

/// How a server begins.
#[derive(Debug)]
pub struct Setup {
    /// How connections are kept private.
    pub privacy: Privacy,
    /// The name and password that it wants; none: nobody need log in.
    pub login: Option<(&'static str, &'static str)>,
    /// What it does with the next letters, in their order; all others are taken.
    pub acts: Vec<Act>,
    /// Recipients that it does not know.
    pub unknown: BTreeSet<String>,
    /// Its port on loopback; 0: any that is free.
    pub port: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self { privacy: Privacy::None, login: None, acts: Vec::new(), unknown: BTreeSet::new(), port: 0 }
    }
}

/// What all connections share.
struct Shared {
    login: Option<(&'static str, &'static str)>,
    unknown: BTreeSet<String>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    taken: Vec<Mail>,
    connections: u32,
    /// Letters that stand still at this moment.
    stalled: u32,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.send_modify(|version| *version += 1);
    }

    fn next_act(&self) -> Act {
        self.state().acts.pop_front().unwrap_or(Act::Take)
    }
}

/// A running server; its tasks belong to the lifecycle that it was started with.
pub struct SmtpServer {
    address: SocketAddr,
    /// Its certificate (PEM), which is its own CA; empty without TLS.
    pub ca_pem: String,
    shared: Arc<Shared>,
}

impl SmtpServer {
    /// Opens the port and answers from here on.
    ///
    /// # Errors
    ///
    /// If the port or the certificate cannot be had.
    pub async fn start(setup: Setup, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await.context("listen on loopback")?;
        let address = listener.local_addr()?;
        let (acceptor, ca_pem) = if setup.privacy == Privacy::None {
            (None, String::new())
        } else {
            let (config, pem) = certificate()?;
            (Some(TlsAcceptor::from(Arc::new(config))), pem)
        };
        let shared = Arc::new(Shared {
            login: setup.login,
            unknown: setup.unknown,
            state: Mutex::new(State { acts: setup.acts.into(), ..State::default() }),
            changed: watch::channel(0).0,
        });
        let (task, owner, privacy) = (Arc::clone(&shared), lifecycle.clone(), setup.privacy);
        lifecycle.spawn_detached(async move {
            while let Ok((stream, _)) = listener.accept().await {
                task.change(|state| state.connections += 1);
                let (shared, acceptor) = (Arc::clone(&task), acceptor.clone());
                // How a connection ends is the client's business.
                owner.spawn_detached(async move { drop(talk::serve(stream, (privacy, acceptor), &shared).await) });
            }
        });
        Ok(Self { address, ca_pem, shared })
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it does with the next letters.
    pub fn will(&self, acts: &[Act]) {
        self.shared.change(|state| state.acts.extend(acts));
    }

    /// Everything that it took, in that order.
    #[must_use]
    pub fn taken(&self) -> Vec<Mail> {
        self.shared.state().taken.clone()
    }

    /// How often each letter was taken, by recipient and `Message-ID`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(String, String), u32> {
        self.taken().into_iter().fold(BTreeMap::new(), |mut counts, mail| {
            *counts.entry((mail.to.clone(), mail.header("Message-ID"))).or_default() += 1;
            counts
        })
    }

    /// Connections that came.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.shared.state().connections
    }

    /// Waits until it took so many letters.
    ///
    /// # Errors
    ///
    /// If they do not come within a minute.
    pub async fn wait_for(&self, count: usize) -> anyhow::Result<Vec<Mail>> {
        self.wait(|state| state.taken.len() >= count)
            .await
            .with_context(|| format!("{} of {count} letters came", self.taken().len()))?;
        Ok(self.taken())
    }

    /// Waits until so many letters stand still.
    ///
    /// # Errors
    ///
    /// If that does not happen within a minute.
    pub async fn wait_for_stall(&self, count: u32) -> anyhow::Result<()> {
        self.wait(|state| state.stalled >= count).await.context("no letter stands still")
    }

    async fn wait(&self, is_there: impl Fn(&State) -> bool) -> anyhow::Result<()> {
        let mut changes = self.shared.changed.subscribe();
        let watching = async {
            while !is_there(&self.shared.state()) {
                changes.changed().await?;
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, watching).await?
    }
}

/// Settings of TLS for `localhost`, and the certificate.
fn certificate() -> anyhow::Result<(ServerConfig, String)> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    Ok((config, certificate.pem()))
}
