//! Looks for rows at the third party, and takes them back.

use serde_json::Value;

use super::ends::{candidates, reason};
use super::push::Tried;
use super::talk::{Halt, Heard, Talk};
use crate::connectors::job::Job;
use crate::connectors::mapping::PushMapping;
use crate::connectors::outcome::{Answer, On, Verdict};
use crate::connectors::queue::{Cause, End};
use crate::connectors::request::Request;
use crate::connectors::template::Values;

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

    /// The server answered in a way that only a look at what it has can decide.
    pub(super) async fn search(
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

    pub(super) async fn undo(&mut self, push: &PushMapping, job: &Job, person: &Value) -> Result<End, Halt> {
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
}
