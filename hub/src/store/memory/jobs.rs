//! Jobs in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::Value;

use super::Memory;
use crate::connectors::job::{Job, JobState, NewJob};
use crate::store::StoreError;
use crate::store::jobs::{JobCount, JobFilter, JobMove, Jobs};

/// Jobs by their number.
#[derive(Debug, Clone, Default)]
pub(super) struct JobTable {
    pub(super) jobs: BTreeMap<i64, Job>,
    last: i64,
}

impl JobTable {
    fn of<'a>(&'a self, connector: &'a str) -> impl Iterator<Item = &'a Job> {
        self.jobs.values().filter(move |job| job.connector == connector)
    }

    fn due(&self, connector: &str, now_ms: i64) -> Vec<Job> {
        let is_waiting = |job: &&Job| match job.state {
            JobState::Parked => !job.is_postponed,
            JobState::Failed => !job.is_postponed && job.next_try_ms > now_ms,
            JobState::Pending | JobState::Sent | JobState::Dead | JobState::Skipped => false,
        };
        let waiting: BTreeSet<u64> = self.of(connector).filter(is_waiting).map(|job| job.enrol_id).collect();
        let is_due = |job: &&Job| {
            let is_open = matches!(job.state, JobState::Pending | JobState::Failed);
            is_open && job.next_try_ms <= now_ms && !waiting.contains(&job.enrol_id)
        };
        let mut due: Vec<Job> = self.of(connector).filter(is_due).cloned().collect();
        due.sort_by_key(|job| (job.row.at_ms, job.no));
        due
    }
}

#[async_trait]
impl Jobs for Memory {
    async fn add_jobs(&self, connector: &str, jobs: &[NewJob], now_ms: i64) -> Result<usize, StoreError> {
        self.write(|state| {
            let mut added = 0;
            if !state.connectors.contains_key(connector) {
                return Ok(added);
            }
            for new in jobs {
                if state.jobs.of(connector).any(|job| job.key == new.key) {
                    continue;
                }
                state.jobs.last += 1;
                let no = state.jobs.last;
                state.jobs.jobs.insert(no, new.clone().into_job(no, connector, now_ms));
                added += 1;
            }
            Ok(added)
        })
    }

    async fn save_jobs(&self, jobs: &[Job]) -> Result<(), StoreError> {
        self.write(|state| {
            for job in jobs {
                if let Some(known) = state.jobs.jobs.get_mut(&job.no) {
                    *known = job.clone();
                }
            }
            Ok(())
        })
    }

    async fn move_job(&self, change: &JobMove) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(job) = state.jobs.jobs.get_mut(&change.no).filter(|job| change.from.contains(&job.state)) else {
                return Ok(false);
            };
            (job.state, job.changed_ms, job.next_try_ms, job.is_postponed) =
                (change.to, change.now_ms, change.now_ms, false);
            (job.attempts, job.failing_ms, job.breaks) = (0, None, 0);
            job.last_error = change.why.clone().or_else(|| job.last_error.take());
            Ok(true)
        })
    }

    async fn due_jobs(&self, connector: &str, now_ms: i64, limit: usize) -> Result<Vec<Job>, StoreError> {
        let mut due = self.read(|state| state.jobs.due(connector, now_ms));
        due.truncate(limit);
        Ok(due)
    }

    async fn next_try_ms(&self, connector: &str, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let waits = |job: &&Job| matches!(job.state, JobState::Pending | JobState::Failed) && job.next_try_ms > now_ms;
        Ok(self.read(|state| state.jobs.of(connector).filter(waits).map(|job| job.next_try_ms).min()))
    }

    async fn job(&self, no: i64) -> Result<Option<Job>, StoreError> {
        Ok(self.read(|state| state.jobs.jobs.get(&no).cloned()))
    }

    async fn jobs(&self, filter: &JobFilter, before: Option<i64>, limit: usize) -> Result<Vec<Job>, StoreError> {
        let is_asked = |job: &&Job| {
            before.is_none_or(|before| job.no < before)
                && filter.connector.as_ref().is_none_or(|connector| job.connector == *connector)
                && filter.state.is_none_or(|state| job.state == state)
                && filter.enrol_id.is_none_or(|enrol_id| job.enrol_id == enrol_id)
                && (!filter.only_maybe_twice || job.maybe_twice.is_some())
        };
        Ok(self.read(|state| state.jobs.jobs.values().rev().filter(is_asked).take(limit).cloned().collect()))
    }

    async fn person_jobs(&self, connector: &str, enrol_id: u64, from_ms: i64) -> Result<Vec<Job>, StoreError> {
        let is_asked = |job: &&Job| job.enrol_id == enrol_id && job.row.at_ms >= from_ms;
        let mut found: Vec<Job> = self.read(|state| state.jobs.of(connector).filter(is_asked).cloned().collect());
        found.sort_by_key(|job| (job.row.at_ms, job.no));
        Ok(found)
    }

    async fn jobs_at(&self, connector: &str, rows: &BTreeSet<(u64, i64)>) -> Result<Vec<Job>, StoreError> {
        let is_asked = |job: &&Job| rows.contains(&(job.enrol_id, job.row.at_ms));
        let mut found: Vec<Job> = self.read(|state| state.jobs.of(connector).filter(is_asked).cloned().collect());
        found.sort_by_key(|job| (job.enrol_id, job.row.at_ms, job.no));
        Ok(found)
    }

    async fn job_of_remote(&self, connector: &str, remote_id: &Value) -> Result<Option<i64>, StoreError> {
        let is_it = |job: &&Job| job.remote_id.as_ref() == Some(remote_id);
        Ok(self.read(|state| state.jobs.of(connector).find(is_it).map(|job| job.no)))
    }

    async fn unpark(&self, connector: &str, now_ms: i64) -> Result<usize, StoreError> {
        self.write(|state| {
            let is_parked =
                |job: &&mut Job| job.connector == connector && job.state == JobState::Parked && !job.is_postponed;
            let mut count = 0;
            for job in state.jobs.jobs.values_mut().filter(is_parked) {
                (job.state, job.next_try_ms, job.changed_ms) = (JobState::Pending, now_ms, now_ms);
                count += 1;
            }
            Ok(count)
        })
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, StoreError> {
        let mut counts: BTreeMap<(String, JobState), u64> = BTreeMap::new();
        self.read(|state| {
            for job in state.jobs.jobs.values() {
                *counts.entry((job.connector.clone(), job.state)).or_default() += 1;
            }
        });
        Ok(counts.into_iter().map(|((connector, state), count)| JobCount { connector, state, count }).collect())
    }

    async fn forget_jobs(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError> {
        self.write(|state| {
            let is_old = |job: &&Job| !job.state.is_open() && job.changed_ms < before_ms;
            let old: Vec<i64> = state.jobs.jobs.values().filter(is_old).take(limit).map(|job| job.no).collect();
            old.iter().for_each(|no| drop(state.jobs.jobs.remove(no)));
            Ok(old.len())
        })
    }
}
