//! Disputed days in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;

use super::Memory;
use crate::store::StoreError;
use crate::store::presence::{Dispute, DisputeAnswer, Disputes, utc_day};

/// The dispute of each day and person.
#[derive(Debug, Clone, Default)]
pub(super) struct DisputeTable(BTreeMap<(Date, String), Dispute>);

impl DisputeTable {
    pub(super) fn forget(&mut self, before_ms: i64) {
        if let Some(first) = utc_day(before_ms) {
            self.0.retain(|(date, _), _| *date >= first);
        }
    }

    pub(super) fn erase(&mut self, person: &str) {
        self.0.retain(|(_, one), _| one != person);
    }
}

#[async_trait]
impl Disputes for Memory {
    async fn disputes(&self, person: Option<&str>, only_open: bool, limit: usize) -> Result<Vec<Dispute>, StoreError> {
        Ok(self.read(|state| {
            let is_asked = |one: &&Dispute| {
                person.is_none_or(|person| one.person == person) && (!only_open || one.answer.is_none())
            };
            let mut all: Vec<Dispute> = state.disputes.0.values().filter(is_asked).cloned().collect();
            all.sort_by_key(|one| (Reverse(one.date), one.person.clone()));
            all.truncate(limit);
            all
        }))
    }

    async fn dispute(&self, person: &str, date: Date) -> Result<Option<Dispute>, StoreError> {
        Ok(self.read(|state| state.disputes.0.get(&(date, person.to_owned())).cloned()))
    }

    async fn put_dispute(&self, dispute: &Dispute) -> Result<(), StoreError> {
        self.write(|state| {
            state.disputes.0.insert((dispute.date, dispute.person.clone()), dispute.clone());
            Ok(())
        })
    }

    async fn answer_dispute(&self, (person, date): (&str, Date), answer: &DisputeAnswer) -> Result<bool, StoreError> {
        self.write(|state| {
            let waiting = state.disputes.0.get_mut(&(date, person.to_owned())).filter(|one| one.answer.is_none());
            let Some(dispute) = waiting else { return Ok(false) };
            dispute.answer = Some(answer.clone());
            Ok(true)
        })
    }
}
