//! A group: everything that one transaction adds, and the answers that its commit allows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Answer, Lane};

use crate::store::diary::Entry;
use crate::store::facts::{Arrival, Commit, Gap, QueueState};

/// A group on its way to disk. Only [`super::Ingest::committed`] turns it into answers.
#[derive(Debug)]
pub struct Group {
    /// What to add to the store.
    pub commit: Arc<Commit>,
    /// Queues to receipt, and through which position.
    receipts: Vec<(SiteId, Lane, QueueId, u64)>,
    renewals: BTreeSet<(SiteId, Lane, QueueId)>,
}

impl Group {
    /// Whether there is something to put on disk; if not, the answers may go out at once, in their turn.
    #[must_use]
    pub fn has_facts(&self) -> bool {
        let commit = &self.commit;
        !(commit.arrivals.is_empty() && commit.gaps.is_empty() && commit.queues.is_empty() && commit.entries.is_empty())
    }

    pub(super) fn receipts(&self) -> u64 {
        self.receipts.len() as u64
    }

    pub(super) fn into_answers(self, hub_ms: i64) -> Vec<(SiteId, Answer)> {
        let renewals = self.renewals.into_iter().map(|(site, lane, queue)| (site, Answer::Renew { lane, queue }));
        let receipts = self
            .receipts
            .into_iter()
            .map(|(site, lane, queue, through)| (site, Answer::Receipt { lane, queue, through, hub_ms }));
        receipts.chain(renewals).collect()
    }
}

/// A group being collected.
#[derive(Default)]
pub(super) struct Building {
    arrivals: Vec<Arrival>,
    /// Where the newest arrival of a queue stands.
    newest: BTreeMap<(SiteId, QueueId), usize>,
    gaps: Vec<Gap>,
    entries: Vec<Entry>,
    /// Queues to answer, and whether their state changed.
    touched: BTreeMap<(SiteId, QueueId), bool>,
    renewals: BTreeSet<(SiteId, Lane, QueueId)>,
    bytes: usize,
}

/// The end of a group, where consecutive records of one queue go.
pub(super) struct Tail<'a> {
    arrival: &'a mut Arrival,
    entries: &'a mut Vec<Entry>,
    bytes: &'a mut usize,
}

impl Tail<'_> {
    pub(super) fn push(&mut self, record: Bytes) {
        *self.bytes += record.len();
        self.arrival.records.push(record);
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }
}

impl Building {
    pub(super) fn answer(&mut self, site: &SiteId, queue: QueueId) {
        self.touched.entry((site.clone(), queue)).or_insert(false);
    }

    pub(super) fn touch(&mut self, site: &SiteId, queue: QueueId) {
        self.touched.insert((site.clone(), queue), true);
    }

    pub(super) fn renew(&mut self, site: &SiteId, lane: Lane, queue: QueueId) {
        self.renewals.insert((site.clone(), lane, queue));
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn add_gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The arrival that `start` continues: the queue's newest one, or a new one.
    pub(super) fn arrival(&mut self, site: &SiteId, lane: Lane, queue: QueueId, start: u64) -> Tail<'_> {
        let fresh = self.arrivals.len();
        let at = *self.newest.entry((site.clone(), queue)).or_insert(fresh);
        let continues = self.arrivals.get(at).is_some_and(|arrival| next_of(arrival) == start);
        let at = if continues { at } else { fresh };
        if !continues {
            self.newest.insert((site.clone(), queue), fresh);
            self.arrivals.push(Arrival { site: site.clone(), lane, queue, start, records: Vec::new() });
        }
        let arrival = self.arrivals.get_mut(at).expect("the arrival was found or added above");
        Tail { arrival, entries: &mut self.entries, bytes: &mut self.bytes }
    }

    pub(super) fn take(
        &mut self,
        received_ms: i64,
        state_of: impl Fn(&SiteId, QueueId) -> Option<(QueueState, u64)>,
    ) -> Option<Group> {
        let Self { arrivals, gaps, entries, touched, renewals, .. } = std::mem::take(self);
        if touched.is_empty() && renewals.is_empty() && entries.is_empty() {
            return None;
        }
        let states = touched.into_iter().filter_map(|((site, queue), is_new)| Some((state_of(&site, queue)?, is_new)));
        let (mut queues, mut receipts) = (Vec::new(), Vec::new());
        for ((state, receipt), is_new) in states {
            let (site, lane, queue) = (state.site.clone(), state.lane, state.queue);
            if is_new {
                queues.push(state);
            }
            if !renewals.contains(&(site.clone(), lane, queue)) {
                receipts.push((site, lane, queue, receipt));
            }
        }
        let commit = Arc::new(Commit { arrivals, gaps, queues, entries, received_ms });
        Some(Group { commit, receipts, renewals })
    }
}

fn next_of(arrival: &Arrival) -> u64 {
    arrival.start.saturating_add(arrival.records.len() as u64)
}
