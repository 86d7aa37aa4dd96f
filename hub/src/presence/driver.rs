//! Drives presence: closes days, hands them over to whoever takes them, does what requests ask for, and answers who is
//! here.
//!
//! Everything is computed anew from strips, coverage, ownerships and decisions; what is stored of a day is what the
//! world was told of it. One turn at a time computes days, so that no revision is made twice.

mod check;
mod close;
mod compare;
mod figures;
mod folder;
mod ground;
mod here;
mod intake;
mod members;
mod recompute;
mod replay;
mod tell;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::{Mutex as Turn, Notify};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::units::ms;

pub use self::check::Finding;
pub use self::compare::{Compared, OldNumber};
pub use self::figures::Figures;
use self::folder::Folder;
pub use self::folder::{Asked, Progress, Said};
pub use self::here::{Ending, HereNow, Visitor};
use self::intake::ReadLogs;
pub use self::intake::{Intake, LogAsked};
pub use self::members::Taken;
pub use self::recompute::{Change, chapters, kept_day};
use super::agenda::is_between;
use super::config::PresenceConfig;
use crate::attendance::time::date;
use crate::connectors::driver::{Exchange, ExchangeError};
use crate::fleet::FleetView;
use crate::store::{Store, StoreError};

/// How often folders are looked into: whoever asks waits for no longer.
const LOOK: Duration = Duration::from_secs(2);

/// How often days are looked over and handed over.
const ROUND: Duration = Duration::from_secs(60);

/// What presence needs.
pub struct Parts {
    /// Everything that days are computed from, and where they are kept.
    pub store: Arc<dyn Store>,
    /// Takes days to third parties.
    pub exchange: Exchange,
    /// Which boxes are connected, and what they hold back.
    pub fleet: Arc<dyn FleetView>,
    /// The hub's clock.
    pub clock: Arc<dyn Clock>,
    /// What the owner set.
    pub config: PresenceConfig,
    /// The hub's own folder of requests.
    pub folder: std::path::PathBuf,
}

/// Who was there, who is there. Clones share it.
#[derive(Clone)]
pub struct Presences(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Requests of the API.
    own: Folder,
    /// Requests of another program.
    watched: Option<Folder>,
    /// One at a time computes and keeps days.
    turn: Turn<()>,
    asked: Notify,
    figures: Mutex<Figures>,
    /// The last answer to who is here, for the public: it is asked often.
    here: Mutex<Option<Arc<HereNow>>>,
    /// Logs that were read to their end.
    read: ReadLogs,
}

/// Why something about presence could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// The owner chose a policy that there is not.
    #[error(
        "no policy is called `{0}`; `vigie-hub presence policies` lists them, and `presence.policy` in hub.toml chooses"
    )]
    NoPolicy(String),
    /// Nobody has that id.
    #[error("nobody has the id `{0}`; `vigie-hub person list` shows everybody")]
    NobodyKnown(String),
    /// The folder of requests cannot be used.
    #[error("the folder of requests cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// A third party did not do its part.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Presences {
    /// Joins the parts; nothing runs yet.
    ///
    /// # Errors
    ///
    /// If a folder of requests cannot be made.
    pub fn new(parts: Parts) -> std::io::Result<Self> {
        let own = Folder::open(&parts.folder)?;
        let read = ReadLogs::open(parts.folder.with_extension("read"))?;
        let watched = parts.config.requests.as_deref().map(Folder::open).transpose()?;
        Ok(Self(Arc::new(Inner {
            parts,
            own,
            watched,
            turn: Turn::default(),
            asked: Notify::new(),
            figures: Mutex::default(),
            here: Mutex::default(),
            read,
        })))
    }

    /// What is set.
    #[must_use]
    pub fn config(&self) -> &PresenceConfig {
        &self.0.parts.config
    }

    /// Closes days and hands them over, round after round, until the process stops.
    ///
    /// # Errors
    ///
    /// None so far: what fails is tried again the next round.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut rounds = tokio::time::interval(ROUND);
        let (mut before_ms, mut told_ms) = (self.now_ms(), 0);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = rounds.tick() => {}
            }
            let now_ms = self.now_ms();
            let began = tokio::time::Instant::now();
            let round = self.round(&mut told_ms, now_ms).await;
            self.note_round(began.elapsed(), round.is_err());
            if let Err(error) = round {
                tracing::warn!("presence is looked over again in a minute: {:#}", anyhow::Error::from(error));
            }
            if is_between(self.config().check_at, &TimeZone::system(), (before_ms, now_ms)) {
                self.check_by_itself().await;
            }
            before_ms = now_ms;
        }
    }

    async fn round(&self, told_ms: &mut i64, now_ms: i64) -> Result<(), PresenceError> {
        self.close_days(now_ms).await?;
        self.hand_over().await?;
        let here = self.here_now().await?;
        self.note_here(&here);
        let every_ms = ms(self.config().heartbeat_every);
        if now_ms.saturating_sub(*told_ms) >= every_ms {
            *told_ms = now_ms;
            self.tell_who_is_here(now_ms).await?;
        }
        Ok(())
    }

    /// Does what requests ask for, one after the other, until the process stops.
    ///
    /// # Errors
    ///
    /// None so far: a folder that cannot be read is looked into again.
    pub async fn serve_requests(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut is_broken = false;
        while !stopping.is_cancelled() {
            match self.work_on_next().await {
                Ok(true) => continue,
                Ok(false) => is_broken = false,
                // Said once: it is tried again every two seconds.
                Err(error) if !is_broken => {
                    is_broken = true;
                    tracing::warn!("requests to compute days wait: {:#}", anyhow::Error::from(error));
                }
                Err(_) => {}
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.0.asked.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    fn now_ms(&self) -> i64 {
        self.0.parts.clock.wall_ms()
    }

    /// Today, by the hub's own clock and zone.
    fn today(&self) -> Date {
        date(self.now_ms(), &TimeZone::system()).unwrap_or(Date::MIN)
    }

    fn store(&self) -> &dyn Store {
        &*self.0.parts.store
    }

    fn with_figures<T>(&self, change: impl FnOnce(&mut Figures) -> T) -> T {
        change(&mut self.0.figures.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
