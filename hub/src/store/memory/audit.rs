//! The audit log in memory.

use async_trait::async_trait;

use super::{Memory, State};
use crate::store::StoreError;
use crate::store::audit::{Act, ActFilter, Audit, LOOK, Place};

pub(super) type ActTable = Vec<Act>;

#[async_trait]
impl Audit for Memory {
    async fn note_act(&self, act: &Act) -> Result<(), StoreError> {
        self.write(|state| {
            state.acts.push(act.clone());
            Ok(())
        })
    }

    async fn acts(
        &self,
        filter: &ActFilter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<(Place, Act)>, StoreError> {
        let mut all = self.read(all);
        all.retain(|(place, act)| is_asked(filter, act) && after.is_none_or(|after| *place < after));
        all.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        all.truncate(limit);
        Ok(all)
    }
}

fn all(state: &State) -> Vec<(Place, Act)> {
    let place = |shelf, (at_ms, no): (i64, usize)| Place { at_ms, shelf, no: i64::try_from(no).unwrap_or(i64::MAX) };
    let acts = state.acts.iter().enumerate().map(|(no, act)| (place(0, (act.at_ms, no)), act.clone()));
    let looks = state.days.all_looks().iter().enumerate().map(|(no, look)| {
        let act = Act {
            at_ms: look.at_ms,
            account: look.account.clone(),
            via: String::new(),
            address: String::new(),
            operation: format!("{LOOK}{}", look.what),
            subject: look.person.clone(),
            status: 200,
        };
        (place(1, (look.at_ms, no)), act)
    });
    acts.chain(looks).collect()
}

fn is_asked(filter: &ActFilter, act: &Act) -> bool {
    let is_of = |wanted: &Option<String>, had: &str| wanted.as_ref().is_none_or(|wanted| wanted == had);
    is_of(&filter.account, &act.account)
        && is_of(&filter.operation, &act.operation)
        && filter.from_ms.is_none_or(|from_ms| act.at_ms >= from_ms)
        && filter.to_ms.is_none_or(|to_ms| act.at_ms < to_ms)
}
