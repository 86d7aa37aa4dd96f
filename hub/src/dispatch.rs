//! What to do with commands that are open: send, send again, give up.
//!
//! Pure, and without a memory of its own: the store says what is open, the caller what was sent on which
//! connection. Of each site's commands a few are on their way at a time, the oldest first. Of those that take a
//! box away for a while (reboot, update) only a share of the fleet may be under way at once. A box that never
//! answers makes a command *silent*, which people read as unknown; when it connects again it is asked again, as
//! long as it remembers.

pub mod driver;
mod progress;

use std::collections::BTreeMap;

use vigie_shared::id::{CommandId, SiteId};

use crate::store::commands::CommandState;

pub use progress::Progress;

/// Commands of one site on their way at a time: half of what a box lets wait.
pub const UNDER_WAY_MAX: usize = 16;

/// A box that has not said within this time that it has a command is sent it again.
const SEND_AGAIN_MS: i64 = 15_000;

/// A disruptive command that its box has not confirmed holds others back for so long.
const UNHEARD_HOLDS_MS: i64 = 30 * 60 * 1_000;

/// A command whose box has not said how it ended is silent this long after its expiry.
const SILENT_AFTER_MS: i64 = 60 * 60 * 1_000;

/// A silent command is asked for until this long after its expiry: boxes remember a day.
const ASK_UNTIL_MS: i64 = 12 * 60 * 60 * 1_000;

/// Kinds that take a box away for a while.
const DISRUPTIVE: [&str; 2] = ["reboot", "update_software"];

/// An open command, as far as deciding goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// For which site.
    pub site: SiteId,
    /// Its name.
    pub id: CommandId,
    /// Whether it takes the box away for a while.
    pub is_disruptive: bool,
    /// When it must no longer be started.
    pub expires_ms: i64,
    /// How far it is.
    pub state: CommandState,
    /// When it came so far, milliseconds since 1970 UTC.
    pub changed_ms: i64,
    /// When and on which connection it was last sent; none if not since the hub's start.
    pub sent: Option<Sent>,
}

/// A sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The connection, by its number.
    pub connection: u64,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// What surrounds the commands.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The present connection of every site that can hear.
    pub links: &'a BTreeMap<SiteId, u64>,
    /// Disruptive commands that may be under way at once.
    pub disruptive_max: usize,
    /// The time, milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// What to do with one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Send it on this connection.
    Send {
        /// For which site.
        site: SiteId,
        /// Which.
        id: CommandId,
        /// The connection.
        connection: u64,
    },
    /// It expired before it was sent.
    Refuse {
        /// For which site.
        site: SiteId,
        /// Which.
        id: CommandId,
    },
    /// Its box has not said how it ended.
    FallSilent {
        /// For which site.
        site: SiteId,
        /// Which.
        id: CommandId,
    },
}

/// Whether a command of that kind takes a box away for a while.
#[must_use]
pub fn is_disruptive(kind: &str, is_dry_run: bool) -> bool {
    !is_dry_run && DISRUPTIVE.contains(&kind)
}

/// How many disruptive commands may be under way in a fleet of so many sites: one, or a tenth.
#[must_use]
pub fn disruptive_max(sites: usize) -> usize {
    (sites / 10).max(1)
}

/// Decides what to do now. `open` holds every open command, the oldest first.
#[must_use]
pub fn plan(open: &[Open], around: Surroundings<'_>) -> Vec<Act> {
    let is_under_way = |command: &&Open| matches!(command.state, CommandState::Sent | CommandState::Running);
    let mut disruptive = open.iter().filter(|command| command.holds_others(around.now_ms)).count();
    let mut under_way: BTreeMap<&SiteId, usize> = BTreeMap::new();
    for command in open.iter().filter(is_under_way) {
        *under_way.entry(&command.site).or_default() += 1;
    }
    let mut acts = Vec::new();
    for command in open {
        let connection = around.links.get(&command.site).copied();
        match command.state {
            CommandState::Waiting if command.expires_ms <= around.now_ms => acts.push(command.refuse()),
            CommandState::Waiting => {
                let count = under_way.entry(&command.site).or_default();
                let Some(connection) = connection else { continue };
                if *count >= UNDER_WAY_MAX || (command.is_disruptive && disruptive >= around.disruptive_max) {
                    continue;
                }
                *count += 1;
                disruptive += usize::from(command.is_disruptive);
                acts.push(command.send(connection));
            }
            CommandState::Sent | CommandState::Running | CommandState::Silent => {
                acts.extend(command.follow_up(connection, around.now_ms));
            }
            CommandState::Succeeded
            | CommandState::Failed
            | CommandState::Refused
            | CommandState::RolledBack
            | CommandState::Unknown
            | CommandState::Cancelled => {}
        }
    }
    acts
}

impl Open {
    /// Whether it counts among the disruptive ones under way. A box that never said that it has the command, as
    /// when it vanished just then, does not hold the fleet for ever.
    fn holds_others(&self, now_ms: i64) -> bool {
        self.is_disruptive
            && match self.state {
                CommandState::Running => true,
                CommandState::Sent => now_ms.saturating_sub(self.changed_ms) < UNHEARD_HOLDS_MS,
                _ => false,
            }
    }

    /// What to do with a command that was sent.
    fn follow_up(&self, connection: Option<u64>, now_ms: i64) -> Option<Act> {
        let late_ms = now_ms.saturating_sub(self.expires_ms);
        if self.state != CommandState::Silent && late_ms >= SILENT_AFTER_MS {
            return Some(Act::FallSilent { site: self.site.clone(), id: self.id });
        }
        let connection = connection.filter(|_| late_ms < ASK_UNTIL_MS)?;
        let is_due = self.sent.is_none_or(|sent| {
            let is_unanswered = self.state == CommandState::Sent && now_ms.saturating_sub(sent.at_ms) >= SEND_AGAIN_MS;
            sent.connection != connection || is_unanswered
        });
        is_due.then(|| self.send(connection))
    }

    fn send(&self, connection: u64) -> Act {
        Act::Send { site: self.site.clone(), id: self.id, connection }
    }

    fn refuse(&self) -> Act {
        Act::Refuse { site: self.site.clone(), id: self.id }
    }
}

#[cfg(test)]
mod tests;
