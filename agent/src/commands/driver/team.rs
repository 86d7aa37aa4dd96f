//! What happens to one command: from its page in the book to its outcome in the ledger.

use std::sync::Arc;

use serde_json::{Value, json};
use vigie_shared::id::{BootId, CommandId};
use vigie_shared::wire::command::ANSWER_BYTES_MAX;
use vigie_shared::wire::{Command, CommandOutcome, Live, OutcomeState, Reading};

use crate::collectors::Outlet;
use crate::commands::book::Page;
use crate::commands::writer::Writer;
use crate::commands::{Answer, Crew, Failure, Past, Settled, Underway};
use crate::hub_https::Upload as _;

/// A sentence in an outcome, in characters at most.
const DETAIL_CHARS_MAX: usize = 2_000;

/// What every running command shares.
#[derive(Clone)]
pub(super) struct Team {
    pub(super) crew: Arc<Crew>,
    pub(super) writer: Writer,
    pub(super) outlet: Arc<dyn Outlet>,
    pub(super) hub: Arc<crate::hub_https::HubHttps>,
    pub(super) boot: BootId,
}

impl Team {
    /// Executes a command from its page in the book to its outcome in the ledger.
    pub(super) async fn execute(self, command: Command) -> CommandId {
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
    pub(super) async fn take_up(self, mut page: Page) -> CommandId {
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

    /// The book first, then the ledger, then the mark. Without room in the ledger there is no mark, and the next start of
    /// the agent tells it.
    async fn finish(&self, page: &mut Page, outcome: CommandOutcome) {
        page.end(outcome.clone());
        self.write(page).await;
        page.is_told = self.tell(outcome).await;
        if page.is_told {
            self.write(page).await;
        }
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

    /// False if the ledger had no room before the agent stopped.
    pub(super) async fn tell(&self, outcome: CommandOutcome) -> bool {
        tracing::info!(command.id = %outcome.id, outcome = outcome.state.as_str(), "a command ended: {}", outcome.detail);
        self.outlet.keep(Reading::Outcome(outcome)).await
    }

    fn underway(&self, id: CommandId) -> Underway {
        Underway::new(id, Arc::clone(&self.outlet), Arc::new(self.writer.clone()))
    }

    pub(super) fn stage(&self, command: CommandId, stage: &str) {
        self.outlet.live(Live::Progress { command, stage: stage.to_owned(), permille: None, done_bytes: None });
    }
}
