//! What others may know of the driver: its decisions, what commits cost, and why they fail.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ingest::Counters;
use crate::store::facts::Commit;

/// What became of the groups that had something to put on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commits {
    /// How many are on disk.
    pub groups: u64,
    /// From the beginning of each commit until it was on disk, failed tries included, all together.
    pub time: Duration,
    /// Records in them.
    pub records: u64,
    /// Bytes of those records.
    pub bytes: u64,
}

impl Commits {
    fn add(&mut self, commit: &Commit, time: Duration) {
        let records = commit.arrivals.iter().flat_map(|arrival| &arrival.records);
        self.groups += 1;
        self.time += time;
        self.records += commit.arrivals.iter().map(|arrival| arrival.records.len() as u64).sum::<u64>();
        self.bytes += records.map(|record| record.len() as u64).sum::<u64>();
    }
}

/// What others may know of the driver.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Every decision so far.
    pub counters: Counters,
    /// What the groups cost.
    pub commits: Commits,
    /// Why commits fail at present; none if they succeed.
    pub trouble: Option<String>,
}

/// A clonable view of the driver's [`Health`].
#[derive(Clone, Default)]
pub struct HealthView(Arc<Mutex<Health>>);

impl HealthView {
    /// The health now.
    #[must_use]
    pub fn now(&self) -> Health {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn fail(&self, error: &anyhow::Error) {
        tracing::error!("records wait, since the store cannot take them; no receipt is sent: {error:#}");
        self.change(|health| {
            health.trouble = Some(format!("{error:#}"));
            health.counters.failed_commits += 1;
        });
    }

    pub(super) fn recover(&self) {
        self.change(|health| {
            if health.trouble.take().is_some() {
                tracing::info!("the store takes records again");
            }
        });
    }

    /// Takes over the core's counters.
    pub(super) fn report(&self, counters: Counters) {
        self.change(|health| {
            let failed_commits = health.counters.failed_commits;
            health.counters = Counters { failed_commits, ..counters };
        });
    }

    /// Adds a group that is on disk, and how long that took.
    pub(super) fn add_commit(&self, commit: &Commit, time: Duration) {
        self.change(|health| health.commits.add(commit, time));
    }

    fn change(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
