//! The queue's decisions: which rows go together, what becomes of a job, when a connector must stop; pure.
//!
//! The order is kept per person, and one person's row never waits for another's. A row that failed goes in smaller
//! company each time, so that a row that poisons its batch ends alone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::{Job, JobState, Wish};
use super::outcome::{SAID_BYTES_MAX, cut};
use super::wait::Patience;
use vigie_shared::units::ms;

/// So many tries a row gets that breaks the server while it takes others.
pub const BREAKS_MAX: u32 = 5;

/// So long a server may break over a row while it takes no other: longer than any weekend in which nobody looks.
pub const BROKEN_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;

/// So many refusals in a row mean that something is wrong with the connector, not with the rows.
pub const REJECTS_MAX: usize = 10;

/// Of at least so many people.
pub const REJECTED_PEOPLE_MIN: usize = 3;

/// Refusals that are remembered: with fewer people than [`REJECTED_PEOPLE_MIN`] a run may grow.
const RUN_MAX: usize = 100;

/// So often a late row is tried before a person is asked.
pub const LATE_TRIES_MAX: u32 = 8;

/// What became of a try.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It is there, under that id if it was said.
    Delivered(Option<Value>),
    /// It was there already.
    Duplicate(Option<Value>),
    /// It will never be taken.
    Rejected(String),
    /// Its person is unknown there.
    Parked(String),
    /// It waits for another row of its person, or for somebody to mend something there; nobody waits for it.
    Held(String),
    /// Try again later.
    Later(String, Cause),
}

/// Why to try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It cannot have arrived: no connection, or the server is busy.
    NotTaken,
    /// The answer was lost: it may have arrived.
    Lost,
    /// The server broke over it.
    Broke,
    /// It is for an earlier time than what is open there.
    Late,
    /// Everything waits; nobody's fault.
    Throttled,
}

/// When a job is settled, and what else counts.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// Milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// Drawn at random.
    pub chance: u64,
    /// When a row of this connector last passed.
    pub passed_ms: Option<i64>,
    /// A row whose fate is unknown can be looked for.
    pub has_probe: bool,
    /// Between which bounds tries are repeated.
    pub patience: Patience,
}

/// Puts rows together for requests of at most `rows_max`, in their order.
#[must_use]
pub fn batches(due: Vec<Job>, rows_max: usize) -> Vec<Vec<Job>> {
    let mut batches: Vec<Vec<Job>> = Vec::new();
    for job in due {
        let most = company(&job, rows_max);
        match batches.last_mut() {
            Some(batch)
                if batch.len() < most && batch.iter().all(|other| fits(other, &job, (batch.len(), rows_max))) =>
            {
                batch.push(job);
            }
            _ => batches.push(vec![job]),
        }
    }
    batches
}

fn fits(one: &Job, other: &Job, (length, rows_max): (usize, usize)) -> bool {
    let is_plain = |job: &Job| job.wish == Wish::Send && job.unsure.is_none();
    is_plain(one) && is_plain(other) && length < company(one, rows_max)
}

/// How many rows may go together with this one: fewer after each failure.
fn company(job: &Job, rows_max: usize) -> usize {
    if job.unsure.is_some() || job.wish == Wish::Undo {
        return 1;
    }
    rows_max.checked_shr(job.attempts.saturating_mul(2)).unwrap_or(0).max(1)
}

/// Cuts a refused batch in two.
#[must_use]
pub fn halves(mut batch: Vec<Job>) -> [Vec<Job>; 2] {
    let second = batch.split_off(batch.len() / 2);
    [batch, second]
}

/// What becomes of a job.
pub fn settle(job: &mut Job, end: End, around: &Around) {
    let was_unsure = job.unsure.take();
    job.changed_ms = around.now_ms;
    job.is_postponed = false;
    let said = |text: String| Some(cut(&text, SAID_BYTES_MAX));
    match end {
        End::Delivered(id) => {
            let doubt = was_unsure.or_else(|| job.doubt.take());
            if let (Some(why), false) = (doubt, around.has_probe) {
                job.maybe_twice = Some(format!("{why}; then it was sent again and taken"));
            }
            arrive(job, id);
        }
        End::Duplicate(id) => {
            // The server has it once and says so.
            job.maybe_twice = None;
            arrive(job, id);
        }
        End::Rejected(text) => {
            (job.state, job.last_error) = (JobState::Dead, said(text));
            job.attempts += 1;
        }
        End::Parked(text) => (job.state, job.last_error) = (JobState::Parked, said(text)),
        End::Held(text) => (job.state, job.last_error, job.is_postponed) = (JobState::Parked, said(text), true),
        End::Later(text, cause) => {
            job.last_error = said(text.clone());
            // Who breaks over a row may have stored it before.
            if cause == Cause::Broke {
                job.doubt.get_or_insert_with(|| cut(&text, SAID_BYTES_MAX));
            }
            job.unsure = match cause {
                Cause::Lost => Some(text),
                Cause::Broke if around.has_probe => Some(text),
                Cause::Broke | Cause::NotTaken | Cause::Late | Cause::Throttled => was_unsure,
            };
            later(job, cause, around);
        }
    }
}

