//! Sends what is due: batches, the row that poisons one, the row whose answer was lost.

use std::sync::Arc;

use serde_json::Value;

use super::ends::{cause, delivered, of_result, of_verdict, silence};
use super::talk::{Halt, Heard, Talk};
use crate::connectors::job::{Job, Wish};
use crate::connectors::mapping::{PushMapping, Unit};
use crate::connectors::outcome::{On, Verdict};
use crate::connectors::queue::{End, Waiting, batches, halves};
use crate::connectors::rows::batch_key;
use crate::connectors::template::Values;

/// Jobs that are read at once.
const STEP_JOBS: usize = 500;

/// Steps of one round: whoever is behind comes again in the next.
const STEPS_MAX: usize = 200;

/// A batch after its request.
pub(super) enum Tried {
    /// What became of each.
    Ended(Vec<(Job, End)>),
    /// Refused as a whole: to be cut in two.
    Refused(Vec<Job>),
}

impl Talk<'_> {
    /// Sends everything that is due.
    pub(super) async fn push(&mut self) -> Result<(), Halt> {
        let mapping = Arc::clone(&self.mapping);
        let Some(push) = &mapping.push else { return Ok(()) };
        let rows_max = if push.probe_before_send { 1 } else { push.rows_max };
        let mut waiting = Waiting::default();
        for _ in 0..STEPS_MAX {
            let due = self.parts.store.due_jobs(&self.connector.name, self.now_ms(), STEP_JOBS).await?;
            let due: Vec<Job> = due.into_iter().filter(|job| !waiting.must_wait(job.enrol_id)).collect();
            if due.is_empty() {
                return Ok(());
            }
            for batch in batches(due, rows_max) {
                self.send_batch(push, batch, &mut waiting).await?;
            }
        }
        Ok(())
    }

    /// Sends a batch, in pieces if it is refused as a whole.
    async fn send_batch(&mut self, push: &PushMapping, batch: Vec<Job>, waiting: &mut Waiting) -> Result<(), Halt> {
        let mut pieces = vec![batch];
        while let Some(piece) = pieces.pop() {
            match self.send_piece(push, piece, waiting).await {
                Ok(halves) => pieces.extend(halves),
                Err(halt) => {
                    // They were marked as midway with their batch, which was refused.
                    self.parts.store.save_jobs(&pieces.concat()).await?;
                    return Err(halt);
                }
            }
        }
        Ok(())
    }

    /// Sends a piece of a batch; what is to be sent instead if it is refused as a whole, the last first.
    async fn send_piece(
        &mut self,
        push: &PushMapping,
        piece: Vec<Job>,
        waiting: &mut Waiting,
    ) -> Result<Vec<Vec<Job>>, Halt> {
        let (behind, piece): (Vec<Job>, Vec<Job>) = piece.into_iter().partition(|job| waiting.must_wait(job.enrol_id));
        self.parts.store.save_jobs(&behind).await?;
        match self.try_batch(push, piece).await? {
            Tried::Ended(ends) => {
                self.settle(push, ends).await?.iter().for_each(|job| waiting.note(job));
                Ok(Vec::new())
            }
            Tried::Refused(piece) => {
                let [first, second] = halves(piece);
                Ok(vec![second, first])
            }
        }
    }

    async fn try_batch(&mut self, push: &PushMapping, batch: Vec<Job>) -> Result<Tried, Halt> {
        let (batch, mut ends) = self.with_people(push, batch).await?;
        match batch.as_slice() {
            [] => return Ok(Tried::Ended(ends)),
            [(job, person)] if job.wish == Wish::Undo => {
                let end = self.undo(push, job, person).await?;
                ends.extend(batch.into_iter().map(|(job, _)| (job, end.clone())));
                return Ok(Tried::Ended(ends));
            }
            [(job, person)] if push.unit == Unit::Event => {
                let end = self.event(push, job, person).await?;
                ends.extend(batch.into_iter().map(|(job, _)| (job, end.clone())));
                return Ok(Tried::Ended(ends));
            }
            _ => {}
        }
        match self.send_rows(push, batch).await? {
            Tried::Ended(more) => ends.extend(more),
            // Those who have ended are settled with the first half.
            Tried::Refused(batch) if ends.is_empty() => return Ok(Tried::Refused(batch)),
            Tried::Refused(batch) => {
                self.settle(push, ends).await?;
                return Ok(Tried::Refused(batch));
            }
        }
        Ok(Tried::Ended(ends))
    }

    /// Finds the third party's record of each person, where requests need it; whoever has none waits for people.
    async fn with_people(
        &mut self,
        push: &PushMapping,
        batch: Vec<Job>,
    ) -> Result<(Vec<(Job, Value)>, Vec<(Job, End)>), Halt> {
        if push.unit == Unit::Presence {
            return self.with_members(push, batch).await;
        }
        if push.person_fields().is_empty() {
            return Ok((batch.into_iter().map(|job| (job, Value::Null)).collect(), Vec::new()));
        }
        let listed = self.parts.store.listed_people(&self.connector.name).await?;
        let (mut known, mut ends) = (Vec::new(), Vec::new());
        for job in batch {
            let number = self.connector.number_there(job.enrol_id);
            match listed.get(&number) {
                Some(listed) => known.push((job, listed.person.remote.clone())),
                None => {
                    let text = format!(
                        "nobody with the number {number} is in its list of people; the row goes when somebody is"
                    );
                    ends.push((job, End::Parked(text)));
                }
            }
        }
        Ok((known, ends))
    }

    async fn send_rows(&mut self, push: &PushMapping, batch: Vec<(Job, Value)>) -> Result<Tried, Halt> {
        let Some(request) = &push.send else { return Err(Halt::Unable("its mapping sends no rows".to_owned())) };
        let (mut ends, mut jobs, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (job, person) in batch {
            match self.row(push, &job, &person) {
                Ok(row) => {
                    jobs.push((job, person));
                    rows.push(row);
                }
                Err(why) => ends.push((job, End::Rejected(why))),
            }
        }
        let Some((first, person)) = jobs.first() else { return Ok(Tried::Ended(ends)) };
        let mut values = self.row_values(first, person);
        if let [(job, _)] = jobs.as_slice() {
            match self.look_before(push, job, &values).await? {
                None => {}
                Some(end) => {
                    ends.extend(jobs.into_iter().map(|(job, _)| (job, end.clone())));
                    return Ok(Tried::Ended(ends));
                }
            }
        }
        let jobs: Vec<Job> = jobs.into_iter().map(|(job, _)| job).collect();
        values = values.with("rows", rows.clone()).with("batch.key", batch_key(&jobs));
        let heard = self.ask_midway((On::Send, request), &values, &jobs).await?;
        let tried = self.judge_rows(push, (jobs, &rows), heard, &values).await?;
        if let Tried::Ended(more) = tried {
            ends.extend(more);
            return Ok(Tried::Ended(ends));
        }
        self.settle(push, ends).await?;
        Ok(tried)
    }

    /// What the answer means for each row.
    async fn judge_rows(
        &mut self,
        push: &PushMapping,
        (jobs, rows): (Vec<Job>, &[Value]),
        heard: Heard,
        values: &Values,
    ) -> Result<Tried, Halt> {
        let (answer, verdict) = match heard {
            Heard::Answer(answer, verdict) => (answer, verdict),
            silent => {
                let end = silence(silent);
                return Ok(Tried::Ended(jobs.into_iter().map(|job| (job, end.clone())).collect()));
            }
        };
        if let Some(results) = push.results.as_ref().and_then(|results| results.of(&answer, rows)) {
            let ends = jobs.into_iter().zip(results.into_iter().map(of_result)).collect();
            return Ok(Tried::Ended(ends));
        }
        let is_one = jobs.len() == 1;
        let end = match verdict {
            Verdict::Ok if is_one => match delivered(push.send.as_ref(), &answer) {
                Some(end) => end,
                None => return self.search(push, jobs, (&answer, values)).await,
            },
            Verdict::Ok => End::Delivered(None),
            Verdict::Conflict if is_one => return self.search(push, jobs, (&answer, values)).await,
            Verdict::Retry => End::Later(answer.said(), cause(&answer)),
            _ if !is_one => return Ok(Tried::Refused(jobs)),
            verdict => of_verdict(verdict, &answer),
        };
        Ok(Tried::Ended(jobs.into_iter().map(|job| (job, end.clone())).collect()))
    }
}
