//! Drives the dispatch: looks at what is open whenever something happened, signs, sends, and keeps the store right.
//!
//! It holds nothing that matters: after a restart the store says what is open, and boxes recognise repetitions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::wire::{Command, Down, Hello, Live, SignedCommand, Topic};

use super::progress::Moment;
use super::{Act, Open, Progress, Sent, Surroundings, disruptive_max, is_disruptive, plan};
use crate::fleet::Board;
use crate::ingest::driver::{Downlink, Onlooker};
use crate::pki::Pki;
use crate::projector::driver::Listener;
use crate::store::commands::{CommandState, Move, StoredCommand, Told};
use crate::store::{Store, StoreError};

/// How often it looks though nothing happened: expiry, answers that do not come.
const LOOK: Duration = Duration::from_secs(5);

/// Open commands looked at at once.
const OPEN_MAX: usize = 10_000;

/// Longest word of a box about what it is doing, in characters.
const STAGE_CHARS_MAX: usize = 200;

/// Announcements kept for slow readers.
const CHANGES: usize = 1_024;

/// What is known of open commands, shared between those who hear and those who show. Clones share it.
#[derive(Clone)]
pub struct Dispatch {
    state: Arc<Mutex<State>>,
    wake: Arc<Notify>,
    changes: broadcast::Sender<(SiteId, CommandId)>,
}

#[derive(Default)]
struct State {
    moment: Moment,
    /// How often each site has opened a conversation: the number of its present connection.
    hellos: BTreeMap<SiteId, u64>,
    /// Commands that boxes said they have.
    taken: Vec<(SiteId, CommandId)>,
}

impl Default for Dispatch {
    fn default() -> Self {
        Self { state: Arc::default(), wake: Arc::default(), changes: broadcast::Sender::new(CHANGES) }
    }
}

impl Dispatch {
    /// A command was given, cancelled or ended: look again.
    pub fn changed(&self, site: &SiteId, id: CommandId) {
        // Nobody listening is no fault.
        drop(self.changes.send((site.clone(), id)));
        self.wake.notify_one();
    }

    /// How far a command is, as its box said last.
    #[must_use]
    pub fn progress(&self, site: &SiteId, id: CommandId) -> Option<Progress> {
        self.lock().moment.get(site, id)
    }

    /// The commands about which something changes.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<(SiteId, CommandId)> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Onlooker for Dispatch {
    fn on_hello(&self, site: &SiteId, _hello: &Hello, _now_ms: i64) {
        *self.lock().hellos.entry(site.clone()).or_default() += 1;
        self.wake.notify_one();
    }

    fn on_live(&self, site: &SiteId, live: &Live, now_ms: i64) {
        let Live::Progress { command, stage, permille, done_bytes } = live else { return };
        let stage = stage.chars().filter(|c| !c.is_control()).take(STAGE_CHARS_MAX).collect();
        let progress = Progress { stage, permille: *permille, done_bytes: *done_bytes, at_ms: now_ms };
        let mut state = self.lock();
        let is_first = state.moment.get(site, *command).is_none();
        state.moment.note(site, *command, progress);
        if is_first && state.taken.len() < OPEN_MAX {
            state.taken.push((site.clone(), *command));
        }
        drop(state);
        if is_first {
            self.wake.notify_one();
        }
        // Nobody listening is no fault.
        drop(self.changes.send((site.clone(), *command)));
    }
}

impl Listener for Dispatch {
    fn on_told(&self, told: &[Told]) {
        for told in told {
            self.lock().moment.forget(&told.site, told.outcome.id);
            self.changed(&told.site, told.outcome.id);
        }
    }
}

/// What the driver needs.
pub struct Parts {
    /// What is open.
    pub store: Arc<dyn Store>,
    /// The key that signs.
    pub pki: Arc<Pki>,
    /// The way to the boxes.
    pub downlink: Arc<dyn Downlink>,
    /// Who is connected.
    pub board: Board,
    /// The calendar.
    pub clock: Arc<dyn Clock>,
}

/// Sends what is to be sent.
pub struct Driver {
    parts: Parts,
    dispatch: Dispatch,
    sent: BTreeMap<(SiteId, CommandId), Sent>,
}

impl Driver {
    /// Starts from what the store says.
    #[must_use]
    pub fn new(parts: Parts, dispatch: Dispatch) -> Self {
        Self { parts, dispatch, sent: BTreeMap::new() }
    }

