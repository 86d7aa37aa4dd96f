//! Sessions in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::StoreError;
use crate::store::sessions::{Session, Sessions};

pub(super) type SessionTable = BTreeMap<[u8; 16], Session>;

#[async_trait]
impl Sessions for Memory {
    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        self.write(|state| {
            state.sessions.insert(session.id, session.clone());
            Ok(())
        })
    }

    async fn session(&self, id: [u8; 16]) -> Result<Option<Session>, StoreError> {
        Ok(self.read(|state| state.sessions.get(&id).cloned()))
    }

    async fn sessions(&self, account: Option<&str>) -> Result<Vec<Session>, StoreError> {
        let is_asked = |one: &&Session| account.is_none_or(|account| one.account == account);
        let mut all: Vec<Session> = self.read(|state| state.sessions.values().filter(is_asked).cloned().collect());
        all.sort_by_key(|session| std::cmp::Reverse(session.created_ms));
        Ok(all)
    }

    async fn change_session(&self, session: &Session) -> Result<bool, StoreError> {
        self.write(|state| {
            let known = state.sessions.get_mut(&session.id);
            let Some(known) = known.filter(|known| known.revision + 1 == session.revision) else { return Ok(false) };
            known.clone_from(session);
            Ok(true)
        })
    }

    async fn remove_session(&self, id: [u8; 16]) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.sessions.remove(&id).is_some()))
    }

    async fn remove_sessions(&self, account: &str, but: Option<[u8; 16]>) -> Result<(), StoreError> {
        self.write(|state| {
            state.sessions.retain(|id, session| session.account != account || Some(*id) == but);
            Ok(())
        })
    }
}
