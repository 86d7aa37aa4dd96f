//! What is obeyed, in which order, and never twice.
//!
//! Pure. The desk hears of commands, says what to start, and hears how it ended. It remembers the ids of what was
//! started until nobody can send them again: past their expiry, and a day longer for clocks that disagree. Of
//! what it refused or only read it remembers the newest: those may be repeated, an execution may not.
//!
//! Commands that change something go one at a time, in the order of arrival; one that must not begin yet lets
//! others pass. Commands that only read do not wait for them. The waiting room is small: who finds it full is
//! refused, and the hub, which sends few at a time, never does.

use std::collections::{BTreeMap, VecDeque};

use vigie_shared::id::CommandId;
use vigie_shared::wire::command::CommandError;
use vigie_shared::wire::{Command, CommandHeader, CommandOutcome, OutcomeState};

/// Commands that wait: each up to 32 KiB.
pub const WAITING_MAX: usize = 32;

/// Ids of executed commands that are remembered: with as many unexpired ones, nothing more is obeyed.
pub const REMEMBERED_MAX: usize = 1_024;

/// Refusals and reads that are remembered, for not repeating them at once.
const RECENT_MAX: usize = 256;

/// Commands with a wrong signature that are answered: whoever forges more is not worth the disk.
const FORGED_MAX: usize = 64;

/// Reads that run at the same time.
const READS_MAX: usize = 2;

/// An id is forgotten this long after its expiry.
const FORGET_AFTER_MS: i64 = 24 * 3_600 * 1_000;

/// A repetition is answered again after this time at the earliest: an answer may be on its way.
const ANSWER_AGAIN_MS: i64 = 30_000;

/// What the desk cannot know by itself.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The box's best idea of the time, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// Whether the owner's list has the command.
    pub is_allowed: bool,
    /// Whether it only reads.
    pub is_read: bool,
}

/// What to do about a command that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing; the reason is for the log.
    Ignore(String),
    /// Tell the hub this outcome.
    Tell(CommandOutcome),
    /// Tell the hub once more how this command ended; the book knows.
    TellAgain(CommandId),
    /// It waits for its turn: ask [`Desk::next`].
    Waits,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Execute it. [`Desk::on_ended`] must follow.
    Start(Command),
    /// Tell the hub this outcome.
    Tell(CommandOutcome),
}

/// A command that waits.
#[derive(Debug)]
struct Waiting {
    command: Command,
    is_read: bool,
}

/// What is known of a command that was started.
#[derive(Debug)]
struct Memory {
    expires_ms: i64,
    is_read: bool,
    is_over: bool,
    told_ms: i64,
}

/// A command that was refused, or that only read: repeating it is harmless, if not at once.
#[derive(Debug)]
struct Recent {
    id: CommandId,
    /// None of a read: a repetition reads anew.
    refusal: Option<CommandOutcome>,
    told_ms: i64,
}

/// The desk of one box.
#[derive(Debug, Default)]
pub struct Desk {
    waiting: VecDeque<Waiting>,
    started: BTreeMap<CommandId, Memory>,
    recent: VecDeque<Recent>,
    forged: Vec<CommandId>,
}

impl Desk {
    /// Remembers a command of the book that had begun and whose end is not known yet: it runs, in a sense, until
    /// [`Desk::on_ended`].
    pub fn recall_open(&mut self, header: &CommandHeader) {
        let memory = Memory { expires_ms: header.expires_ms, is_read: false, is_over: false, told_ms: i64::MIN };
        self.started.insert(header.id, memory);
    }

    /// Remembers a command of the book that has ended.
    pub fn recall_ended(&mut self, id: CommandId, expires_ms: i64) {
        self.started.insert(id, Memory { expires_ms, is_read: false, is_over: true, told_ms: i64::MIN });
    }

    /// Judges a command that came in.
    pub fn on_command(&mut self, command: Result<Command, CommandError>, terms: Terms) -> Verdict {
        let error = match command {
            Ok(command) => return self.on_ours(command, terms),
            Err(error) => error,
        };
        match error {
            CommandError::Unreadable(_) | CommandError::OtherSite(_) => Verdict::Ignore(error.to_string()),
            CommandError::BadSignature(ref header) => self.on_forged(header.id, error.to_string()),
            CommandError::Expired(ref header) | CommandError::UnknownKind(ref header) => {
                let known = self.known(header.id, terms.now_ms);
                known.unwrap_or_else(|| self.refuse(header.id, error.to_string(), terms.now_ms))
            }
        }
    }

    /// Anybody may have written it: the answer is counted, and says nothing about a command of that name.
    fn on_forged(&mut self, id: CommandId, reason: String) -> Verdict {
        if self.forged.len() >= FORGED_MAX || self.forged.contains(&id) || self.is_known(id) {
            return Verdict::Ignore(reason);
        }
        self.forged.push(id);
        Verdict::Tell(refusal(id, reason))
    }

