//! Reads whom a third party lists, and takes it over with care.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::talk::{Halt, Heard, Talk};
use crate::connectors::outcome::On;
use crate::connectors::paging::{Listing, Paging, Step};
use crate::connectors::people::{Changes, Person, compare};
use crate::connectors::request::Request;
use crate::connectors::template::Values;
use crate::store::connectors::{Run, RunKind};

/// Oddities of a list that are told.
const ODDITIES_MAX: usize = 20;

/// What to do with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleWish {
    /// Only look what would change.
    Look,
    /// Take it over, but hold back what would take away many at once.
    Take,
    /// Take it over: a person has seen what goes.
    TakeConfirmed,
}

/// What a list came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeopleReport {
    /// Everybody on it who has a number.
    pub listed: usize,
    /// What it changes.
    pub changes: Changes,
    /// Who could not be read, and why.
    pub oddities: Vec<String>,
    /// Rows that waited for people and are tried again.
    pub freed: usize,
}

impl Talk<'_> {
    /// Reads the list, compares it with those known, and takes it over as wished.
    pub(super) async fn read_people(&mut self, wish: PeopleWish) -> Result<PeopleReport, Halt> {
        let began_ms = self.now_ms();
        let read = self.compared(wish).await;
        if wish == PeopleWish::Look {
            return read;
        }
        let error = read.as_ref().err().map(ToString::to_string);
        let note = read
            .as_ref()
            .ok()
            .and_then(|report| report.changes.held.clone().or_else(|| report.oddities.first().cloned()));
        (self.standing.people_ms, self.standing.people_note) = (Some(began_ms), error.clone().or(note));
        let counts = read.as_ref().map(counts).unwrap_or_default();
        let run = Run { kind: RunKind::People, began_ms, ended_ms: self.now_ms(), counts, error };
        self.parts.store.add_run(&self.connector.name, &run).await?;
        self.keep_standing().await?;
        read
    }

    async fn compared(&mut self, wish: PeopleWish) -> Result<PeopleReport, Halt> {
        let mapping = Arc::clone(&self.mapping);
        let Some(people) = &mapping.people else { return Err(Halt::Unable("its mapping lists no people".to_owned())) };
        let values = self.values();
        let listing = self.list(On::People, (&people.request, &people.paging), &values).await?;
        let mut fields = mapping.push.as_ref().map(|push| push.person_fields()).unwrap_or_default();
        fields.extend(mapping.records.as_ref().map(|records| records.person_field.clone()));
        let (listed, mut oddities) = people.people(&listing, &fields, &values);
        oddities.truncate(ODDITIES_MAX);
        let known = self.known_people().await?;
        let changes = compare(&known, &listed, listing.doubt.as_deref(), wish == PeopleWish::TakeConfirmed);
        let mut report = PeopleReport { listed: listed.len(), changes, oddities, freed: 0 };
        if wish == PeopleWish::Look {
            return Ok(report);
        }
        let (write, gone, now_ms) = (report.changes.to_write(), report.changes.to_mark(), self.now_ms());
        self.parts.store.save_people(&self.connector.name, (&write, &gone), now_ms).await?;
        if !write.is_empty() || self.standing.people_ms.is_none() {
            report.freed = self.parts.store.unpark(&self.connector.name, now_ms).await?;
        }
        self.count("people", write.len());
        Ok(report)
    }

    /// Those who were listed last.
    pub(super) async fn known_people(&self) -> Result<BTreeMap<u64, Person>, Halt> {
        let listed = self.parts.store.listed_people(&self.connector.name).await?;
        Ok(listed
            .into_iter()
            .filter(|(_, listed)| !listed.is_gone)
            .map(|(enrol_id, listed)| (enrol_id, listed.person))
            .collect())
    }

    /// Reads a list to its end. Rows go between its pages: a long list does not hold them up.
    pub(super) async fn list(
        &mut self,
        on: On,
        (request, paging): (&Request, &Paging),
        values: &Values,
    ) -> Result<Listing, Halt> {
        let mut walk = paging.walk();
        loop {
            let values = values.clone().with_root("page", walk.page());
            let step = match self.ask(on, request, &values).await? {
                Heard::Answer(answer, verdict) => walk.on_page(&answer, verdict),
                Heard::Unfit(why) | Heard::Unsent(why) | Heard::Lost(why) => Step::Failed(why),
            };
            match step {
                Step::Next => self.push().await?,
                Step::Done(listing) => return Ok(listing),
                Step::Failed(why) => {
                    return Err(Halt::Unable(format!("its list cannot be read, so that nobody was changed: {why}")));
                }
            }
        }
    }
}

fn counts(report: &PeopleReport) -> BTreeMap<String, u64> {
    let Changes { added, changed, gone, .. } = &report.changes;
    let all = [
        ("listed", report.listed),
        ("added", added.len()),
        ("changed", changed.len()),
        ("gone", gone.len()),
        ("freed", report.freed),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| (what.to_owned(), count as u64)).collect()
}
