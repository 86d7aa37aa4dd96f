//! Pure: a site's commands as its page shows them. Answers are for those who may ask the API.

use super::history::Local;
use super::row::Moment;
use super::words::Words;
use crate::store::commands::{CommandState, StoredCommand};

/// One command.
pub(super) struct CommandRow {
    pub(super) kind: String,
    pub(super) state: &'static str,
    pub(super) is_bad: bool,
    pub(super) given: Moment,
    pub(super) changed: Moment,
}

impl Local<'_> {
    pub(super) fn command(&self, command: &StoredCommand) -> CommandRow {
        CommandRow {
            kind: command.kind.clone(),
            state: state_word(command.state, self.frame.words),
            is_bad: matches!(
                command.state,
                CommandState::Failed | CommandState::RolledBack | CommandState::Silent | CommandState::Unknown
            ),
            given: self.moment(command.issued_ms),
            changed: self.moment(command.changed_ms),
        }
    }
}

fn state_word(state: CommandState, words: &Words) -> &'static str {
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
