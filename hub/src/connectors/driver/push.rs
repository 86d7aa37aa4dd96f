//! Sends what is due: batches, the row that poisons one, the row whose answer was lost.

use std::sync::Arc;

use serde_json::{Value, json};
use vigie_shared::id::random_bytes;

use super::talk::{Halt, Heard, Talk};
use crate::connectors::job::{Job, JobState, Wish};
use crate::connectors::mapping::{PushMapping, Unit};
use crate::connectors::outcome::{Answer, On, Verdict};
use crate::connectors::queue::{Around, Cause, End, Waiting, batches, halves, settle};
use crate::connectors::request::Request;
use crate::connectors::results::RowResult;
use crate::connectors::rows::batch_key;
use crate::connectors::template::Values;

/// Jobs that are read at once.
const STEP_JOBS: usize = 500;

/// Steps of one round: whoever is behind comes again in the next.
const STEPS_MAX: usize = 200;

/// Records of an answer that are looked at when a row is searched.
const CANDIDATES_MAX: usize = 50;

/// Why nobody knows what became of rows that a crash left midway.
const MIDWAY: &str = "the hub stopped while it was being sent";

/// A batch after its request.
enum Tried {
    /// What became of each.
    Ended(Vec<(Job, End)>),
    /// Refused as a whole: to be cut in two.
    Refused(Vec<Job>),
}

