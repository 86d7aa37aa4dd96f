//! Days of presence on their way to third parties, and what these say and hear of presence beside them.
//!
//! A day is handed over by whoever computed it and is a job from then on. Its key is made of person, day and revision,
//! so that handing it over again changes nothing; a newer revision takes the place of one that was not sent yet.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vigie_shared::mac::Mac;

use super::ends::reason;
use super::talk::{Halt, Heard, Talk};
use super::{Exchange, ExchangeError};
use crate::attendance::time::midnight;
use crate::connectors::job::{Job, JobState, NewJob, Presence, Row, RowKey, member_no};
use crate::connectors::mapping::{PushMapping, Unit};
use crate::connectors::outcome::{On, Verdict};
use crate::connectors::queue::End;
use crate::connectors::request::Request;
use crate::connectors::rows::{REPLACED, key};
use crate::connectors::settings::Connector;
use crate::connectors::template::Values;
use crate::store::presence::emails;
use crate::store::{Store, StoreError};

/// A day that third parties shall know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldDay {
    /// Which day, in the zone of its site.
    pub date: Date,
    /// Whose, and what it is worth.
    pub presence: Presence,
}

impl ToldDay {
    /// The beginning of the day in UTC: rows stand in this order.
    fn at_ms(&self) -> i64 {
        midnight(self.date, &TimeZone::UTC)
    }

    fn key(&self) -> RowKey {
        let Presence { person, revision, .. } = &self.presence;
        key("presence", &[], &json!([person, self.date, revision]).to_string())
    }

    fn job(&self) -> NewJob {
        let row = Row {
            at_ms: self.at_ms(),
            day: Some(self.date.to_string()),
            presence: Some(self.presence.clone()),
            ..Row::default()
        };
        NewJob::pending(self.key(), member_no(&self.presence.person), row)
    }

    /// Whether a job is an older answer to the same day.
    fn replaces(&self, job: &Job) -> bool {
        let is_older = |told: &Presence| told.person == self.presence.person && told.revision < self.presence.revision;
        job.row.presence.as_ref().is_some_and(is_older) && job.state.is_open() && job.row.at_ms == self.at_ms()
    }
}

impl Exchange {
    /// The connectors that take days of presence.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn takers_of_days(&self) -> Result<Vec<String>, StoreError> {
        let takes = |connector: &Connector| {
            let push = connector.mapping().ok().and_then(|mapping| mapping.push);
            push.is_some_and(|push| push.unit == Unit::Presence)
        };
        let connectors = self.0.parts.store.connectors().await?;
        Ok(connectors.into_iter().filter(|(one, _)| takes(one)).map(|(one, _)| one.name).collect())
    }

    /// Queues days for a connector, on disk; returns how many are new to it. Days before its start are left out.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`].
    pub async fn tell_days(&self, name: &str, days: &[ToldDay]) -> Result<usize, ExchangeError> {
        let (_turn, connector, _) = self.turn(name).await?;
        let store = &self.0.parts.store;
        let now_ms = self.0.parts.clock.wall_ms();
        let told: Vec<&ToldDay> = days.iter().filter(|day| day.at_ms() >= connector.start_at_ms).collect();
        let rows = told.iter().map(|day| (member_no(&day.presence.person), day.at_ms())).collect();
        let known = store.jobs_at(name, &rows).await?;
        let skipped: Vec<Job> = known
            .into_iter()
            .filter_map(|job| {
                let newer = told.iter().find(|day| day.replaces(&job))?;
                let why = format!("{REPLACED}revision {} of this day came", newer.presence.revision);
                Some(Job { state: JobState::Skipped, last_error: Some(why), changed_ms: now_ms, ..job })
            })
            .collect();
        let fresh: Vec<NewJob> = told.iter().map(|day| day.job()).collect();
        if !skipped.is_empty() {
            store.save_jobs(&skipped).await?;
        }
        let added = store.add_jobs(name, &fresh, now_ms).await?;
        if added > 0 {
            self.wake();
        }
        Ok(added)
    }

    /// The devices that a third party knows with their owners, as it writes them.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`], also if its mapping does not say how to ask.
    pub async fn devices(&self, name: &str) -> Result<String, ExchangeError> {
        let mut talk = self.talk(name).await?;
        talk.devices().await.map_err(|halt| ExchangeError::of(halt, name))
    }

    /// The connectors that want to be told who is on a LAN.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn listeners(&self) -> Result<Vec<String>, StoreError> {
        let connectors = self.0.parts.store.connectors().await?;
        let listens = |connector: &Connector| {
            connector.is_on && connector.mapping().is_ok_and(|mapping| mapping.presence.heartbeat.is_some())
        };
        Ok(connectors.into_iter().filter(|(one, _)| listens(one)).map(|(one, _)| one.name).collect())
    }

    /// Tells a third party who is on the LAN of a site; returns what it said if it did not take it.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`].
    pub async fn tell_present(&self, name: &str, site: &str, macs: &[Mac]) -> Result<Option<String>, ExchangeError> {
        let mut talk = self.talk(name).await?;
        talk.tell_present(site, macs).await.map_err(|halt| ExchangeError::of(halt, name))
    }
}

