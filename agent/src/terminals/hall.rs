//! What all connections of terminals share: who may deliver, what is known of each, and who is connected.
//!
//! Everything is decided under one lock that is never held while something is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tokio::sync::{Mutex as Turn, Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::Standing;

use super::attachments::Waiting;
use super::clock::Zone;
use super::config::{Config, Terms};
use super::limits::millis;
use super::registry::Registry;
use super::serial::Serial;
use super::session::{Answered, Close};
use super::store::{Folder, Memory};
use super::terminal::Terminal;
use super::{AskError, Asking, Parts};

/// Connections, terminals and decisions.
pub(super) struct Hall {
    pub(super) config: Config,
    pub(super) parts: Parts,
    pub(super) machine: Zone,
    started: Instant,
    state: Mutex<State>,
    folder: Folder,
    saved: Turn<Memory>,
    pub(super) is_dirty: Notify,
    /// What waits to be uploaded.
    pub(super) waiting: Waiting,
    pub(super) has_attachments: Notify,
}

/// Behind the lock.
pub(super) struct State {
    pub(super) registry: Registry,
    pub(super) terminals: BTreeMap<Serial, Terminal>,
    pub(super) links: BTreeMap<Serial, Link>,
    pub(super) dirty: BTreeSet<Serial>,
    pub(super) connections: usize,
    pub(super) unregistered: BTreeMap<IpAddr, usize>,
    pub(super) last_id: u64,
    /// When somebody was last told that a stranger waits.
    pub(super) strangers_ms: Option<u64>,
    /// How many attachments were lost since somebody was told so, and when that was.
    pub(super) lost: (u64, Option<u64>),
    memory: Memory,
}

/// The way to a connection.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) id: u64,
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) ends: Arc<watch::Sender<Option<Close>>>,
}

/// A command for a terminal, and where its answer goes.
pub(super) struct Ask {
    pub(super) asking: Asking,
    pub(super) answer: oneshot::Sender<Result<Answered, AskError>>,
}

impl Hall {
    pub(super) fn open(config: Config, parts: Parts) -> anyhow::Result<Self> {
        let folder = Folder::below(&parts.data)
            .with_context(|| format!("make the folder of terminals in {}", parts.data.display()))?;
        let waiting = folder.waiting().context("make the folder of what waits to be uploaded")?;
        let memory = folder.memory();
        let registry = Registry::new(config.allowed.clone(), config.strict, memory.decisions.clone());
        let state = State {
            registry,
            terminals: BTreeMap::new(),
            links: BTreeMap::new(),
            dirty: BTreeSet::new(),
            connections: 0,
            unregistered: BTreeMap::new(),
            last_id: 0,
            strangers_ms: None,
            lost: (0, None),
            memory: memory.clone(),
        };
        Ok(Self {
            config,
            parts,
            machine: Zone::of_machine(),
            started: Instant::now(),
            state: Mutex::new(state),
            folder,
            saved: Turn::new(memory),
            is_dirty: Notify::new(),
            waiting,
            has_attachments: Notify::new(),
        })
    }

    /// A number for a connection.
    pub(super) fn next_id(&self) -> u64 {
        let mut state = self.lock();
        state.last_id += 1;
        state.last_id
    }

    /// Milliseconds since the server started.
    pub(super) fn now_ms(&self) -> u64 {
        millis(self.started.elapsed())
    }

    /// The moment of a time of [`Hall::now_ms`].
    pub(super) fn instant(&self, now_ms: u64) -> Instant {
        self.started + std::time::Duration::from_millis(now_ms)
    }

