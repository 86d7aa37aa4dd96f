//! Time clocks: the server that they deliver their punches to, and the way by which commands reach them.
//!
//! Reading order: [`frame`] understands what a terminal wrote, [`row`] reads its log, [`session`] is one connection's
//! order of events, [`registry`] says who may deliver, [`clock`] how wrong a terminal's time is, [`terminal`] puts that
//! together for one terminal. Those are pure. `hall` is what all connections share, `connection` drives a socket, `talk`
//! answers; [`Terminals`] is the handle for the rest of the agent.
//!
//! A punch is acknowledged only when it is on the disk: the terminal forgets it then. Photos come after it: `attachments`.

pub mod attachments;
pub mod clock;
pub mod config;
mod connection;
pub mod desk;
mod door;
mod entry;
#[cfg(test)]
pub(crate) mod fake;
pub mod frame;
mod hall;
pub mod handshake;
pub mod health;
pub mod limits;
pub mod paging;
pub mod profile;
pub mod registry;
pub mod repair;
pub mod reply;
pub mod roster;
pub mod row;
pub mod serial;
mod server;
pub mod session;
mod store;
mod talk;
pub mod terminal;
pub mod websocket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use vigie_shared::clock::Clock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Reading;

pub use config::Config;
pub use limits::Limits;
pub use serial::Serial;

use crate::hub_https::Upload;
use crate::journal::{Journal, JournalError};
use clock::Zone;
use hall::Hall;
use reply::Order;
use session::Answered;

/// Port: where readings become durable. The journal is the real one.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Takes a reading; what belongs to the ledger is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Every [`JournalError`]: then the terminal keeps what it sent.
    async fn append(&self, reading: Reading) -> Result<(), JournalError>;
}

#[async_trait]
impl Ledger for Journal {
    async fn append(&self, reading: Reading) -> Result<(), JournalError> {
        Self::append(self, reading).await
    }
}

/// What the server of terminals is given.
#[derive(Clone)]
pub struct Parts {
    /// The agent's data folder.
    pub data: PathBuf,
    /// The box's clocks.
    pub clock: Arc<dyn Clock>,
    /// Where punches go.
    pub ledger: Arc<dyn Ledger>,
    /// Where photos and templates go that are too large for the ledger.
    pub uploads: Arc<dyn Upload>,
    /// How long terminals may take.
    pub limits: Limits,
}

/// The handle on the terminals of this box. Clones share them.
#[derive(Clone, Default)]
pub struct Terminals {
    hall: Option<Arc<Hall>>,
    address: Option<SocketAddr>,
}

/// A command for a terminal.
#[derive(Debug, Clone)]
pub struct Asking {
    order: Order,
    answer_within: Option<Duration>,
    repeats: u32,
    expires_in: Option<Duration>,
}

impl Asking {
    /// A command that is sent once.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self { order, answer_within: None, repeats: 0, expires_in: None }
    }

    /// A command that may be sent again so many times, because twice is as good as once.
    #[must_use]
    pub fn repeated(self, repeats: u32) -> Self {
        Self { repeats, ..self }
    }

    /// A command whose answer may take this long.
    #[must_use]
    pub fn answered_within(self, answer_within: Duration) -> Self {
        Self { answer_within: Some(answer_within), ..self }
    }

    /// A command that is not sent any more after this time.
    #[must_use]
    pub fn expiring_in(self, expires_in: Duration) -> Self {
        Self { expires_in: Some(expires_in), ..self }
    }
}

/// Why a terminal did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The server of terminals is off.
    #[error("this box takes no terminals: `terminals.enabled` is false")]
    Off,
    /// Nobody admitted it.
    #[error("no terminal of that serial number may deliver to this box")]
    Unknown,
    /// It is not connected.
    #[error("the terminal is not connected")]
    Away,
    /// Too many commands wait for it.
    #[error("too many commands wait for the terminal")]
    Busy,
    /// It was silent: it does not know the command, is busy, or the answer was lost.
    #[error("the terminal did not answer")]
    NoAnswer,
    /// Its connection ended meanwhile.
    #[error("the terminal's connection ended before it answered")]
    Cut,
}

/// Why nothing was decided about a terminal. The words are for people.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The owner's settings or earlier decisions stand against it.
    #[error("{0}")]
    Refused(String),
    /// The disk does not take it.
    #[error(transparent)]
    Unsaved(#[from] anyhow::Error),
}

impl From<AskError> for DecideError {
    fn from(error: AskError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Terminals {
    /// Starts the server, if the owner enabled it.
    ///
    /// # Errors
    ///
    /// If the folder of terminals cannot be made. A port that cannot be used is a warning, and tried again.
    pub fn start(config: &Config, parts: Parts, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        if !config.enabled {
            return Ok(Self::default());
        }
        let hall = Arc::new(Hall::open(config.clone(), parts)?);
        let listener = match server::bind(config.listen) {
            Ok(listener) => Some(listener),
            Err(error) => {
                tracing::warn!("{error:#}; it is tried again");
                None
            }
        };
        let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let stop = lifecycle.stopping();
        lifecycle.spawn("terminals", server::serve(Arc::clone(&hall), listener, lifecycle.clone()));
        lifecycle.spawn("terminals' states", server::tell_states(Arc::clone(&hall), stop.clone()));
        lifecycle.spawn("terminals' memory", server::save_changes(Arc::clone(&hall), stop.clone()));
        lifecycle.spawn("terminals' attachments", attachments::deliver(Arc::clone(&hall), stop));
        Ok(Self { hall: Some(hall), address })
    }

    /// Where the server listens; none if it is off or its port was in use.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Lets a terminal deliver, or refuses it; kept through a restart.
    ///
    /// # Errors
    ///
    /// [`DecideError`]: the server is off, too many terminals were decided about, or the disk does not take it.
    pub async fn admit(&self, serial: &Serial, is_admitted: bool) -> Result<(), DecideError> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        let state = hall.decide(serial, is_admitted).map_err(DecideError::Refused)?;
        hall.save().await?;
        hall.tell(state).await;
        Ok(())
    }

    /// Sets the zone in which a terminal's local times are read, or lets the owner's settings say it again; kept through a
    /// restart. The zone that holds now.
    ///
    /// # Errors
    ///
    /// [`DecideError`]: the server is off, nobody admitted the terminal, the owner's settings name its zone, or the disk
    /// does not take it.
    pub async fn set_zone(&self, serial: &Serial, zone: Option<Zone>) -> Result<Zone, DecideError> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        let (zone, state) = hall.place(serial, zone).map_err(DecideError::Refused)?;
        hall.save().await?;
        hall.tell(state).await;
        Ok(zone)
    }

    /// Asks a terminal.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn ask(&self, serial: &Serial, asking: Asking) -> Result<Answered, AskError> {
        self.hall.as_ref().ok_or(AskError::Off)?.ask(serial, asking).await
    }
}

#[cfg(test)]
mod tests;