/// What a search found.
pub(super) enum Found {
    /// It is there.
    There(Option<Value>),
    /// It is not there.
    Absent,
    /// Nobody knows.
    Unclear(String),
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
            let (behind, piece): (Vec<Job>, Vec<Job>) =
                piece.into_iter().partition(|job| waiting.must_wait(job.enrol_id));
            // They were marked as midway with their batch, which was refused.
            self.parts.store.save_jobs(&behind).await?;
            match self.try_batch(push, piece).await? {
                Tried::Ended(ends) => {
                    for job in self.settle(push, ends).await? {
                        waiting.note(&job);
                    }
                }
                Tried::Refused(piece) => {
                    let [first, second] = halves(piece);
                    pieces.extend([second, first]);
                }
            }
        }
        Ok(())
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
        if push.person_fields().is_empty() {
            return Ok((batch.into_iter().map(|job| (job, Value::Null)).collect(), Vec::new()));
        }
        let listed = self.parts.store.listed_people(&self.connector.name).await?;
        let (mut known, mut ends) = (Vec::new(), Vec::new());
        for job in batch {
            match listed.get(&job.enrol_id) {
                Some(listed) => known.push((job, listed.person.remote.clone())),
                None => {
                    let text = format!(
                        "nobody with the number {} is in its list of people; the row goes when somebody is",
                        job.enrol_id
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

    /// Looks for a row before it is sent, where the mapping or its fate asks for that; how it ended if that ends it.
    pub(super) async fn look_before(
        &mut self,
        push: &PushMapping,
        job: &Job,
        values: &Values,
    ) -> Result<Option<End>, Halt> {
        let Some(probe) = &push.probe else { return Ok(None) };
        if !push.probe_before_send && job.unsure.is_none() {
            return Ok(None);
        }
        Ok(match self.look(probe, job, values).await? {
            Found::There(id) => Some(End::Duplicate(id)),
            Found::Absent => None,
            Found::Unclear(why) => Some(End::Later(format!("it cannot be looked for: {why}"), Cause::NotTaken)),
        })
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

    /// The server answered in a way that only a look at what it has can decide.
    async fn search(
        &mut self,
        push: &PushMapping,
        jobs: Vec<Job>,
        (answer, values): (&Answer, &Values),
    ) -> Result<Tried, Halt> {
        let mut ends = Vec::new();
        for job in jobs {
            let end = match &push.probe {
                Some(probe) => match self.look(probe, &job, values).await? {
                    Found::There(id) => End::Duplicate(id),
                    Found::Absent => End::Rejected(answer.said()),
                    Found::Unclear(why) => {
                        End::Later(format!("{}; and it cannot be looked for: {why}", answer.said()), Cause::Lost)
                    }
                },
                None => End::Rejected(answer.said()),
            };
            ends.push((job, end));
        }
        Ok(Tried::Ended(ends))
    }

    /// Looks whether a row is there. What belongs to another row of ours is not it.
    pub(super) async fn look(&mut self, probe: &Request, job: &Job, values: &Values) -> Result<Found, Halt> {
        let heard = self.ask(On::Probe, probe, values).await?;
        let Heard::Answer(answer, verdict) = heard else { return Ok(Found::Unclear(reason(heard))) };
        if verdict != Verdict::Ok {
            return Ok(Found::Unclear(answer.said()));
        }
        for id in candidates(probe.id.as_deref().unwrap_or("/0"), &answer) {
            let owner = self.parts.store.job_of_remote(&self.connector.name, &id).await?;
            if owner.is_none_or(|no| no == job.no) {
                return Ok(Found::There(Some(id)));
            }
        }
        Ok(Found::Absent)
    }

    async fn undo(&mut self, push: &PushMapping, job: &Job, person: &Value) -> Result<End, Halt> {
        let Some(request) = &push.undo else {
            return Ok(End::Rejected("its mapping cannot take rows back".to_owned()));
        };
        let values = self.row_values(job, person);
        Ok(match self.ask(On::Undo, request, &values).await? {
            // What is no longer there has been taken back.
            Heard::Answer(answer, _) if matches!(answer.status, 404 | 410) => End::Delivered(None),
            Heard::Answer(_, Verdict::Ok | Verdict::Duplicate) => End::Delivered(None),
            Heard::Answer(answer, Verdict::Retry) => End::Later(answer.said(), Cause::NotTaken),
            Heard::Answer(answer, _) => End::Rejected(format!("it cannot be taken back: it {}", answer.said())),
            // Asking twice to remove it does no harm.
            Heard::Unsent(why) | Heard::Lost(why) => End::Later(why, Cause::NotTaken),
            Heard::Unfit(why) => End::Rejected(why),
        })
    }

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
    async fn settle(&mut self, push: &PushMapping, ends: Vec<(Job, End)>) -> Result<Vec<Job>, Halt> {
        let now_ms = self.now_ms();
        let around = Around {
            now_ms,
            chance: u64::from_le_bytes(random_bytes()),
            passed_ms: self.lane.health.passed_ms().or(self.standing.passed_ms),
            has_probe: push.probe.is_some(),
            patience: self.parts.config.patience(),
        };
        let (mut jobs, mut run) = (Vec::new(), None);
        for (mut job, end) in ends {
            self.count(
                if matches!(end, End::Duplicate(_)) { "duplicate" } else { "" },
                usize::from(matches!(end, End::Duplicate(_))),
            );
            let is_passed = matches!(end, End::Delivered(_) | End::Duplicate(_));
            settle(&mut job, end, &around);
            self.count(job.state.word(), 1);
            if is_passed {
                self.lane.health.on_passed(now_ms);
            } else if job.state == JobState::Dead {
                run = self.lane.health.on_rejected(&job).or(run);
            }
            jobs.push(job);
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
    async fn give_back(&mut self, numbers: &[i64]) -> Result<(), Halt> {
        let (mut jobs, now_ms) = (Vec::new(), self.now_ms());
        for no in numbers {
            if let Some(job) = self.parts.store.job(*no).await? {
                jobs.push(Job { state: JobState::Pending, next_try_ms: now_ms, attempts: 0, failing_ms: None, ..job });
            }
        }
        Ok(self.parts.store.save_jobs(&jobs).await?)
    }

    /// The values of a row.
    pub(super) fn row_values(&self, job: &Job, person: &Value) -> Values {
        let row = &job.row;
        let seconds = row.end_ms.map(|end_ms| (end_ms - row.at_ms).div_euclid(1000));
        self.values()
            .with("key", job.key.to_string())
            .with("terminal_sn", row.terminal.clone())
            .with("enrollid", job.enrol_id)
            .with("user_name", row.name.clone())
            .with("dir", row.dir.clone())
            .with("mode", row.mode)
            .with("inout", row.in_out)
            .with("event", row.event)
            .with("granted", row.granted)
            .with("temperature", row.temperature_centi_c.map(|centi| f64::from(centi) / 100.0))
            .with("log_id", job.no)
            .with("day", row.day.clone())
            .with("seconds", seconds)
            .with_moment("time", Some(row.at_ms))
            .with_moment("start", Some(row.at_ms))
            .with_moment("end", row.end_ms)
            .with_root("person", person.clone())
            .with_root("remote", json!({ "id": job.remote_id }))
    }

    /// One row of a batch, or the list of the spans of a day.
    fn row(&self, push: &PushMapping, job: &Job, person: &Value) -> Result<Value, String> {
        let Some(tree) = &push.row else { return Ok(Value::Null) };
        let values = self.row_values(job, person);
        let render =
            |values: &Values| tree.render(values).map(Option::unwrap_or_default).map_err(|unfit| unfit.to_string());
        if push.unit != Unit::Day {
            return render(&values);
        }
        let span = |(from_ms, to_ms): &(i64, i64)| {
            let seconds = (to_ms - from_ms).div_euclid(1000);
            render(
                &values
                    .clone()
                    .with_moment("start", Some(*from_ms))
                    .with_moment("end", Some(*to_ms))
                    .with("seconds", seconds),
            )
        };
        job.row.spans.iter().map(span).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }
}

/// The end that an answer without further rules means.
pub(super) fn of_verdict(verdict: Verdict, answer: &Answer) -> End {
    match verdict {
        Verdict::Ok => End::Delivered(None),
        Verdict::Duplicate => End::Duplicate(None),
        Verdict::Park => End::Parked(answer.said()),
        Verdict::Retry => End::Later(answer.said(), cause(answer)),
        Verdict::Throttle => End::Later(answer.said(), Cause::Throttled),
        Verdict::Reject | Verdict::Conflict | Verdict::Reauth | Verdict::Stop => End::Rejected(answer.said()),
    }
}

/// The end if there was no answer.
pub(super) fn silence(heard: Heard) -> End {
    match heard {
        Heard::Answer(answer, verdict) => of_verdict(verdict, &answer),
        Heard::Unfit(why) => End::Rejected(why),
        Heard::Unsent(why) => End::Later(why, Cause::NotTaken),
        Heard::Lost(why) => End::Later(why, Cause::Lost),
    }
}

/// A success, with the record's id; none if the mapping expects one and there is none.
pub(super) fn delivered(request: Option<&Request>, answer: &Answer) -> Option<End> {
    match request.and_then(|request| request.id.as_deref()) {
        None => Some(End::Delivered(None)),
        Some(pointer) => {
            let id = answer.at(pointer).filter(|id| !matches!(id, Value::Null | Value::Bool(_) | Value::Object(_)))?;
            Some(End::Delivered(Some(id.clone())))
        }
    }
}

fn of_result(result: RowResult) -> End {
    match result {
        RowResult::Ok(id) => End::Delivered(id),
        RowResult::Duplicate => End::Duplicate(None),
        RowResult::Park(why) => End::Parked(why),
        RowResult::Reject(why) => End::Rejected(why),
        RowResult::Unsaid => End::Later("the answer says nothing about this row".to_owned(), Cause::Lost),
    }
}

/// What a status that asks to try again says about the row.
fn cause(answer: &Answer) -> Cause {
    match answer.status {
        500 => Cause::Broke,
        408 | 502 | 504 => Cause::Lost,
        _ => Cause::NotTaken,
    }
}

fn reason(heard: Heard) -> String {
    match heard {
        Heard::Answer(answer, _) => answer.said(),
        Heard::Unfit(why) | Heard::Unsent(why) | Heard::Lost(why) => why,
    }
}

/// The ids that an answer holds: of a pointer into a list, those of all its records.
fn candidates(pointer: &str, answer: &Answer) -> Vec<Value> {
    let is_id = |id: &&Value| !matches!(id, Value::Null | Value::Bool(_));
    let Some((before, behind)) = pointer.split_once("/0") else {
        return answer.at(pointer).filter(is_id).cloned().into_iter().collect();
    };
    let at = |index: usize| answer.at(&format!("{before}/{index}{behind}")).filter(is_id).cloned();
    (0..CANDIDATES_MAX).map_while(at).collect()
}