    /// The box's calendar, and whether it can be believed.
    pub(super) fn wall(&self) -> (i64, bool) {
        let stamp = self.parts.clock.stamp();
        (stamp.wall_ms, stamp.is_synced)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes what is known of a terminal that was admitted.
    pub(super) fn with<T>(&self, serial: &Serial, work: impl FnOnce(&mut Terminal) -> T) -> Option<T> {
        self.lock().terminals.get_mut(serial).map(work)
    }

    /// Stores what a terminal waits for; false if it is not on the disk.
    pub(super) async fn store(&self, reading: Reading) -> bool {
        match timeout(self.parts.limits.store_within, self.parts.ledger.append(reading)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!("rows of a terminal are not stored: {error}");
                false
            }
            Err(_late) => {
                tracing::debug!("rows of a terminal are not stored in time");
                false
            }
        }
    }

    /// Tells what nobody waits for.
    pub(super) async fn tell(&self, readings: impl IntoIterator<Item = Reading>) {
        for reading in readings {
            if let Reading::Alarm(alarm) = &reading {
                tracing::warn!("{}", alarm.text);
            }
            self.store(reading).await;
        }
    }

    /// Asks a connected terminal.
    pub(super) async fn ask(&self, serial: &Serial, asking: Asking) -> Result<Answered, AskError> {
        let link = {
            let state = self.lock();
            match state.registry.standing(serial) {
                Some(Standing::Admitted) => state.links.get(serial).cloned().ok_or(AskError::Away)?,
                Some(Standing::Pending | Standing::Refused) | None => return Err(AskError::Unknown),
            }
        };
        let (answer, answered) = oneshot::channel();
        link.asks.try_send(Ask { asking, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AskError::Busy,
            mpsc::error::TrySendError::Closed(_) => AskError::Away,
        })?;
        answered.await.map_err(|_gone| AskError::Cut)?
    }

    /// Marks that people of a terminal changed; they are written soon.
    pub(super) fn people_changed(&self, serial: &Serial) {
        self.lock().dirty.insert(serial.clone());
        self.is_dirty.notify_one();
    }

    /// Writes what changed.
    pub(super) async fn save(&self) -> anyhow::Result<()> {
        let mut saved = self.saved.lock().await;
        let (memory, rosters) = {
            let mut state = self.lock();
            let dirty = std::mem::take(&mut state.dirty);
            let roster = |serial| state.terminals.get(&serial).map(|terminal| (serial, terminal.roster.clone()));
            let rosters: Vec<_> = dirty.into_iter().filter_map(roster).collect();
            (state.memory(), rosters)
        };
        let (folder, is_same, fresh) = (self.folder.clone(), *saved == memory, memory.clone());
        let written = tokio::task::spawn_blocking(move || {
            for (serial, roster) in &rosters {
                folder.write_roster(serial, roster)?;
            }
            if is_same { Ok(()) } else { folder.write_memory(&fresh) }
        });
        written.await.context("write what is known of terminals")?.context("write what is known of terminals")?;
        *saved = memory;
        Ok(())
    }

    /// What holds for a terminal.
    pub(super) fn terms(&self, state: &State, serial: &Serial) -> Terms {
        self.config.terms(serial, state.registry.decisions().zones.get(serial), &self.machine)
    }

    /// What is known of an admitted terminal, from the disk if it is not at hand.
    pub(super) fn recall(&self, state: &mut State, serial: &Serial) {
        if state.terminals.contains_key(serial) {
            return;
        }
        let mut terminal = Terminal::new(serial.clone(), self.terms(state, serial));
        terminal.clock = state.memory.clocks.get(serial).cloned().unwrap_or_default();
        terminal.is_disabled = state.memory.disabled.contains(serial);
        terminal.roster = self.folder.roster(serial);
        state.terminals.insert(serial.clone(), terminal);
    }
}

impl State {
    /// What must survive a restart. Terminals that did not call since the last one keep what was known.
    fn memory(&mut self) -> Memory {
        let memory = &mut self.memory;
        memory.decisions = self.registry.decisions().clone();
        for (serial, terminal) in &self.terminals {
            memory.clocks.insert(serial.clone(), terminal.clock.kept());
            if terminal.is_disabled {
                memory.disabled.insert(serial.clone());
            } else {
                memory.disabled.remove(serial);
            }
        }
        memory.clone()
    }
}
