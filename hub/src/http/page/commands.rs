//! Pure: a site's commands as its page shows them. Answers are for those who may ask the API.

use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::words::Words;
use crate::dispatch::Progress;
use crate::store::commands::{CommandState, StoredCommand};

/// One command.
pub(super) struct CommandRow {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) mark: Mark,
    /// What was done, or why not, in the box's words.
    pub(super) detail: String,
    pub(super) account: String,
    pub(super) given: Moment,
    pub(super) changed: Moment,
    /// What the box is doing, and how far it is in thousandths.
    pub(super) progress: Option<(String, Option<u16>)>,
    /// It can still be taken back.
    pub(super) is_waiting: bool,
    /// It may be given again.
    pub(super) is_failed: bool,
}

impl Local<'_> {
    pub(super) fn command(&self, command: &StoredCommand, progress: Option<Progress>) -> CommandRow {
        let state = command.state;
        let progress = progress.filter(|_| state.is_open());
        CommandRow {
            id: command.id.to_string(),
            kind: command.kind.clone(),
            mark: Mark { state: colour(state), word: word(state, self.frame.words) },
            detail: command.detail.clone(),
            account: command.account.clone(),
            given: self.moment(command.issued_ms),
            changed: self.moment(command.changed_ms),
            progress: progress.map(|progress| (progress.stage, progress.permille)),
            is_waiting: state == CommandState::Waiting,
            is_failed: !state.is_open() && state != CommandState::Succeeded,
        }
    }
}

fn colour(state: CommandState) -> &'static str {
    match state {
        CommandState::Waiting | CommandState::Sent | CommandState::Running => "running",
        CommandState::Succeeded => "fine",
        CommandState::Failed | CommandState::RolledBack => "critical",
        CommandState::Refused => "attention",
        CommandState::Silent | CommandState::Unknown => "unknown",
        CommandState::Cancelled => "paused",
    }
}

fn word(state: CommandState, words: &Words) -> &'static str {
    match state {
        CommandState::Waiting => words.command_waiting,
        CommandState::Sent => words.command_sent,
        CommandState::Running => words.command_running,
        CommandState::Succeeded => words.command_succeeded,
        CommandState::Failed => words.command_failed,
        CommandState::Refused => words.command_refused,
        CommandState::RolledBack => words.command_rolled_back,
        CommandState::Silent | CommandState::Unknown => words.command_unknown,
        CommandState::Cancelled => words.command_cancelled,
    }
}
