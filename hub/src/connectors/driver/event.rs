//! Rows that begin or end a record there: an OUT needs the record of its IN, and servers refuse what comes out of turn.

use serde_json::{Value, json};

use super::ends::{delivered, of_verdict, silence};
use super::search::Found;
use super::talk::{Halt, Heard, Talk};
use crate::connectors::job::{Job, JobState, Wish};
use crate::connectors::mapping::{Forgotten, PushMapping};
use crate::connectors::outcome::{On, Verdict};
use crate::connectors::queue::{Cause, End};
use crate::connectors::template::Values;

/// The record that an OUT ends.
enum Opening {
    /// This one.
    Record(Value, Option<i64>),
    /// None: so the OUT ends.
    End(End),
}

/// What became of a request about an event.
enum Told {
    End(End),
    /// The server has something else in mind.
    Conflict(String),
}

impl Talk<'_> {
    /// Sends one IN or OUT.
    pub(super) async fn event(&mut self, push: &PushMapping, job: &Job, person: &Value) -> Result<End, Halt> {
        let mut values = self.row_values(job, person);
        if let Some(end) = self.look_before(push, job, &values).await? {
            return Ok(end);
        }
        let is_in = job.row.dir.as_deref() == Some("in");
        let on = if is_in { On::In } else { On::Out };
        if !is_in {
            match self.opening(push, job, &values).await? {
                Opening::Record(id, start_ms) => values = with_open(values, &id, start_ms),
                Opening::End(end) => return Ok(end),
            }
        }
        let end = match self.tell(push, on, (job, &values)).await? {
            Told::End(end) => end,
            Told::Conflict(said) if is_in => self.resolve(push, (job, &values), said).await?,
            Told::Conflict(said) => self.found_or(push, (job, &values), End::Rejected(said)).await?,
        };
        if matches!(end, End::Delivered(_) | End::Duplicate(_)) {
            self.free(job).await?;
        }
        Ok(end)
    }

    async fn tell(&mut self, push: &PushMapping, on: On, (job, values): (&Job, &Values)) -> Result<Told, Halt> {
        let Some(request) = push.request(on) else {
            return Err(Halt::Unable("its mapping sends no events".to_owned()));
        };
        let heard = self.ask_midway((on, request), values, std::slice::from_ref(job)).await?;
        let Heard::Answer(answer, verdict) = heard else { return Ok(Told::End(silence(heard))) };
        Ok(match verdict {
            Verdict::Ok => delivered(Some(request), &answer).map_or_else(|| Told::Conflict(answer.said()), Told::End),
            Verdict::Conflict => Told::Conflict(answer.said()),
            verdict => Told::End(of_verdict(verdict, &answer)),
        })
    }

    /// Whether the row is there after all; otherwise as given.
    async fn found_or(&mut self, push: &PushMapping, (job, values): (&Job, &Values), end: End) -> Result<End, Halt> {
        let Some(probe) = &push.probe else { return Ok(end) };
        Ok(match self.look(probe, job, values).await? {
            Found::There(id) => End::Duplicate(id),
            Found::Absent => end,
            Found::Unclear(why) => End::Later(format!("it cannot be looked for: {why}"), Cause::Lost),
        })
    }

    /// The server refuses an IN: it may have it, or a record may be open there, of an earlier or of a later time.
    async fn resolve(&mut self, push: &PushMapping, (job, values): (&Job, &Values), said: String) -> Result<End, Halt> {
        let end = self.found_or(push, (job, values), End::Rejected(said.clone())).await?;
        if !matches!(end, End::Rejected(_)) {
            return Ok(end);
        }
        let Some(id) = self.find_open(push, values).await? else { return Ok(end) };
        let owner = match self.parts.store.job_of_remote(&self.connector.name, &id).await? {
            Some(no) => self.parts.store.job(no).await?,
            None => None,
        };
        match owner.map(|owner| owner.row.at_ms) {
            Some(open_ms) if open_ms > job.row.at_ms => {
                let text = format!("a later record is open there; this row goes when that one is ended. It {said}");
                Ok(End::Later(text, Cause::Late))
            }
            Some(open_ms) if push.forgotten == Forgotten::Close => {
                self.close_and_begin(push, (job, values), (id, open_ms)).await
            }
            _ => Ok(End::Held(format!(
                "an earlier record is still open there: its OUT is missing. This row goes when a terminal tells of the OUT; \
                 or end that record there, then `vigie-hub job retry {}`. It {said}",
                job.no
            ))),
        }
    }

    /// Ends a record whose OUT was forgotten, as the mapping says, and begins the next.
    async fn close_and_begin(
        &mut self,
        push: &PushMapping,
        (job, values): (&Job, &Values),
        (id, open_ms): (Value, i64),
    ) -> Result<End, Halt> {
        let end_ms = open_ms.saturating_add(push.span_ms_max).min(job.row.at_ms - 1000).max(open_ms);
        let closing = with_open(values.clone().with_moment("time", Some(end_ms)), &id, Some(open_ms));
        match self.tell(push, On::Out, (job, &closing)).await? {
            Told::End(End::Delivered(_) | End::Duplicate(_)) => {}
            Told::End(end) => return Ok(end),
            Told::Conflict(said) => return Ok(End::Rejected(said)),
        }
        Ok(match self.tell(push, On::In, (job, values)).await? {
            Told::End(end) => end,
            Told::Conflict(said) => End::Rejected(said),
        })
    }

    /// The record that an OUT ends: that of the IN before it, or what the server has open.
    async fn opening(&mut self, push: &PushMapping, job: &Job, values: &Values) -> Result<Opening, Halt> {
        let from_ms = job.row.at_ms.saturating_sub(push.span_ms_max);
        let near = self.parts.store.person_jobs(&self.connector.name, job.enrol_id, from_ms).await?;
        let is_before =
            |other: &&Job| other.wish == Wish::Send && (other.row.at_ms, other.no) < (job.row.at_ms, job.no);
        let before = near.iter().rfind(is_before);
        let begun = before.filter(|before| before.row.dir.as_deref() == Some("in"));
        if let Some(begun) = begun {
            match (begun.state, &begun.remote_id) {
                (JobState::Sent, Some(id)) => return Ok(Opening::Record(id.clone(), Some(begun.row.at_ms))),
                (JobState::Parked, _) => {
                    return Ok(Opening::End(End::Held("its IN waits; this row goes after it".to_owned())));
                }
                (JobState::Pending | JobState::Failed, _) => {
                    return Ok(Opening::End(End::Later("its IN is not there yet".to_owned(), Cause::Late)));
                }
                (JobState::Sent | JobState::Dead | JobState::Skipped, _) => {}
            }
        }
        Ok(match self.find_open(push, values).await? {
            Some(id) => {
                let owner = self.parts.store.job_of_remote(&self.connector.name, &id).await?;
                let is_later = near.iter().any(|other| Some(other.no) == owner && other.row.at_ms > job.row.at_ms);
                if is_later { Opening::End(lone()) } else { Opening::Record(id, None) }
            }
            None => Opening::End(lone()),
        })
    }

    /// The id of the record that is open there.
    async fn find_open(&mut self, push: &PushMapping, values: &Values) -> Result<Option<Value>, Halt> {
        let Some(request) = &push.find_open else { return Ok(None) };
        Ok(match self.ask(On::FindOpen, request, values).await? {
            Heard::Answer(answer, Verdict::Ok) => match delivered(Some(request), &answer) {
                Some(End::Delivered(id)) => id,
                Some(_) | None => None,
            },
            Heard::Answer(..) | Heard::Unfit(_) | Heard::Unsent(_) | Heard::Lost(_) => None,
        })
    }

    /// Something of this person passed: what waited for its turn is tried again.
    async fn free(&mut self, job: &Job) -> Result<(), Halt> {
        let waiting = self.parts.store.person_jobs(&self.connector.name, job.enrol_id, i64::MIN).await?;
        let now_ms = self.now_ms();
        let is_held = |other: &Job| {
            other.is_postponed && other.no != job.no && matches!(other.state, JobState::Parked | JobState::Failed)
        };
        let freed = waiting.into_iter().filter(is_held);
        let freed: Vec<Job> = freed
            .map(|job| Job {
                state: JobState::Failed,
                is_postponed: false,
                next_try_ms: now_ms,
                changed_ms: now_ms,
                ..job
            })
            .collect();
        Ok(self.parts.store.save_jobs(&freed).await?)
    }
}

fn with_open(values: Values, id: &Value, start_ms: Option<i64>) -> Values {
    values.with_root("open", json!({ "id": id })).with_moment("open.start", start_ms)
}

fn lone() -> End {
    End::Rejected("there is no IN for this OUT, neither here nor there; enter it there, then skip this row".to_owned())
}
