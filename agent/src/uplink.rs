//! Delivers what waits in the journal: drives one [`Outbox`] per connection, for as long as the agent lives.
//!
//! Without an identity it waits until somebody registers the box. It decides nothing about delivery; that is
//! the outbox' part.

mod connection;
mod facts;
mod renewal;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use vigie_shared::backoff::Backoff;
use vigie_shared::clock::Clock;
use vigie_shared::id::{InstanceId, SiteId};
use vigie_shared::lifecycle::{Lifecycle, Progress};
use vigie_shared::wire::{Answer, Batch, Hello, SignedCommand, Topic, Up, delivery::MESSAGE_BYTES_MAX};

use crate::identity::Identity;
use crate::journal::{Journal, LiveReceiver};
use crate::outbox::{Act, Outbox, Request, Verdict, Window};
use crate::status::Board;
use crate::timekeeper::Timekeeper;
use connection::{Connection, Dial, Heard};
use facts::Facts;

/// First and longest pause between connections.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));

/// How often an unregistered box looks whether it has been registered.
const LOOK_FOR_IDENTITY: Duration = Duration::from_secs(1);

/// What a batch adds to its records, bytes, at most.
const BATCH_OVERHEAD_BYTES: usize = 128;

/// What one record adds to a batch beside its own bytes, at most.
const RECORD_OVERHEAD_BYTES: usize = 3;

/// Everything that delivery needs.
pub struct Uplink {
    /// Where the identity lies.
    pub identity_folder: PathBuf,
    /// What waits.
    pub journal: Journal,
    /// What is of the moment.
    pub live: LiveReceiver,
    /// Where the hub's commands go.
    pub commands: mpsc::Sender<SignedCommand>,
    /// Where the state of the connection is shown.
    pub board: Board,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// What is known of the true time.
    pub time: Arc<Timekeeper>,
    /// This start of the agent.
    pub instance: InstanceId,
}

/// Why a session ended without an error.
enum Ended {
    Stopping,
    /// There is a new certificate to connect with.
    Renewed,
}

impl Uplink {
    /// Delivers until the process stops.
    ///
    /// # Errors
    ///
    /// Only if the journal is gone; a hub that cannot be reached is waited for.
    pub async fn run(mut self, lifecycle: Lifecycle) -> anyhow::Result<()> {
        let stopping = lifecycle.stopping();
        let progress = lifecycle.progress("uplink", RETRY.1 * 3);
        let seed = u64::from_le_bytes(*self.instance.0.first_chunk().unwrap_or(&[0; 8]));
        let mut backoff = Backoff::new(RETRY.0, RETRY.1, seed);
        let facts = Facts::default();
        while !stopping.is_cancelled() {
            progress.tick();
            let Some(identity) = self.identity() else {
                pause(LOOK_FOR_IDENTITY, &stopping).await;
                continue;
            };
            let identity = self.renewed(&identity).await.unwrap_or(identity);
            self.board.change(|link| link.attempts += 1);
            facts.tell(&identity, self.time.trusted_now_ms(), &lifecycle);
            let ended = self.session(&identity, &lifecycle, &progress, &mut backoff).await;
            let was_connected = self.board.link().connected_since_ms.is_some();
            let now_ms = self.clock.wall_ms();
            self.board.change(|link| {
                if link.connected_since_ms.take().is_some() {
                    link.lost_ms = Some(now_ms);
                }
            });
            match ended {
                Ok(Ended::Stopping) => return Ok(()),
                Ok(Ended::Renewed) => {}
                Err(error) => {
                    self.note_end(&error, was_connected, backoff.failures());
                    pause(backoff.next_wait(), &stopping).await;
                }
            }
        }
        Ok(())
    }

    /// One line per episode: an outage of a night is not a thousand lines.
    fn note_end(&self, error: &anyhow::Error, was_connected: bool, failures: u32) {
        if was_connected {
            tracing::warn!("the connection to the hub ended; what is collected waits here: {error:#}");
        } else if failures == 1 {
            tracing::warn!("the hub cannot be reached; what is collected waits here: {error:#}");
        } else {
            tracing::debug!("the hub cannot be reached: {error:#}");
        }
        self.board.change(|link| link.last_error = Some(format!("{error:#}")));
    }

    fn identity(&self) -> Option<Identity> {
        match Identity::load(&self.identity_folder) {
            Ok(identity) => identity,
            Err(error) => {
                self.board.change(|link| link.last_error = Some(format!("{error:#}")));
                None
            }
        }
    }

    async fn renewed(&self, identity: &Identity) -> Option<Identity> {
        renewal::renewed(identity, self.time.trusted_now_ms(), &self.identity_folder).await
    }

