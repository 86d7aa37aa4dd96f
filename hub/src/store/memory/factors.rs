//! Second factors in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::StoreError;
use crate::store::factors::{Factors, SecondFactor};

pub(super) type FactorTable = BTreeMap<String, SecondFactor>;

#[async_trait]
impl Factors for Memory {
    async fn put_factor(&self, factor: &SecondFactor) -> Result<(), StoreError> {
        self.write(|state| {
            state.factors.insert(factor.account.clone(), factor.clone());
            Ok(())
        })
    }

    async fn factor(&self, account: &str) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self.read(|state| state.factors.get(account).cloned()))
    }

    async fn change_factor(&self, factor: &SecondFactor) -> Result<bool, StoreError> {
        self.write(|state| {
            let known = state.factors.get_mut(&factor.account);
            let Some(known) = known.filter(|known| known.revision + 1 == factor.revision) else { return Ok(false) };
            known.clone_from(factor);
            Ok(true)
        })
    }

    async fn remove_factor(&self, account: &str) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.factors.remove(account).is_some()))
    }

    async fn proven_accounts(&self) -> Result<Vec<String>, StoreError> {
        let proven = |table: &FactorTable| {
            table.values().filter(|one| one.is_confirmed).map(|one| one.account.clone()).collect()
        };
        Ok(self.read(|state| proven(&state.factors)))
    }
}
