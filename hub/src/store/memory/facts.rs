//! Facts in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::frame;

use super::{Memory, State};
use crate::store::StoreError;
use crate::store::facts::{Commit, Facts, Gap, QueueState, StoredRecord};

#[derive(Debug, Clone, Default)]
pub(super) struct FactTables {
    /// In the order of their birth.
    pub(super) queues: Vec<QueueState>,
    pub(super) records: BTreeMap<(SiteId, QueueId), BTreeMap<u64, StoredRecord>>,
    gaps: Vec<Gap>,
}

#[async_trait]
impl Facts for Memory {
    async fn queues(&self) -> Result<Vec<QueueState>, StoreError> {
        Ok(self.read(|state| state.facts.queues.clone()))
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError> {
        self.write(|state| {
            check(state, &commit)?;
            add(state, &commit);
            Ok(())
        })
    }

    async fn record_crc(&self, site: &SiteId, queue: QueueId, seq: u64) -> Result<Option<u32>, StoreError> {
        let found = self.read(|state| {
            let records = state.facts.records.get(&(site.clone(), queue))?;
            records.get(&seq).map(|record| frame::crc(&record.bytes).unwrap_or(0))
        });
        Ok(found)
    }

    async fn records(
        &self,
        site: &SiteId,
        queue: QueueId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let key = (site.clone(), queue);
        let page = |records: &BTreeMap<u64, StoredRecord>| {
            records.range(from..).take(limit).map(|(_, record)| record.clone()).collect()
        };
        Ok(self.read(|state| state.facts.records.get(&key).map(page).unwrap_or_default()))
    }

    async fn gaps(&self, site: &SiteId) -> Result<Vec<Gap>, StoreError> {
        let mut gaps: Vec<Gap> =
            self.read(|state| state.facts.gaps.iter().filter(|gap| gap.site == *site).cloned().collect());
        gaps.sort_by_key(|gap| gap.noticed_ms);
        Ok(gaps)
    }
}

/// Refuses a commit that would overwrite anything.
fn check(state: &State, commit: &Commit) -> Result<(), StoreError> {
    for arrival in &commit.arrivals {
        let held = state.facts.records.get(&(arrival.site.clone(), arrival.queue));
        let end = arrival.start + arrival.records.len() as u64;
        let taken = held.and_then(|records| records.range(arrival.start..end).next());
        if let Some((seq, _)) = taken {
            return Err(StoreError::Conflict(format!("position {seq} of queue {}", arrival.queue)));
        }
    }
    let is_known = |new: &Gap| {
        state.facts.gaps.iter().any(|gap| gap.site == new.site && gap.queue == new.queue && gap.from == new.from)
    };
    match commit.gaps.iter().find(|gap| is_known(gap)) {
        Some(gap) => Err(StoreError::Conflict(format!("the gap at position {} of queue {}", gap.from, gap.queue))),
        None => Ok(()),
    }
}

fn add(state: &mut State, commit: &Commit) {
    for new in &commit.queues {
        let known = state.facts.queues.iter_mut().find(|old| old.site == new.site && old.queue == new.queue);
        match known {
            Some(old) => old.through = new.through,
            None => state.facts.queues.push(new.clone()),
        }
    }
    for arrival in &commit.arrivals {
        let records = state.facts.records.entry((arrival.site.clone(), arrival.queue)).or_default();
        records.extend((arrival.start..).zip(&arrival.records).map(|(seq, bytes)| {
            let (site, lane, queue) = (arrival.site.clone(), arrival.lane, arrival.queue);
            (seq, StoredRecord { site, lane, queue, seq, received_ms: commit.received_ms, bytes: bytes.clone() })
        }));
    }
    state.facts.gaps.extend(commit.gaps.iter().cloned());
    commit.entries.iter().for_each(|entry| state.people.write(entry.clone()));
}
