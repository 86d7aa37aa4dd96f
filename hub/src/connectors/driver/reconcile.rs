//! Ours against theirs: what was sent of a period, and what the third party has of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::talk::{Halt, Talk};
use crate::connectors::job::{JobState, Wish};
use crate::connectors::outcome::On;
use crate::connectors::records::{Difference, count, differences};

/// How a period differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Times that were sent, of people who are known there.
    pub ours: usize,
    /// Times that are there, of people who are known here.
    pub theirs: usize,
    /// The days on which they differ.
    pub differences: Vec<Difference>,
    /// Records there of people who are not known here.
    pub strangers: usize,
    /// Why there may be more.
    pub doubt: Option<String>,
}

impl Talk<'_> {
    /// Compares a period, milliseconds since 1970 UTC, the end excluded.
    pub(super) async fn reconcile(&mut self, (from_ms, to_ms): (i64, i64)) -> Result<Reconciliation, Halt> {
        let mapping = Arc::clone(&self.mapping);
        let Some(records) = &mapping.records else {
            return Err(Halt::Unable("its mapping has no [records]: it cannot list what it has".to_owned()));
        };
        let values = self.values().with_moment("from", Some(from_ms)).with_moment("to", Some(to_ms));
        let listing = self.list(On::Records, (&records.request, &records.paging), &values).await?;
        let people = self.known_people().await?;
        let (mut theirs, strangers) = records.moments(&listing, &people, &mapping.zone);
        let is_in = |ms: &i64| (from_ms..to_ms).contains(ms);
        theirs.values_mut().for_each(|all| all.retain(|ms| is_in(ms)));
        let mut ours: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
        let since_ms = from_ms.saturating_sub(span_ms(self));
        let here = |there: u64| self.connector.numbers_here(there).into_iter().map(move |enrol_id| (there, enrol_id));
        for (there, enrol_id) in people.keys().copied().flat_map(here) {
            let jobs = self.parts.store.person_jobs(&self.connector.name, enrol_id, since_ms).await?;
            let sent = jobs.iter().filter(|job| job.state == JobState::Sent && job.wish == Wish::Send);
            let moments = sent.flat_map(|job| std::iter::once(job.row.at_ms).chain(job.row.end_ms)).filter(is_in);
            ours.entry(there).or_default().extend(moments);
        }
        let differences = differences(&ours, &theirs, &mapping.zone);
        let (ours, theirs) = (count(&ours), count(&theirs));
        Ok(Reconciliation { ours, theirs, differences, strangers, doubt: listing.doubt })
    }
}

fn span_ms(talk: &Talk<'_>) -> i64 {
    talk.mapping.push.as_ref().map_or(0, |push| push.span_ms_max)
}
