//! Jobs: rows on their way to third parties, kept until they arrive or a person has decided about them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::Value;

use crate::connectors::job::{Job, JobState, NewJob};
use crate::store::StoreError;

/// Which jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this connector.
    pub connector: Option<String>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this person, by the terminals' number.
    pub enrol_id: Option<u64>,
    /// Only those that the third party may have twice.
    pub only_maybe_twice: bool,
}

/// How many jobs of a connector are in a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobCount {
    /// Whose.
    pub connector: String,
    /// In which.
    pub state: JobState,
    /// How many.
    pub count: u64,
}

/// What a person decided about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMove {
    /// Which.
    pub no: i64,
    /// Only if it is in one of these states.
    pub from: Vec<JobState>,
    /// The state that it gets.
    pub to: JobState,
    /// Who and why, for people; none keeps what was said last.
    pub why: Option<String>,
    /// When, milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// The jobs' part of the store.
#[async_trait]
pub trait Jobs {
    /// Adds jobs to a connector, but for rows that it has already; returns how many are new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_jobs(&self, connector: &str, jobs: &[NewJob], now_ms: i64) -> Result<usize, StoreError>;

    /// Keeps how jobs changed; those that no longer exist stay away.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn save_jobs(&self, jobs: &[Job]) -> Result<(), StoreError>;

    /// Moves a job as a person decided, to be tried at once if it is open then; false if it was in no such state.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn move_job(&self, change: &JobMove) -> Result<bool, StoreError>;

    /// Jobs to be tried, in their order, at most `limit`. Whoever has a job that waits is left out.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn due_jobs(&self, connector: &str, now_ms: i64, limit: usize) -> Result<Vec<Job>, StoreError>;

    /// When the next job is to be tried, milliseconds since 1970 UTC; none if none waits for its time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn next_try_ms(&self, connector: &str, now_ms: i64) -> Result<Option<i64>, StoreError>;

    /// One job.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn job(&self, no: i64) -> Result<Option<Job>, StoreError>;

    /// Jobs, newest first, before the one with that number, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn jobs(&self, filter: &JobFilter, before: Option<i64>, limit: usize) -> Result<Vec<Job>, StoreError>;

    /// The jobs of one person whose rows begin at or after a moment, in the order of the rows.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn person_jobs(&self, connector: &str, enrol_id: u64, from_ms: i64) -> Result<Vec<Job>, StoreError>;

    /// The jobs whose rows begin at a moment, each with the person by whose number it goes, read at once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn jobs_at(&self, connector: &str, rows: &BTreeSet<(u64, i64)>) -> Result<Vec<Job>, StoreError>;

    /// The number of the job that the third party knows by that id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn job_of_remote(&self, connector: &str, remote_id: &Value) -> Result<Option<i64>, StoreError>;

    /// Lets those be tried again that waited until people change; returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn unpark(&self, connector: &str, now_ms: i64) -> Result<usize, StoreError>;

    /// How many jobs of each connector are in each state; what is not there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn job_counts(&self) -> Result<Vec<JobCount>, StoreError>;

    /// Forgets settled jobs that changed before a moment, at most `limit`; returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget_jobs(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError>;
}
