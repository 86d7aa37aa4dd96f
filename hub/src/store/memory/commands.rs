//! Commands in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{CommandId, SiteId};

use super::{Memory, State};
use crate::store::StoreError;
use crate::store::commands::{CommandState, Commands, Move, StoredCommand, Told};

pub(super) type CommandTable = BTreeMap<(SiteId, CommandId), StoredCommand>;

impl State {
    /// Forgets commands that ended before that moment; returns how many.
    pub(super) fn forget_commands(&mut self, before_ms: i64, limit: usize) -> usize {
        let is_old = |command: &StoredCommand| !command.state.is_open() && command.changed_ms < before_ms;
        let old = self.commands.iter().filter(|(_, command)| is_old(command)).map(|(key, _)| key.clone());
        let old: Vec<_> = old.take(limit).collect();
        old.iter().for_each(|key| drop(self.commands.remove(key)));
        old.len()
    }

    /// A box's word about a command; of one that nobody here gave, nothing is kept.
    pub(super) fn hear(&mut self, told: Told) {
        let Some(command) = self.commands.get_mut(&(told.site, told.outcome.id)) else { return };
        if command.state.accepts(told.outcome.state) {
            command.state = CommandState::from(told.outcome.state);
            command.changed_ms = told.at_ms;
            command.detail = told.outcome.detail;
            command.answer = told.outcome.answer;
        }
    }
}

#[async_trait]
impl Commands for Memory {
    async fn add_command(&self, command: &StoredCommand) -> Result<(), StoreError> {
        self.write(|state| {
            let key = (command.site.clone(), command.id);
            if state.commands.contains_key(&key) {
                return Err(StoreError::Conflict(format!("command {}", command.id)));
            }
            state.commands.insert(key, command.clone());
            Ok(())
        })
    }

    async fn command(&self, site: &SiteId, id: CommandId) -> Result<Option<StoredCommand>, StoreError> {
        Ok(self.read(|state| state.commands.get(&(site.clone(), id)).cloned()))
    }

    async fn commands(
        &self,
        site: &SiteId,
        after: Option<(i64, CommandId)>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError> {
        let is_asked = |command: &&StoredCommand| {
            command.site == *site && after.is_none_or(|after| (command.issued_ms, command.id) < after)
        };
        let mut found: Vec<StoredCommand> =
            self.read(|state| state.commands.values().filter(is_asked).cloned().collect());
        found.sort_by_key(|command| std::cmp::Reverse((command.issued_ms, command.id)));
        found.truncate(limit);
        Ok(found)
    }

    async fn commands_of_kind(
        &self,
        kind: &str,
        site: Option<&SiteId>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError> {
        let is_asked = |command: &&StoredCommand| command.kind == kind && site.is_none_or(|site| command.site == *site);
        let mut found: Vec<StoredCommand> =
            self.read(|state| state.commands.values().filter(is_asked).cloned().collect());
        found.sort_by(|one, other| (other.issued_ms, other.id, &one.site).cmp(&(one.issued_ms, one.id, &other.site)));
        found.truncate(limit);
        Ok(found)
    }

    async fn open_commands(&self, limit: usize) -> Result<Vec<StoredCommand>, StoreError> {
        let mut open: Vec<StoredCommand> =
            self.read(|state| state.commands.values().filter(|command| command.state.is_open()).cloned().collect());
        open.sort_by_key(|command| (command.issued_ms, command.id));
        open.truncate(limit);
        Ok(open)
    }

    async fn move_command(&self, change: &Move) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(command) = state.commands.get_mut(&(change.site.clone(), change.id)) else { return Ok(false) };
            if !change.from.contains(&command.state) {
                return Ok(false);
            }
            command.state = change.to;
            command.changed_ms = change.at_ms;
            if !change.detail.is_empty() {
                command.detail.clone_from(&change.detail);
            }
            Ok(true)
        })
    }
}
