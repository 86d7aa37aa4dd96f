//! What concerns people, in memory: accounts, credentials, the diary.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;

use super::Memory;
use crate::store::StoreError;
use crate::store::accounts::{Account, Accounts, Credential, CredentialKind};
use crate::store::diary::{Diary, Entry};

#[derive(Debug, Clone, Default)]
pub(super) struct PeopleTables {
    accounts: BTreeMap<String, Shown<Account>>,
    credentials: BTreeMap<[u8; 32], Credential>,
    entries: Vec<Entry>,
}

/// Keeps an account out of `Debug` output: it carries a password's hash.
#[derive(Clone)]
struct Shown<T>(T);

impl std::fmt::Debug for Shown<Account> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl PeopleTables {
    pub(super) fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn forget_entries(&mut self, before_ms: i64, limit: usize) -> usize {
        let old: Vec<usize> = self.indices_before(before_ms).take(limit).collect();
        old.iter().rev().for_each(|index| drop(self.entries.remove(*index)));
        old.len()
    }

    fn indices_before(&self, before_ms: i64) -> impl Iterator<Item = usize> {
        self.entries.iter().enumerate().filter(move |(_, entry)| entry.at_ms < before_ms).map(|(index, _)| index)
    }

    pub(super) fn forget_credentials(&mut self, before_ms: i64) -> usize {
        let count = self.credentials.len();
        self.credentials.retain(|_, credential| credential.expires_ms >= before_ms);
        count - self.credentials.len()
    }
}

#[async_trait]
impl Accounts for Memory {
    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        self.write(|state| {
            let new = || Shown(account.clone());
            let known = &mut state.people.accounts.entry(account.name.clone()).or_insert_with(new).0;
            *known = Account { created_ms: known.created_ms, ..account.clone() };
            Ok(())
        })
    }

    async fn remove_account(&self, name: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            state.sessions.retain(|_, session| session.account != name);
            state.people.credentials.retain(|_, credential| credential.account != name);
            state.factors.remove(name);
            Ok(state.people.accounts.remove(name).is_some())
        })
    }

    async fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.read(|state| state.people.accounts.get(name).map(|account| account.0.clone())))
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.read(|state| state.people.accounts.values().map(|account| account.0.clone()).collect()))
    }

    async fn add_credential(&self, credential: &Credential) -> Result<(), StoreError> {
        self.write(|state| {
            if state.people.credentials.contains_key(&credential.secret_sha256) {
                return Err(StoreError::Conflict("this credential".to_owned()));
            }
            state.people.credentials.insert(credential.secret_sha256, credential.clone());
            Ok(())
        })
    }

    async fn credential(&self, secret_sha256: [u8; 32]) -> Result<Option<Credential>, StoreError> {
        Ok(self.read(|state| state.people.credentials.get(&secret_sha256).cloned()))
    }

    async fn credentials(&self, kind: CredentialKind) -> Result<Vec<Credential>, StoreError> {
        let of_kind = |all: &BTreeMap<_, Credential>| all.values().filter(|one| one.kind == kind).cloned().collect();
        let mut all: Vec<Credential> = self.read(|state| of_kind(&state.people.credentials));
        all.sort_by_key(|credential| std::cmp::Reverse(credential.created_ms));
        Ok(all)
    }

    async fn touch_credential(&self, secret_sha256: [u8; 32], used_ms: i64) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(known) = state.people.credentials.get_mut(&secret_sha256) {
                known.used_ms = Some(used_ms);
            }
            Ok(())
        })
    }

    async fn remove_credential(&self, secret_sha256: [u8; 32]) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.people.credentials.remove(&secret_sha256).is_some()))
    }

    async fn remove_expired(&self, now_ms: i64) -> Result<(), StoreError> {
        self.write(|state| {
            state.people.credentials.retain(|_, credential| credential.expires_ms > now_ms);
            state.sessions.retain(|_, session| session.expires_ms > now_ms);
            Ok(())
        })
    }
}

#[async_trait]
impl Diary for Memory {
    async fn write(&self, entry: &Entry) -> Result<(), StoreError> {
        Self::write(self, |state| {
            state.people.write(entry.clone());
            Ok(())
        })
    }

    async fn entries(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let is_asked = |entry: &&Entry| site.is_none() || entry.site.as_ref() == site;
        let mut entries: Vec<Entry> =
            self.read(|state| state.people.entries.iter().rev().filter(is_asked).cloned().collect());
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at_ms));
        entries.truncate(limit);
        Ok(entries)
    }
}
