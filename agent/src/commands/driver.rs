//! Drives the desk: takes commands from the uplink, keeps the book, lets the crew work, tells the hub.
//!
//! The order is what makes an execution happen at most once and never be lost: the page in the book, then the
//! effect, then the end in the book, then the outcome in the ledger, then the mark that it was told. A stop drops
//! what runs; the next start settles it.

mod team;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use vigie_shared::id::CommandId;
use vigie_shared::wire::{Command, CommandOutcome, SignedCommand};

use self::team::Team;
use super::book::Book;
use super::desk::{Desk, Step, Terms, Verdict};
use super::writer::Writer;
use super::{CommandsConfig, Context, Crew};
use crate::collectors::Outlet;

/// How often a waiting command is asked whether it may begin, and old ids are forgotten.
const LOOK: Duration = Duration::from_secs(20);

/// What runs or waits for room in the ledger, at most: the desk's own limits are far below.
const RUNNING_MAX: usize = 512;

/// Commands of this box, from the hub to the hub.
pub struct Driver {
    desk: Desk,
    settings: CommandsConfig,
    context: Context,
    team: Team,
    running: FuturesUnordered<BoxFuture<'static, CommandId>>,
}

impl Driver {
    /// Opens the book in the agent's data folder.
    ///
    /// # Errors
    ///
    /// If the book cannot be read.
    pub fn open(context: Context, outlet: Arc<dyn Outlet>) -> anyhow::Result<Self> {
        let settings = context.settings.commands.clone();
        let folder = context.settings.book_folder();
        let book = Book::open(folder.clone()).with_context(|| format!("open the book {}", folder.display()))?;
        let team = Team {
            crew: Arc::new(Crew::new(&settings, &context)),
            writer: Writer::new(book),
            outlet,
            hub: Arc::clone(&context.hub),
            boot: context.clock.stamp().boot,
        };
        let mut driver = Self { desk: Desk::default(), settings, context, team, running: FuturesUnordered::new() };
        driver.recall()?;
        Ok(driver)
    }

    /// Takes up where the last start of the agent ended.
    fn recall(&mut self) -> anyhow::Result<()> {
        let contents = self.team.writer.read().context("read the book of commands")?;
        for page in contents.pages {
            match &page.outcome {
                Some(outcome) if page.is_told => self.desk.recall_ended(outcome.id, page.header.expires_ms),
                Some(_) | None => {
                    self.desk.recall_open(&page.header);
                    self.running.push(Box::pin(self.team.clone().take_up(page)));
                }
            }
        }
        for id in contents.damaged {
            tracing::warn!(command.id = %id, "the book's page of a command is damaged; it is not begun again");
            self.desk.recall_ended(id, i64::MAX);
        }
        Ok(())
    }

    /// Obeys until the process stops.
    ///
    /// # Errors
    ///
    /// None: a command that fails is an outcome.
    pub async fn run(
        mut self,
        mut incoming: mpsc::Receiver<SignedCommand>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.work();
            tokio::select! {
                Some(signed) = incoming.recv() => self.take(&signed),
                Some(id) = self.running.next() => self.desk.on_ended(id, self.now_ms()),
                _ = look.tick() => self.tidy().await,
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    fn now_ms(&self) -> i64 {
        self.context.time.trusted_now_ms()
    }

    fn take(&mut self, signed: &SignedCommand) {
        let Ok(identity) = self.context.hub.identity() else { return };
        let now_ms = self.now_ms();
        let command = signed.verify(&identity.trusted_command_keys(), &identity.site, now_ms);
        let (is_allowed, is_read) = match &command {
            Ok(command) => (self.settings.allowed.includes(command.kind.name()), self.team.crew.is_read(command)),
            Err(_) => (false, false),
        };
        let id = command.as_ref().ok().map(|command| command.header.id);
        match self.desk.on_command(command, Terms { now_ms, is_allowed, is_read }) {
            Verdict::Ignore(reason) => tracing::debug!("a command is ignored: {reason}"),
            Verdict::Tell(outcome) => self.tell(outcome),
            Verdict::TellAgain(id) => self.tell_again(id),
            Verdict::Waits => id.into_iter().for_each(|id| self.team.stage(id, "waits for its turn")),
        }
    }

    /// A ledger without room must not stop what runs: telling is one of the things that run.
    fn tell(&self, outcome: CommandOutcome) {
        let (team, id) = (self.team.clone(), outcome.id);
        self.run_if_room(Box::pin(async move {
            team.tell(outcome).await;
            id
        }));
    }

    fn tell_again(&self, id: CommandId) {
        let team = self.team.clone();
        self.run_if_room(Box::pin(async move {
            if let Some(outcome) = team.writer.page(id).await.and_then(|page| page.outcome) {
                team.tell(outcome).await;
            }
            id
        }));
    }

    fn run_if_room(&self, telling: BoxFuture<'static, CommandId>) {
        if self.running.len() < RUNNING_MAX {
            self.running.push(telling);
        } else {
            tracing::debug!("too much is to be told; the hub will ask again");
        }
    }

    /// Starts what may start now.
    fn work(&mut self) {
        let crew = Arc::clone(&self.team.crew);
        while let Some(step) = self.desk.next(self.now_ms(), |command| hold(&crew, command)) {
            match step {
                Step::Tell(outcome) => self.tell(outcome),
                Step::Start(command) => self.running.push(Box::pin(self.team.clone().execute(command))),
            }
        }
    }

    async fn tidy(&mut self) {
        for id in self.desk.forget(self.now_ms()) {
            if let Err(error) = self.team.writer.forget(id).await {
                tracing::warn!(command.id = %id, "the book keeps an old page: {error:#}");
            }
        }
        for command in self.desk.waiting() {
            if let Some(reason) = hold(&self.team.crew, command) {
                self.team.stage(command.header.id, &reason);
            }
        }
    }
}

fn hold(crew: &Crew, command: &Command) -> Option<String> {
    if command.is_dry_run { None } else { crew.hold(command) }
}

#[cfg(test)]
mod tests;