fn arrive(job: &mut Job, id: Option<Value>) {
    job.state = if job.wish == Wish::Undo { JobState::Skipped } else { JobState::Sent };
    (job.failing_ms, job.last_error, job.breaks, job.doubt) = (None, None, 0, None);
    job.attempts += 1;
    if id.is_some() {
        job.remote_id = id;
    }
}

fn later(job: &mut Job, cause: Cause, around: &Around) {
    if cause == Cause::Throttled {
        job.next_try_ms = around.now_ms;
        return;
    }
    job.state = JobState::Failed;
    job.attempts = job.attempts.saturating_add(1);
    // A row that ran into anything else may be as good as any.
    job.breaks = if cause == Cause::Broke { job.breaks.saturating_add(1) } else { 0 };
    // Who cannot be reached breaks over nothing.
    job.failing_ms = if cause == Cause::NotTaken { None } else { job.failing_ms.or(Some(around.now_ms)) };
    let failing_ms = job.failing_ms.unwrap_or(around.now_ms);
    let others_passed = around.passed_ms.is_some_and(|passed_ms| passed_ms >= failing_ms);
    let is_hopeless = around.now_ms.saturating_sub(failing_ms) >= BROKEN_MS_MAX;
    let is_given_up = match cause {
        Cause::Broke => job.breaks >= BREAKS_MAX && (others_passed || is_hopeless),
        Cause::Late => job.attempts >= LATE_TRIES_MAX,
        Cause::NotTaken | Cause::Lost | Cause::Throttled => false,
    };
    if is_given_up {
        job.state = JobState::Dead;
        return;
    }
    job.is_postponed = cause == Cause::Late;
    let wait = around.patience.after(job.attempts, around.chance ^ job.no.unsigned_abs());
    job.next_try_ms = around.now_ms.saturating_add(ms(wait));
}

/// Who is behind a row that waits, within one round.
#[derive(Debug, Default)]
pub struct Waiting(BTreeSet<u64>);

impl Waiting {
    /// Takes note of how a job ended.
    pub fn note(&mut self, job: &Job) {
        if job.state.is_open() && !job.is_postponed {
            self.0.insert(job.enrol_id);
        }
    }

    /// Whether a row of this person must wait.
    #[must_use]
    pub fn must_wait(&self, enrol_id: u64) -> bool {
        self.0.contains(&enrol_id)
    }
}

/// How a connector fares: whether refusals mean rows or the connector itself. It is kept with how the connector stands,
/// so that a run goes on after a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    run: Vec<(i64, u64)>,
    passed_ms: Option<i64>,
}

impl Health {
    /// A row passed.
    pub fn on_passed(&mut self, now_ms: i64) {
        self.run.clear();
        self.passed_ms = Some(now_ms);
    }

    /// A row was refused; if that makes a run that must stop the connector, the jobs that are to wait again.
    pub fn on_rejected(&mut self, job: &Job) -> Option<Vec<i64>> {
        if self.run.len() < RUN_MAX && !self.run.iter().any(|(no, _)| *no == job.no) {
            self.run.push((job.no, job.enrol_id));
        }
        let people: BTreeSet<u64> = self.run.iter().map(|(_, enrol_id)| *enrol_id).collect();
        let is_run = self.run.len() >= REJECTS_MAX && people.len() >= REJECTED_PEOPLE_MIN;
        is_run.then(|| std::mem::take(&mut self.run).into_iter().map(|(no, _)| no).collect())
    }

    /// Whether both have seen the same refusals since a row last passed.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.run == other.run
    }

    /// When a row last passed, milliseconds since 1970 UTC.
    #[must_use]
    pub fn passed_ms(&self) -> Option<i64> {
        self.passed_ms
    }
}

#[cfg(test)]
mod tests;
