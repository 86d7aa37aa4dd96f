//! Upkeep in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use super::attendance::Places;
use super::{Memory, State};
use crate::store::StoreError;
use crate::store::facts::{QueueState, StoredRecord};
use crate::store::projections::{Derived, Step};
use crate::store::upkeep::{Class, HourlySample, Upkeep};

pub(super) type Hours = BTreeMap<(SiteId, i64), HourlySample>;

#[async_trait]
impl Upkeep for Memory {
    async fn ripe(&self, lane: Lane, before_ms: i64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        Ok(self.read(|state| ripe(state, lane, before_ms, limit)))
    }

    async fn settle(&self, rest: Step) -> Result<u64, StoreError> {
        self.write(|state| Ok(settle(state, &rest)))
    }

    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let forgotten = self.write(|state| {
            Ok(match class {
                Class::HourlyMetrics => {
                    let count = state.hours.len();
                    state.hours.retain(|(_, at_ms), _| *at_ms >= before_ms);
                    count - state.hours.len()
                }
                Class::PassingDevices => state.projections.forget_passing(before_ms, limit),
                Class::Punches => {
                    let kept = state.kept_attendance.forget_punches(before_ms);
                    kept.max(state.attendance.forget_punches(before_ms)) + state.timetable.forget(before_ms)
                }
                Class::PendingTerminals => {
                    let kept = state.kept_attendance.forget_pending(before_ms);
                    kept.max(state.attendance.forget_pending(before_ms))
                }
                Class::Strips => {
                    let kept = state.kept_strips.forget(before_ms);
                    kept.max(state.strips.forget(before_ms)) + state.days.forget_ends(before_ms)
                }
                Class::PassingMachines => {
                    let kept = state.kept_machines.forget_passing(before_ms);
                    kept.max(state.machines.forget_passing(before_ms))
                }
                Class::Machines => {
                    state.forgotten_machines.retain(|_, forgotten_ms| *forgotten_ms >= before_ms);
                    let kept = state.kept_machines.forget(before_ms);
                    kept.max(state.machines.forget(before_ms))
                }
                Class::PersonDays => {
                    state.disputes.forget(before_ms);
                    state.days.forget_days(before_ms)
                }
                Class::Looks => state.days.forget_looks(before_ms),
                Class::Claims => state.registry.forget_claims(before_ms),
                Class::Alerts => state.alerts.forget(before_ms),
                Class::Commands => state.forget_commands(before_ms, limit),
                Class::Diary => state.people.forget_entries(before_ms, limit),
                Class::Credentials => {
                    let sessions = state.sessions.len();
                    state.sessions.retain(|_, session| session.expires_ms >= before_ms);
                    let sessions = sessions - state.sessions.len();
                    sessions + state.people.forget_credentials(before_ms) + state.sites.forget_enrolments(before_ms)
                }
                Class::Acts => {
                    let count = state.acts.len();
                    state.acts.retain(|act| act.at_ms >= before_ms);
                    count - state.acts.len()
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

/// The oldest records of the first queue that has any to settle.
fn ripe(state: &State, lane: Lane, before_ms: i64, limit: usize) -> Vec<StoredRecord> {
    let of_queue = |queue: &QueueState| -> Vec<StoredRecord> {
        let followed = state.projections.followed(&queue.site, queue.queue);
        let Some(records) = state.facts.records.get(&(queue.site.clone(), queue.queue)) else { return Vec::new() };
        let old = records.range(..=followed).take_while(|(_, record)| record.received_ms < before_ms);
        old.map(|(_, record)| record.clone()).take(limit).collect()
    };
    let queues = state.facts.queues.iter().filter(|queue| queue.lane == lane);
    queues.map(of_queue).find(|due| !due.is_empty()).unwrap_or_default()
}

fn settle(state: &mut State, rest: &Step) -> u64 {
    let State {
        facts,
        projections,
        kept,
        kept_attendance,
        kept_strips,
        kept_machines,
        forgotten_machines,
        registry,
        hours,
        ..
    } = state;
    let Some(Derived { value: at, .. }) = rest.cursors.last() else { return 0 };
    if projections.followed(&at.site, at.queue) < at.through {
        return 0;
    }
    let records = facts.records.entry((at.site.clone(), at.queue)).or_default();
    let held = records.split_off(&(at.through + 1));
    let forgotten = std::mem::replace(records, held).len() as u64;
    kept.keep(rest, registry);
    kept_attendance.hear(rest, &mut Places::default());
    kept_strips.hear(&rest.sights, registry);
    kept_machines.hear(&rest.machines, forgotten_machines);
    for Derived { value: (site, sample), undated } in &rest.metrics {
        let Some(at_ms) = projections.take_sample(site, sample, *undated) else { continue };
        let key = (site.clone(), HourlySample::hour_of(at_ms));
        hours.entry(key).or_insert_with(|| HourlySample::empty(at_ms)).absorb(&sample.host);
    }
    for Derived { value: (site, span), undated } in &rest.coverage {
        projections.drop_span(site, span, *undated);
    }
    forgotten
}