impl Talk<'_> {
    async fn devices(&mut self) -> Result<String, Halt> {
        let request = self.mapping.presence.devices.clone();
        let values = self.values();
        let answer = self.said(On::Devices, request, &values).await?;
        answer.map_err(|said| Halt::Unable(format!("its list of devices cannot be read: {said}")))
    }

    async fn tell_present(&mut self, site: &str, macs: &[Mac]) -> Result<Option<String>, Halt> {
        let list = macs.iter().map(|mac| mac.to_string().to_uppercase()).collect::<Vec<_>>().join(",");
        let values = self.values().with("macs", list).with("site", site.to_owned());
        let request = self.mapping.presence.heartbeat.clone();
        Ok(self.said(On::Beat, request, &values).await?.err())
    }

    /// The text of a success; else what went wrong.
    async fn said(
        &mut self,
        on: On,
        request: Option<Request>,
        values: &Values,
    ) -> Result<Result<String, String>, Halt> {
        let Some(request) = request else {
            return Err(Halt::Unable("its mapping has no such request in [presence]".to_owned()));
        };
        Ok(match self.ask(on, &request, values).await? {
            Heard::Answer(answer, Verdict::Ok) => Ok(answer.text),
            otherwise => Err(reason(otherwise)),
        })
    }

    /// Finds name and address of each person, as they are when the row is sent; whoever lacks the address that the
    /// request needs waits for it.
    pub(super) async fn with_members(
        &self,
        push: &PushMapping,
        batch: Vec<Job>,
    ) -> Result<(Vec<(Job, Value)>, Vec<(Job, End)>), Halt> {
        let needs_email =
            push.templates().into_iter().any(|template| template.needs().any(|name| name == "person.email"));
        let members = members(&*self.parts.store).await?;
        let (mut known, mut ends) = (Vec::new(), Vec::new());
        for job in batch {
            let person = job.row.presence.as_ref().map(|presence| presence.person.clone()).unwrap_or_default();
            match members.get(&person) {
                None => ends.push((job, End::Rejected("the person is no longer known here".to_owned()))),
                Some(member) if needs_email && member["email"].is_null() => {
                    let text = "nobody told the person's e-mail address; `vigie-hub person set --email` tells it";
                    ends.push((job, End::Parked(text.to_owned())));
                }
                Some(member) => known.push((job, member.clone())),
            }
        }
        Ok((known, ends))
    }
}

/// The people of this hub as requests about their days know them, by id.
pub(super) async fn members(store: &dyn Store) -> Result<BTreeMap<String, Value>, StoreError> {
    let mut emails = emails(store).await?;
    let people = store.people().await?.into_iter();
    let member = people.map(|person| {
        let email = emails.remove(&person.id);
        (person.id.clone(), json!({ "id": person.id, "name": person.name, "email": email }))
    });
    Ok(member.collect())
}
