//! Commands: stored before they are sent, kept until their class of data is forgotten.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::wire::{Command, CommandHeader, CommandOutcome, OutcomeState};

use crate::store::StoreError;

/// One command and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// For which site.
    pub site: SiteId,
    /// Its name, chosen by who asked for it.
    pub id: CommandId,
    /// The sealed command, unsigned: the key at the moment of sending signs it.
    pub body: Vec<u8>,
    /// The name of its kind.
    pub kind: String,
    /// Who asked for it.
    pub account: String,
    /// The command that this one repeats.
    pub retry_of: Option<CommandId>,
    /// When it was given, milliseconds since 1970 UTC.
    pub issued_ms: i64,
    /// When it must no longer be started.
    pub expires_ms: i64,
    /// How far it is.
    pub state: CommandState,
    /// When it came so far.
    pub changed_ms: i64,
    /// What was done, or why not: a sentence for people.
    pub detail: String,
    /// The answer, JSON.
    pub answer: Option<String>,
}

impl StoredCommand {
    /// A command that waits to be sent.
    #[must_use]
    pub fn waiting(command: &Command, account: &str, retry_of: Option<CommandId>) -> Self {
        let CommandHeader { site, id, issued_ms, expires_ms } = command.header.clone();
        Self {
            site,
            id,
            body: command.seal(),
            kind: command.kind.name().to_owned(),
            account: account.to_owned(),
            retry_of,
            issued_ms,
            expires_ms,
            state: CommandState::Waiting,
            changed_ms: issued_ms,
            detail: String::new(),
            answer: None,
        }
    }
}

/// How far a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// Not sent yet: the box is not connected, or others go first.
    Waiting,
    /// Sent; the box has not said that it has it.
    Sent,
    /// The box has it.
    Running,
    /// The box has not said how it ended, though it should have; it is asked again when it connects.
    Silent,
    /// Done.
    Succeeded,
    /// Tried, did not work.
    Failed,
    /// Not tried.
    Refused,
    /// Tried, did not work, everything as before.
    RolledBack,
    /// The box itself cannot tell how it ended.
    Unknown,
    /// Taken back before it was sent.
    Cancelled,
}

impl CommandState {
    /// Every state. Those before [`CommandState::Succeeded`] are open: something is still to be done.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Sent,
        Self::Running,
        Self::Silent,
        Self::Succeeded,
        Self::Failed,
        Self::Refused,
        Self::RolledBack,
        Self::Unknown,
        Self::Cancelled,
    ];

    /// Whether something is still to be done.
    #[must_use]
    pub fn is_open(self) -> bool {
        self < Self::Succeeded
    }

    /// Whether a box's word about how the command ended changes this state. A refusal gives way to proof that it
    /// was executed after all; what was executed stays as it was first told.
    #[must_use]
    pub fn accepts(self, outcome: OutcomeState) -> bool {
        match self {
            Self::Waiting | Self::Sent | Self::Running | Self::Silent => true,
            Self::Unknown | Self::Refused | Self::Cancelled => {
                !matches!(outcome, OutcomeState::Refused | OutcomeState::Unknown)
            }
            Self::Succeeded | Self::Failed | Self::RolledBack => false,
        }
    }

    /// The state as one word. That a box was silent or cannot tell is one thing for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
            Self::Silent | Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<OutcomeState> for CommandState {
    fn from(outcome: OutcomeState) -> Self {
        match outcome {
            OutcomeState::Succeeded => Self::Succeeded,
            OutcomeState::Failed => Self::Failed,
            OutcomeState::Refused => Self::Refused,
            OutcomeState::RolledBack => Self::RolledBack,
            OutcomeState::Unknown => Self::Unknown,
        }
    }
}

/// A box's word about a command, as the facts have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose word.
    pub site: SiteId,
    /// When it arrived, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The word.
    pub outcome: CommandOutcome,
}

/// A change of state that is no box's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// For which site.
    pub site: SiteId,
    /// Which command.
    pub id: CommandId,
    /// Only if it is in one of these states.
    pub from: &'static [CommandState],
    /// Its new state.
    pub to: CommandState,
    /// Why, for people; empty keeps the sentence it has.
    pub detail: String,
    /// When.
    pub at_ms: i64,
}

/// The commands' part of the store.
#[async_trait]
pub trait Commands {
    /// Adds a command.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the site has one of that name, [`StoreError::Failed`].
    async fn add_command(&self, command: &StoredCommand) -> Result<(), StoreError>;

    /// One command.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn command(&self, site: &SiteId, id: CommandId) -> Result<Option<StoredCommand>, StoreError>;

    /// A site's commands, newest first, at most `limit`, after the one with that moment and name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn commands(
        &self,
        site: &SiteId,
        after: Option<(i64, CommandId)>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError>;

    /// Commands of one kind, of one site or of all, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn commands_of_kind(
        &self,
        kind: &str,
        site: Option<&SiteId>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError>;

    /// Everything that is open, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn open_commands(&self, limit: usize) -> Result<Vec<StoredCommand>, StoreError>;

    /// Changes a state; false if the command is not in one of the states that the change is for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn move_command(&self, change: &Move) -> Result<bool, StoreError>;
}
