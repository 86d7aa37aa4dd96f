//! Drives the desk: takes commands from the uplink, keeps the book, lets the crew work, tells the hub.
//!
//! The order is what makes an execution happen at most once and never be lost: the page in the book, then the
//! effect, then the end in the book, then the outcome in the ledger, then the mark that it was told. A stop drops
//! what runs; the next start settles it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use vigie_shared::id::{BootId, CommandId};
use vigie_shared::wire::command::ANSWER_BYTES_MAX;
use vigie_shared::wire::{Command, CommandOutcome, Live, OutcomeState, Reading, SignedCommand};

use super::book::{Book, Page};
use super::desk::{Desk, Step, Terms, Verdict};
use super::writer::Writer;
use super::{Answer, CommandsConfig, Context, Crew, Failure, Past, Settled, Underway};
use crate::collectors::Outlet;

/// How often a waiting command is asked whether it may begin, and old ids are forgotten.
const LOOK: Duration = Duration::from_secs(20);

/// What runs or waits for room in the ledger, at most: the desk's own limits are far below.
const RUNNING_MAX: usize = 512;

/// A sentence in an outcome, in characters at most.
const DETAIL_CHARS_MAX: usize = 2_000;

/// Commands of this box, from the hub to the hub.
pub struct Driver {
    desk: Desk,
    settings: CommandsConfig,
    context: Context,
    team: Team,
    running: FuturesUnordered<BoxFuture<'static, CommandId>>,
}

/// What every running command shares.
#[derive(Clone)]
struct Team {
    crew: Arc<Crew>,
    writer: Writer,
    outlet: Arc<dyn Outlet>,
    hub: Arc<crate::hub_https::HubHttps>,
    boot: BootId,
}

impl Driver {
    /// Opens the book in the agent's data folder.
    ///
    /// # Errors
    ///
    /// If the book cannot be read.
    pub fn open(context: Context, outlet: Arc<dyn Outlet>) -> anyhow::Result<Self> {
        let settings = context.settings.commands.clone();
        let folder = context.data.join("commands").join("book");
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

impl Team {
    /// Executes a command from its page in the book to its outcome in the ledger.
    async fn execute(self, command: Command) -> CommandId {
        let id = command.header.id;
        tracing::info!(command.id = %id, command.kind = command.kind.name(), "a command begins");
        if self.crew.is_read(&command) {
            let outcome = self.ended(id, self.perform(&command).await).await;
            self.tell(outcome).await;
            return id;
        }
        let mut page = Page::begin(&command, self.boot);
        if let Err(error) = self.writer.write(&page).await {
            let reason = format!("nothing was done, because the box cannot write it down: {error:#}");
            self.tell(self.ended(id, Err(Failure::Failed(reason))).await).await;
            return id;
        }
        let outcome = self.ended(id, self.perform(&command).await).await;
        self.finish(&mut page, outcome).await;
        id
    }

    /// Ends a command that an earlier start of the agent began.
    async fn take_up(self, mut page: Page) -> CommandId {
        let id = page.header.id;
        let outcome = match (page.outcome.clone(), page.command()) {
            (Some(outcome), _) => outcome,
            (None, Err(error)) => CommandOutcome {
                id,
                state: OutcomeState::Unknown,
                detail: format!("another version of the agent began it: {error}"),
                answer: None,
            },
            (None, Ok(command)) => self.settle(&command, &page).await,
        };
        self.finish(&mut page, outcome).await;
        id
    }

    async fn settle(&self, command: &Command, page: &Page) -> CommandOutcome {
        let id = command.header.id;
        let past = Past { note: page.note.clone(), has_rebooted: page.boot != self.boot };
        let limit = self.crew.time_max(command);
        let underway = self.underway(id);
        underway.stage("finding out how it ended, after a restart");
        let settled = tokio::time::timeout(limit, self.crew.settle(command, &past, &underway)).await;
        match settled.unwrap_or_else(|_late| Settled::Unknown("nothing tells how it ended".to_owned())) {
            Settled::Ended(result) => self.ended(id, result).await,
            Settled::Again => self.ended(id, self.perform(command).await).await,
            Settled::Unknown(reason) => {
                CommandOutcome { id, state: OutcomeState::Unknown, detail: reason, answer: None }
            }
        }
    }

    async fn perform(&self, command: &Command) -> Result<Answer, Failure> {
        let limit = self.crew.time_max(command);
        let underway = self.underway(command.header.id);
        underway.stage("begins");
        let performed = tokio::time::timeout(limit, self.crew.run(command, &underway)).await;
        performed.unwrap_or_else(|_late| {
            Err(Failure::Failed(format!("it was stopped because it took more than {} s", limit.as_secs())))
        })
    }

    /// The book first, then the ledger, then the mark.
    async fn finish(&self, page: &mut Page, outcome: CommandOutcome) {
        page.end(outcome.clone());
        self.write(page).await;
        self.tell(outcome).await;
        page.is_told = true;
        self.write(page).await;
    }

    async fn write(&self, page: &Page) {
        if let Err(error) = self.writer.write(page).await {
            tracing::warn!(command.id = %page.header.id, "the end of a command is not in the book: {error:#}");
        }
    }

    async fn ended(&self, id: CommandId, result: Result<Answer, Failure>) -> CommandOutcome {
        let (state, text, value) = match result {
            Ok(Answer { text, value }) => (OutcomeState::Succeeded, text, value),
            Err(Failure::Failed(text)) => (OutcomeState::Failed, text, None),
            Err(Failure::Refused(text)) => (OutcomeState::Refused, text, None),
            Err(Failure::RolledBack(text)) => (OutcomeState::RolledBack, text, None),
        };
        let answer = match value {
            Some(value) => Some(self.fitting(&value).await),
            None => None,
        };
        CommandOutcome { id, state, detail: text.chars().take(DETAIL_CHARS_MAX).collect(), answer }
    }

    /// The answer as text, or the reference to it if it is too large for a record.
    async fn fitting(&self, value: &Value) -> String {
        let text = value.to_string();
        let size = text.len();
        if size <= ANSWER_BYTES_MAX {
            return text;
        }
        match self.hub.put_blob(text.into_bytes()).await {
            Ok(blob) => json!({ "blob": blob }).to_string(),
            Err(error) => {
                json!({ "lost": format!("the answer of {size} bytes could not be uploaded: {error:#}") }).to_string()
            }
        }
    }

    async fn tell(&self, outcome: CommandOutcome) {
        tracing::info!(command.id = %outcome.id, outcome = outcome.state.as_str(), "a command ended: {}", outcome.detail);
        self.outlet.append(Reading::Outcome(outcome)).await;
    }

    fn underway(&self, id: CommandId) -> Underway {
        Underway::new(id, Arc::clone(&self.outlet), Arc::new(self.writer.clone()))
    }

    fn stage(&self, command: CommandId, stage: &str) {
        self.outlet.live(Live::Progress { command, stage: stage.to_owned(), permille: None, done_bytes: None });
    }
}

#[cfg(test)]
mod tests;
