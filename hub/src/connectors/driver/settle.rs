//! Keeps what became of rows: midway on disk before they are sent, settled after.

use vigie_shared::id::random_bytes;

use super::talk::{Halt, Heard, Talk};
use crate::connectors::job::{Job, JobState};
use crate::connectors::mapping::PushMapping;
use crate::connectors::outcome::On;
use crate::connectors::queue::{Around, Cause, End, settle};
use crate::connectors::request::Request;
use crate::connectors::template::Values;
use crate::store::StoreError;
use crate::store::diary::{Entry, Level};

/// Why nobody knows what became of rows that a crash left midway.
const MIDWAY: &str = "the hub stopped while it was being sent";

/// What is counted of rows that were given up because the third party breaks over them.
const GIVEN_UP: &str = "given_up";

impl Talk<'_> {
    /// Asks about jobs that are marked as midway on disk meanwhile.
    pub(super) async fn ask_midway(
        &mut self,
        (on, request): (On, &Request),
        values: &Values,
        jobs: &[Job],
    ) -> Result<Heard, Halt> {
        let midway = |job: &Job| Job { unsure: job.unsure.clone().or_else(|| Some(MIDWAY.to_owned())), ..job.clone() };
        self.parts.store.save_jobs(&jobs.iter().map(midway).collect::<Vec<_>>()).await?;
        let heard = self.ask(on, request, values).await;
        if let Err(halt) = &heard {
            let back = |job: &Job| match halt {
                Halt::Stopped { why, is_unsure: true } => Job { unsure: Some(why.clone()), ..job.clone() },
                _ => job.clone(),
            };
            self.parts.store.save_jobs(&jobs.iter().map(back).collect::<Vec<_>>()).await?;
        }
        heard
    }

    /// Keeps how jobs ended; stops the connector if it is refused whatever it sends.
    pub(super) async fn settle(&mut self, push: &PushMapping, ends: Vec<(Job, End)>) -> Result<Vec<Job>, Halt> {
        let now_ms = self.now_ms();
        let around = Around {
            now_ms,
            chance: u64::from_le_bytes(random_bytes()),
            passed_ms: self.standing.health.passed_ms().or(self.standing.passed_ms),
            has_probe: push.probe.is_some(),
            patience: self.parts.config.patience(),
        };
        let before = self.standing.health.clone();
        let (mut jobs, mut run) = (Vec::new(), None);
        for (mut job, end) in ends {
            self.count("duplicate", usize::from(matches!(end, End::Duplicate(_))));
            let is_passed = matches!(end, End::Delivered(_) | End::Duplicate(_));
            let (is_rejected, is_broken) =
                (matches!(end, End::Rejected(_)), matches!(end, End::Later(_, Cause::Broke)));
            settle(&mut job, end, &around);
            self.count(job.state.word(), 1);
            if is_passed {
                self.standing.health.on_passed(now_ms);
            } else if is_rejected {
                run = self.standing.health.on_rejected(&job).or(run);
            } else if is_broken && job.state == JobState::Dead {
                self.count(GIVEN_UP, 1);
            }
            jobs.push(job);
        }
        // Before the jobs: a refusal that is counted and not yet kept comes again and counts once.
        if run.is_none() && !self.standing.health.is_like(&before) {
            self.keep_standing().await?;
        }
        self.parts.store.save_jobs(&jobs).await?;
        let Some(run) = run else { return Ok(jobs) };
        let last = jobs.iter().rev().find_map(|job| job.last_error.clone()).unwrap_or_default();
        self.give_back(&run).await?;
        Err(self
            .stop(
                format!(
                    "{} rows of several people were refused one after the other, the last one: it {last}",
                    run.len()
                ),
                false,
            )
            .await)
    }

    /// Rows that were refused because something is wrong with the connector wait again.
    pub(super) async fn give_back(&mut self, numbers: &[i64]) -> Result<(), Halt> {
        let (mut jobs, now_ms) = (Vec::new(), self.now_ms());
        for no in numbers {
            if let Some(job) = self.parts.store.job(*no).await? {
                jobs.push(Job {
                    state: JobState::Pending,
                    next_try_ms: now_ms,
                    attempts: 0,
                    failing_ms: None,
                    breaks: 0,
                    ..job
                });
            }
        }
        Ok(self.parts.store.save_jobs(&jobs).await?)
    }

    /// Says in the diary that rows were given up at which the third party broke: nobody else would notice.
    pub(super) async fn tell_given_up(&self) -> Result<(), StoreError> {
        let Some(count) = self.counts.get(GIVEN_UP) else { return Ok(()) };
        let name = &self.connector.name;
        let text = format!(
            "Connector {name} gave rows up, {count} of them: the third party breaks whenever it gets them. They are kept: \
             `vigie-hub job list --connector {name} --state dead` says why, \
             `vigie-hub job retry --all --connector {name}` sends them again."
        );
        let (at_ms, kind) = (self.now_ms(), "connector_gave_up".to_owned());
        self.parts.store.write(&Entry { at_ms, site: None, level: Level::Alarm, kind, text }).await
    }
}
