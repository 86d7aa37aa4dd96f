//! Upkeep in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use super::{Memory, State};
use crate::store::StoreError;
use crate::store::upkeep::{Class, HourlySample, Upkeep};

pub(super) type Hours = BTreeMap<(SiteId, i64), HourlySample>;

#[async_trait]
impl Upkeep for Memory {
    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let forgotten = self.write(|state| {
            Ok(match class {
                Class::Records(lane) => forget_records(state, lane, before_ms, limit),
                Class::Metrics => shrink_metrics(state, before_ms, limit),
                Class::HourlyMetrics => {
                    let count = state.hours.len();
                    state.hours.retain(|(_, at_ms), _| *at_ms >= before_ms);
                    count - state.hours.len()
                }
                Class::Coverage => state.projections.forget_coverage(before_ms, limit),
                Class::PassingDevices => state.projections.forget_passing(before_ms, limit),
                Class::Diary => state.people.forget_entries(before_ms, limit),
                Class::Credentials => {
                    state.people.forget_credentials(before_ms) + state.sites.forget_enrolments(before_ms)
                }
            })
        })?;
        Ok(forgotten as u64)
    }

    async fn hours(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<HourlySample>, StoreError> {
        let range = (site.clone(), from_ms)..(site.clone(), to_ms.max(from_ms));
        Ok(self.read(|state| state.hours.range(range).take(limit).map(|(_, hour)| hour.clone()).collect()))
    }
}

/// Puts the oldest samples into their hours.
fn shrink_metrics(state: &mut State, before_ms: i64, limit: usize) -> usize {
    let old = state.projections.take_metrics(before_ms, limit);
    for (site, at_ms, host) in &old {
        let key = (site.clone(), HourlySample::hour_of(*at_ms));
        state.hours.entry(key).or_insert_with(|| HourlySample::empty(*at_ms)).absorb(host);
    }
    old.len()
}

fn forget_records(state: &mut State, lane: Lane, before_ms: i64, limit: usize) -> usize {
    let State { facts, projections, .. } = state;
    let mut forgotten = 0;
    for queue in facts.queues.iter().filter(|queue| queue.lane == lane) {
        let followed = projections.followed(&queue.site, queue.queue);
        let Some(records) = facts.records.get_mut(&(queue.site.clone(), queue.queue)) else { continue };
        let old = records.range(..=followed).take_while(|(_, record)| record.received_ms < before_ms);
        let seqs: Vec<u64> = old.map(|(seq, _)| *seq).take(limit - forgotten).collect();
        seqs.iter().for_each(|seq| drop(records.remove(seq)));
        forgotten += seqs.len();
    }
    forgotten
}