    /// Sends until the process stops.
    ///
    /// # Errors
    ///
    /// None: a store that fails is tried again.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!("commands wait, trying again: {:#}", anyhow::Error::from(error));
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK) => {}
                () = self.dispatch.wake.notified() => {}
            }
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let now_ms = self.parts.clock.wall_ms();
        self.take_over(now_ms).await?;
        let stored = self.parts.store.open_commands(OPEN_MAX).await?;
        self.sent.retain(|(site, id), _| stored.iter().any(|open| open.site == *site && open.id == *id));
        if stored.is_empty() {
            return Ok(());
        }
        let open: Vec<Open> = stored.iter().map(|command| self.open(command)).collect();
        let links = self.links();
        let sites = self.parts.store.sites().await?;
        let fleet = sites.iter().filter(|site| site.revoked_ms.is_none()).count();
        for act in plan(&open, Surroundings { links: &links, disruptive_max: disruptive_max(fleet), now_ms }) {
            self.carry_out(act, &stored, now_ms).await?;
        }
        Ok(())
    }

    /// Notes which commands boxes said they have.
    async fn take_over(&mut self, now_ms: i64) -> Result<(), StoreError> {
        let taken = std::mem::take(&mut self.dispatch.lock().taken);
        for (site, id) in taken {
            let from = &[CommandState::Sent];
            let to = CommandState::Running;
            self.parts.store.move_command(&Move { site, id, from, to, detail: String::new(), at_ms: now_ms }).await?;
        }
        Ok(())
    }

    fn open(&self, stored: &StoredCommand) -> Open {
        let is_dry_run = Command::open(&stored.body).is_ok_and(|command| command.is_dry_run);
        Open {
            site: stored.site.clone(),
            id: stored.id,
            is_disruptive: is_disruptive(&stored.kind, is_dry_run),
            expires_ms: stored.expires_ms,
            state: stored.state,
            changed_ms: stored.changed_ms,
            sent: self.sent.get(&(stored.site.clone(), stored.id)).copied(),
        }
    }

    /// Who has said hello and is still connected.
    fn links(&self) -> BTreeMap<SiteId, u64> {
        let is_connected = |site: &SiteId| self.parts.board.site(site).connection.is_some();
        let state = self.dispatch.lock();
        state
            .hellos
            .iter()
            .filter(|(site, _)| is_connected(site))
            .map(|(site, number)| (site.clone(), *number))
            .collect()
    }

    async fn carry_out(&mut self, act: Act, stored: &[StoredCommand], now_ms: i64) -> Result<(), StoreError> {
        let (site, id, change) = match act {
            Act::Send { site, id, connection } => {
                let known = stored.iter().find(|command| command.site == site && command.id == id);
                let Some(command) = known else { return Ok(()) };
                let change = (&[CommandState::Waiting] as &[_], CommandState::Sent, String::new());
                // Whoever cancels at this moment is first or second, never both.
                let is_first = self.change(&site, id, change, now_ms).await?;
                if command.state != CommandState::Waiting || is_first {
                    self.send(command);
                    self.sent.insert((site.clone(), id), Sent { connection, at_ms: now_ms });
                }
                return Ok(());
            }
            Act::Refuse { site, id } => {
                let detail = "it expired before the box could be reached; nothing was done".to_owned();
                (site, id, (&[CommandState::Waiting] as &[_], CommandState::Refused, detail))
            }
            Act::FallSilent { site, id } => {
                let detail = "the box has not said how it ended; it is asked again when it connects".to_owned();
                let from: &[_] = &[CommandState::Sent, CommandState::Running];
                (site, id, (from, CommandState::Silent, detail))
            }
        };
        self.change(&site, id, change, now_ms).await.map(drop)
    }

    async fn change(
        &self,
        site: &SiteId,
        id: CommandId,
        (from, to, detail): (&'static [CommandState], CommandState, String),
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let change = Move { site: site.clone(), id, from, to, detail, at_ms };
        let is_changed = self.parts.store.move_command(&change).await?;
        if is_changed {
            drop(self.dispatch.changes.send((site.clone(), id)));
        }
        Ok(is_changed)
    }

    fn send(&self, command: &StoredCommand) {
        let signed = SignedCommand::sign_sealed(command.body.clone(), self.parts.pki.command_key());
        tracing::info!(site = %command.site, command.id = %command.id, command.kind = command.kind, "a command is sent");
        self.parts.downlink.publish(&Topic::Down(command.site.clone(), Down::Command), signed.encode());
    }
}