    fn on_ours(&mut self, command: Command, terms: Terms) -> Verdict {
        let (id, now_ms) = (command.header.id, terms.now_ms);
        if let Some(verdict) = self.known(id, now_ms) {
            return verdict;
        }
        if !terms.is_allowed {
            let name = command.kind.name();
            return self.refuse(id, format!("the owner of this box does not allow `{name}`"), now_ms);
        }
        if self.waiting.len() >= WAITING_MAX {
            return self.refuse(id, format!("{WAITING_MAX} commands wait already; send it again later"), now_ms);
        }
        if self.started.len() >= REMEMBERED_MAX {
            return self.refuse(id, format!("the box remembers {REMEMBERED_MAX} commands until they expire"), now_ms);
        }
        self.waiting.push_back(Waiting { command, is_read: terms.is_read });
        Verdict::Waits
    }

    /// What to do next, if anything can be done now. `hold` says why a command must not begin yet.
    pub fn next(&mut self, now_ms: i64, hold: impl Fn(&Command) -> Option<String>) -> Option<Step> {
        let expired = self.waiting.iter().position(|waiting| waiting.command.header.expires_ms <= now_ms);
        if let Some(waiting) = expired.and_then(|at| self.waiting.remove(at)) {
            let reason = hold(&waiting.command).unwrap_or_else(|| "its turn had not come".to_owned());
            let text = format!("the command expired before it could be started: {reason}");
            return match self.refuse(waiting.command.header.id, text, now_ms) {
                Verdict::Tell(outcome) => Some(Step::Tell(outcome)),
                Verdict::Ignore(_) | Verdict::TellAgain(_) | Verdict::Waits => None,
            };
        }
        let running =
            |is_read: bool| self.started.values().filter(|memory| !memory.is_over && memory.is_read == is_read).count();
        let (is_busy, reads) = (running(false) > 0, running(true));
        let may_start = |waiting: &Waiting| if waiting.is_read { reads < READS_MAX } else { !is_busy };
        let at = self.waiting.iter().position(|waiting| may_start(waiting) && hold(&waiting.command).is_none())?;
        let Waiting { command, is_read } = self.waiting.remove(at)?;
        let memory = Memory { expires_ms: command.header.expires_ms, is_read, is_over: false, told_ms: now_ms };
        self.started.insert(command.header.id, memory);
        Some(Step::Start(command))
    }

    /// A command ended and the hub was told.
    pub fn on_ended(&mut self, id: CommandId, now_ms: i64) {
        let Some(memory) = self.started.get_mut(&id) else { return };
        (memory.is_over, memory.told_ms) = (true, now_ms);
        if memory.is_read {
            self.started.remove(&id);
            self.remember(Recent { id, refusal: None, told_ms: now_ms });
        }
    }

    /// The commands that wait.
    pub fn waiting(&self) -> impl Iterator<Item = &Command> {
        self.waiting.iter().map(|waiting| &waiting.command)
    }

    /// Forgets what nobody can send any more; returns the ids.
    pub fn forget(&mut self, now_ms: i64) -> Vec<CommandId> {
        let is_over = |memory: &Memory| memory.is_over && memory.expires_ms.saturating_add(FORGET_AFTER_MS) <= now_ms;
        let over: Vec<CommandId> =
            self.started.iter().filter(|(_, memory)| is_over(memory)).map(|(id, _)| *id).collect();
        self.started.retain(|id, _| !over.contains(id));
        over
    }

    fn is_known(&self, id: CommandId) -> bool {
        self.started.contains_key(&id) || self.waiting().any(|command| command.header.id == id)
    }

    /// The verdict on a repetition; none if it is none, or a read that may be repeated.
    fn known(&mut self, id: CommandId, now_ms: i64) -> Option<Verdict> {
        let ignore = |reason: &str| Some(Verdict::Ignore(reason.to_owned()));
        let is_just_told = |told_ms: i64| now_ms.saturating_sub(told_ms) < ANSWER_AGAIN_MS;
        if let Some(memory) = self.started.get_mut(&id) {
            if !memory.is_over {
                return ignore("it runs already");
            }
            if is_just_told(memory.told_ms) {
                return ignore("the hub was told just now");
            }
            memory.told_ms = now_ms;
            return Some(Verdict::TellAgain(id));
        }
        if self.is_known(id) {
            return ignore("it waits already");
        }
        let recent = self.recent.iter_mut().find(|recent| recent.id == id)?;
        if is_just_told(recent.told_ms) {
            return ignore("the hub was told just now");
        }
        recent.told_ms = now_ms;
        recent.refusal.clone().map(Verdict::Tell)
    }

    fn refuse(&mut self, id: CommandId, reason: String, now_ms: i64) -> Verdict {
        let outcome = refusal(id, reason);
        self.remember(Recent { id, refusal: Some(outcome.clone()), told_ms: now_ms });
        Verdict::Tell(outcome)
    }

    fn remember(&mut self, recent: Recent) {
        self.recent.retain(|known| known.id != recent.id);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(recent);
    }
}

fn refusal(id: CommandId, reason: String) -> CommandOutcome {
    CommandOutcome { id, state: OutcomeState::Refused, detail: reason, answer: None }
}

#[cfg(test)]
mod tests;
