//! A nasty HR server on loopback: it speaks the dialects of the shipped mappings, keeps what it stored, and misbehaves
//! on command.
//!
//! [`HrServer`] is the server; [`script::Plan`] says when it does what; [`catalogue::TRICKS`] are the misbehaviours by
//! name, for the program `hr_server`. What it stored and what it was asked can be looked at any time.

pub mod books;
pub mod catalogue;
mod connection;
mod control;
pub mod dialect;
pub mod door;
pub mod http;
pub mod journal;
pub mod reply;
pub mod script;
mod state;
pub mod storm;
#[cfg(test)]
mod tests;
pub mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use vigie_shared::lifecycle::Lifecycle;

use books::{Books, Employee, Record};
use dialect::{Dialect, Kind, Manners};
use door::{Access, Budget};
use http::Request;
use script::Plan;
use state::State;
use storm::Storm;
use tls::Tls;

/// Long enough for a loaded machine; whoever waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a server begins.
#[derive(Debug, Default)]
pub struct Setup {
    /// Which HR system it is.
    pub dialect: Dialect,
    /// How many people it knows: numbers 1, 2, 3, ….
    pub people: u64,
    /// How it behaves when nothing is wrong.
    pub manners: Manners,
    /// Who may ask.
    pub access: Access,
    /// How many requests it allows.
    pub budget: Option<Budget>,
    /// What it shows at a TLS handshake; none: plain HTTP.
    pub tls: Option<Tls>,
    /// Misbehaviour by chance.
    pub storm: Option<Storm>,
    /// Where it keeps what it stored, to be started again; none: in memory.
    pub journal: Option<PathBuf>,
    /// Its port on loopback; 0: any that is free.
    pub port: u16,
}

/// One request that came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// When, since the start of the server.
    pub at: Duration,
    /// What it was about.
    pub kind: Kind,
    /// The request.
    pub request: Request,
    /// The status of the answer, however that travelled.
    pub status: u16,
    /// Whether the answer left whole and was true.
    pub was_answered: bool,
}

/// What all connections share.
struct Shared {
    dialect: Dialect,
    started: Instant,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) {
        self.changed.send_modify(|version| *version += 1);
    }
}

/// A running server; its tasks belong to the lifecycle that it was started with.
pub struct HrServer {
    address: SocketAddr,
    base: String,
    certificate: Option<CertificateDer<'static>>,
    shared: Arc<Shared>,
}

impl HrServer {
    /// Opens the port and answers from here on.
    ///
    /// # Errors
    ///
    /// If the port, the journal or the certificate cannot be had.
    pub async fn start(setup: Setup, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await.context("listen on loopback")?;
        let address = listener.local_addr()?;
        let tls = setup.tls.map(tls::settings).transpose()?.flatten();
        let scheme = if setup.tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://localhost:{}", address.port());
        let (acceptor, certificate) = tls.map(|(config, shown)| (TlsAcceptor::from(config), shown)).unzip();
        let (dialect, state) = (setup.dialect, State::new(setup)?);
        let shared = Arc::new(Shared {
            dialect,
            started: Instant::now(),
            state: Mutex::new(state),
            changed: watch::channel(0).0,
        });
        lifecycle.spawn_detached(accept(listener, acceptor, (Arc::clone(&shared), lifecycle.clone())));
        Ok(Self { address, base, certificate, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands before the paths: `http://localhost:PORT`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What a client must trust to speak TLS with it.
    #[must_use]
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.certificate.as_ref()
    }

    /// Adds a misbehaviour; an earlier one that is due goes first.
    pub fn plan(&self, plan: Plan) {
        self.shared.state().script.add(plan);
    }

    /// Forgets all plans: the server is well again.
    pub fn calm(&self) {
        self.shared.state().script.clear();
    }

    /// Changes how it behaves when nothing is wrong.
    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.shared.state().manners);
    }

    /// Lets somebody in, or somebody out, or back: the one with that number is as given from here on.
    pub fn staff(&self, employee: Employee) {
        let mut state = self.shared.state();
        let people = &mut state.books.people;
        people.retain(|known| known.number != employee.number);
        people.push(employee);
    }

    /// Looks at what it holds.
    pub fn look<T>(&self, at: impl FnOnce(&Books) -> T) -> T {
        at(&self.shared.state().books)
    }

    /// The stored rows, oldest first.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.look(|books| books.records().cloned().collect())
    }

    /// The requests that came in, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.state().asked.iter().cloned().collect()
    }

    /// The requests of one kind that came in, oldest first.
    #[must_use]
    pub fn asked_for(&self, kind: Kind) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.kind == kind).collect()
    }

    /// Logins and refreshes that were tried.
    #[must_use]
    pub fn logins(&self) -> u32 {
        self.shared.state().door.logins()
    }

    /// Every access token ends, as after its time; a refresh helps.
    pub fn expire_tokens(&self) {
        self.shared.state().door.expire();
    }

    /// Every token ends and no refresh is granted again.
    pub fn revoke_tokens(&self) {
        self.shared.state().door.revoke();
    }

    /// Waits until what it holds is as wished.
    ///
    /// # Errors
    ///
    /// If that does not come; the message says what it held and was asked.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&Books) -> bool) -> anyhow::Result<()> {
        self.wait(what, |state| is_so(&state.books)).await
    }

    /// Waits until so many requests of a kind have been answered, or their answers lost.
    ///
    /// # Errors
    ///
    /// If they do not come; the message says what it held and was asked.
    pub async fn wait_asked(&self, kind: Kind, count: usize) -> anyhow::Result<()> {
        let what = format!("{count} requests of the kind {kind:?}");
        self.wait(&what, |state| state.asked.iter().filter(|asked| asked.kind == kind).count() >= count).await
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) -> anyhow::Result<()> {
        let mut changed = self.shared.changed.subscribe();
        let waited = timeout(PATIENCE, changed.wait_for(|_| is_so(&self.shared.state()))).await;
        let waited = waited.map(|result| result.map(drop));
        waited.with_context(|| format!("waited in vain for {what}; {}", self.shared.state()))??;
        Ok(())
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, owner: (Arc<Shared>, Lifecycle)) {
    let (shared, lifecycle) = owner;
    let stopping = lifecycle.stopping();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        let Ok((tcp, _)) = accepted else { return };
        let (shared, acceptor, stopping) = (Arc::clone(&shared), acceptor.clone(), stopping.clone());
        lifecycle.spawn_detached(async move {
            // Small answers leave at once.
            let _is_quick = tcp.set_nodelay(true).is_ok();
            let served = async {
                match acceptor {
                    None => connection::serve(tcp, &shared).await,
                    Some(acceptor) => connection::serve(acceptor.accept(tcp).await?, &shared).await,
                }
            };
            tokio::select! {
                // A connection that breaks is nobody's problem here: the client sees it.
                ended = served => drop(ended),
                () = stopping.cancelled() => {}
            }
        });
    }
}