    async fn session(
        &mut self,
        identity: &Identity,
        lifecycle: &Lifecycle,
        progress: &Progress,
        backoff: &mut Backoff,
    ) -> anyhow::Result<Ended> {
        let dial = Dial {
            site: identity.site.clone(),
            host: identity.broker_host.clone(),
            port: identity.broker_port,
            tls: Arc::new(identity.tls(self.time.trusted_now_ms())?),
        };
        let stopping = lifecycle.stopping();
        let connection = tokio::select! {
            opened = Connection::open(dial, lifecycle) => opened?,
            () = stopping.cancelled() => return Ok(Ended::Stopping),
        };
        let mut changed = self.journal.changes();
        let outbox = Outbox::new(&self.journal.lanes(), Window::default(), now());
        let mut session = Session { connection, outbox, site: identity.site.clone(), asked: None };
        let mut tick = tokio::time::interval(RETRY.1);
        let mut renewal = tokio::time::interval_at(Instant::now() + renewal::LOOK, renewal::LOOK);
        loop {
            self.work(&mut session).await?;
            let wake = session.outbox.poll_timeout().map(Instant::from_std);
            tokio::select! {
                heard = session.connection.next() => match heard? {
                    Heard::Answer(answer) => self.on_answer(answer, &mut session, backoff).await?,
                    Heard::Command(command) => self.on_command(command),
                },
                changed = changed.changed() => {
                    changed.context("the journal has ended")?;
                    self.journal.lanes().iter().for_each(|lane| session.outbox.on_lane(*lane, now()));
                }
                Some(live) = self.live.recv() => {
                    session.connection.send(&Topic::Up(session.site.clone(), Up::Live), live.encode())?;
                }
                () = at(wake) => {}
                _ = tick.tick() => progress.tick(),
                _ = renewal.tick() => if self.renewed(identity).await.is_some() {
                    return Ok(Ended::Renewed);
                },
                () = stopping.cancelled() => return Ok(Ended::Stopping),
            }
        }
    }

    /// Does everything that the outbox wants done now.
    async fn work(&self, session: &mut Session) -> anyhow::Result<()> {
        while let Some(act) = session.outbox.poll(now()) {
            match act {
                Act::Hello => {
                    session.connection.send(&Topic::Up(session.site.clone(), Up::Hello), self.hello().encode())?;
                    session.outbox.on_hello_sent(now());
                    session.asked = Some(Instant::now());
                }
                Act::Send(request) => self.send(request, session).await?,
                Act::Reconnect => anyhow::bail!("the hub has not confirmed anything for a while"),
            }
        }
        Ok(())
    }

    fn hello(&self) -> Hello {
        Hello {
            version: crate::VERSION.to_owned(),
            instance: self.instance,
            stamp: self.clock.stamp(),
            lanes: self.journal.hello(),
        }
    }

    async fn send(&self, request: Request, session: &mut Session) -> anyhow::Result<()> {
        let bytes_max = request.bytes_max.min(MESSAGE_BYTES_MAX - BATCH_OVERHEAD_BYTES);
        let slice = self.journal.read(request.lane, request.from, request.records_max, bytes_max).await?;
        let mut left = bytes_max;
        let fitting = slice.records.iter().take_while(|record| {
            let cost = record.len() + RECORD_OVERHEAD_BYTES;
            let fits = cost <= left;
            left = left.saturating_sub(cost);
            fits
        });
        let records: Vec<&Bytes> = fitting.map(|record| Bytes::new(record)).collect();
        if records.is_empty() {
            // Dropped or damaged since the outbox last looked: the lane's new state moves it on.
            self.journal.lanes().iter().for_each(|lane| session.outbox.on_lane(*lane, now()));
            return Ok(());
        }
        let through = slice.start + records.len() as u64 - 1;
        let batch = Batch { queue: slice.queue, first: slice.first, below: slice.below, start: slice.start, records };
        let payload = batch.encode();
        let bytes = payload.len();
        session.connection.send(&Topic::Up(session.site.clone(), Up::Lane(request.lane)), payload)?;
        session.outbox.on_sent(request.lane, through, bytes, now());
        Ok(())
    }

    async fn on_answer(&self, answer: Answer, session: &mut Session, backoff: &mut Backoff) -> anyhow::Result<()> {
        self.on_contact(&answer, session.asked.take(), backoff);
        match session.outbox.on_answer(&answer, now()) {
            Verdict::Trim { lane, queue, through } => self.journal.trim(lane, queue, through).await?,
            Verdict::Renew { lane, queue } => {
                tracing::warn!(%lane, "the hub holds other records under this queue's name; taking a new name");
                self.journal.renew(lane, queue).await?;
            }
            Verdict::Nothing => {}
        }
        Ok(())
    }

    /// Commands that find no room are sent again by the hub.
    fn on_command(&self, command: SignedCommand) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!("a command found no room");
        }
    }

    /// The hub is there: the next outage waits little again, and its clock is worth noting.
    fn on_contact(&self, answer: &Answer, asked: Option<Instant>, backoff: &mut Backoff) {
        let Answer::Receipt { hub_ms, .. } = *answer else { return };
        let now_ms = self.clock.wall_ms();
        if self.board.link().connected_since_ms.is_none() {
            tracing::info!("connected to the hub");
        }
        backoff.reset();
        if let Some(asked) = asked {
            self.time.on_hub_time(hub_ms, asked.elapsed());
        }
        self.board.change(|link| {
            link.connected_since_ms.get_or_insert(now_ms);
            link.last_receipt_ms = Some(now_ms);
            link.last_error = None;
        });
    }
}

/// One connection and what is sent on it.
struct Session {
    connection: Connection,
    outbox: Outbox,
    site: SiteId,
    /// When a hello was sent that has no answer yet: its answer tells the hub's time.
    asked: Option<Instant>,
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn pause(duration: Duration, stopping: &tokio_util::sync::CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        () = stopping.cancelled() => {}
    }
}
