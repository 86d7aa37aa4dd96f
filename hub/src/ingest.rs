//! Decides what becomes of everything that boxes send: order, duplicates, gaps, receipts.
//!
//! Pure: no I/O, no clock. The [`driver`] hands messages in, commits the [`Group`] that they add up to, and only
//! then gets the answers to send. The rules:
//!
//! - A record is taken only at position `through + 1` of its queue, behind records known to be the same here
//!   and there. Lower ones are duplicates and receipted again; higher ones are ignored, since the box sends
//!   everything again from the receipt on.
//! - What a box says no longer exists (`first`) becomes a gap with its reason, and the stream goes on behind it.
//! - If hub and box disagree about a record, or the box has gone back behind what is held, two boxes share one
//!   card or an old card was put back: the box is told to take a new queue id. What is held stays held; what
//!   the box still has comes under the new id.
//! - A receipt covers only what the box that speaks now is known to have in common with the hub, so that no box
//!   drops a record because its twin sent another one at that position.
//! - A record of an unknown version is kept as it is. A message that cannot be read harms nobody.
//!
//! The core is ahead of the disk by the groups that are being committed. It never goes back: a group whose
//! commit fails is committed again until it succeeds, and a process that dies starts from what is on disk.

use std::collections::{BTreeMap, BTreeSet};

use vigie_shared::id::{InstanceId, QueueId, SiteId};
use vigie_shared::wire::frame::FrameError;
use vigie_shared::wire::{Answer, Below, Lane};

use crate::store::facts::{Gap, GapReason, QueueState};

mod batch;
pub mod counters;
pub mod driver;
mod group;
mod hello;
pub mod import;
#[cfg(test)]
mod laws;
mod notes;
mod queue;

pub use counters::Counters;
pub use group::Group;

use group::Building;
use queue::QueueMemo;

/// Most queues of one site that the hub follows: each is a new card or a lost queue, so a sane box has a few.
const QUEUES_PER_SITE_MAX: usize = 4096;

/// A question that only the store can answer. After [`Ingest::on_checked`], hand the message in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Whose record.
    pub site: SiteId,
    /// In which queue.
    pub queue: QueueId,
    /// At which position.
    pub seq: u64,
}

/// Everything that the hub remembers of its boxes' queues.
#[derive(Default)]
pub struct Ingest {
    sites: BTreeMap<SiteId, SiteMemo>,
    group: Building,
    counters: Counters,
    unknown_versions: BTreeSet<u8>,
}

#[derive(Default)]
struct SiteMemo {
    queues: BTreeMap<QueueId, QueueMemo>,
    /// The newest hello: its sender and the sender's time since boot.
    hello: Option<(InstanceId, u64)>,
}

/// One lane's word on what it still has, from a hello or a batch.
struct Claim {
    queue: QueueId,
    lane: Lane,
    first: u64,
    below: Below,
    /// Newest position that the box saw receipted; 0 if it does not say.
    receipted: u64,
}

impl Ingest {
    /// Starts from what the store holds.
    #[must_use]
    pub fn new(queues: Vec<QueueState>) -> Self {
        let mut ingest = Self::default();
        for state in queues {
            let memo = QueueMemo::new(state.lane, state.through, state.born_ms);
            ingest.sites.entry(state.site).or_default().queues.insert(state.queue, memo);
        }
        ingest
    }

    /// Takes the store's answer to a check: the checksum of the record, or that the store does not hold it.
    pub fn on_checked(&mut self, check: &Check, held: Option<u32>) {
        self.counters.checks += 1;
        if let Some(memo) = memo_of(&mut self.sites, &check.site, check.queue) {
            memo.checked = Some((check.seq, held));
        }
    }

    /// Counts a message on a topic that no box uses.
    pub fn on_foreign(&mut self) {
        self.counters.foreign += 1;
    }

    /// Counts a hello or live message that cannot be read.
    pub fn count_unreadable(&mut self, error: FrameError) {
        match error {
            FrameError::Damaged => self.counters.damaged += 1,
            FrameError::UnknownVersion(_) => self.counters.unknown_messages += 1,
            FrameError::Malformed => self.counters.malformed += 1,
        }
    }

    /// What the messages since the last call add up to; none if they add up to nothing.
    pub fn take_group(&mut self, now_ms: i64) -> Option<Group> {
        let sites = &self.sites;
        self.group.take(now_ms, |site, queue| {
            let memo = sites.get(site)?.queues.get(&queue)?;
            let through = memo.through;
            let state = QueueState { site: site.clone(), lane: memo.lane, queue, through, born_ms: memo.born_ms };
            Some((state, memo.receipt()))
        })
    }

    /// After a group's commit is on disk: the answers to publish, and to whom.
    pub fn committed(&mut self, group: Group, hub_ms: i64) -> Vec<(SiteId, Answer)> {
        self.counters.commits += 1;
        self.counters.receipts += group.receipts();
        group.into_answers(hub_ms)
    }

    /// Every decision so far, counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Bytes of records that the group being collected holds.
    #[must_use]
    pub fn collected_bytes(&self) -> usize {
        self.group.bytes()
    }

    /// The memory of a queue, new if the hub never heard of it; `None` if the site has had too many.
    fn queue(&mut self, site: &SiteId, claim: &Claim, now_ms: i64) -> Option<&mut QueueMemo> {
        if !self.sites.contains_key(site) {
            self.sites.insert(site.clone(), SiteMemo::default());
        }
        let queues = &mut self.sites.get_mut(site)?.queues;
        if !queues.contains_key(&claim.queue) {
            if queues.len() >= QUEUES_PER_SITE_MAX {
                self.counters.refused_queues += 1;
                return None;
            }
            let mut same_lane = queues.values().filter(|memo| memo.lane == claim.lane).peekable();
            if same_lane.peek().is_some() {
                let was_ordered = same_lane.any(|memo| memo.is_disputed);
                self.group.write(notes::new_queue(site, claim.lane, claim.queue, was_ordered, now_ms));
            }
            self.counters.queues += 1;
            queues.insert(claim.queue, QueueMemo::new(claim.lane, 0, now_ms));
            self.group.touch(site, claim.queue);
        }
        queues.get_mut(&claim.queue)
    }

    /// Writes down what lies between what is held and the oldest position that the box still has.
    fn close_gap(&mut self, site: &SiteId, claim: &Claim, now_ms: i64) {
        let Some(memo) = memo_of(&mut self.sites, site, claim.queue) else { return };
        let from = memo.through + 1;
        if claim.first <= from {
            return;
        }
        let to = claim.first - 1;
        let reason = match claim.below {
            Below::Receipted => GapReason::HubRestored,
            Below::Dropped => GapReason::Dropped,
            Below::Damaged => GapReason::Damaged,
        };
        // What the box saw receipted was in this hub's hands, whatever became of the rest.
        let restored_to = claim.receipted.clamp(memo.through, to);
        let parts = [(from, restored_to, GapReason::HubRestored), (restored_to + 1, to, reason)];
        let gap = |(from, to, reason)| Gap {
            site: site.clone(),
            lane: claim.lane,
            queue: claim.queue,
            from,
            to,
            reason,
            noticed_ms: now_ms,
        };
        let gaps = parts.into_iter().filter(|(from, to, _)| from <= to).map(gap);
        memo.skip_to(to);
        for gap in gaps {
            self.counters.gaps += 1;
            self.counters.lost_positions += gap.to - gap.from + 1;
            if memo.may_tell_gap(now_ms) {
                self.group.write(notes::gap(&gap));
            }
            self.group.add_gap(gap);
        }
        self.group.touch(site, claim.queue);
    }

    fn dispute(&mut self, site: &SiteId, queue: QueueId, lane: Lane, now_ms: i64) {
        let memo = memo_of(&mut self.sites, site, queue);
        if let Some(memo) = memo
            && !memo.is_disputed
        {
            memo.is_disputed = true;
            self.counters.disputes += 1;
            if memo.may_tell_dispute(now_ms) {
                self.group.write(notes::dispute(site, lane, queue, memo.through, now_ms));
            }
        }
        self.group.renew(site, lane, queue);
    }
}

fn memo_of<'a>(sites: &'a mut BTreeMap<SiteId, SiteMemo>, site: &SiteId, queue: QueueId) -> Option<&'a mut QueueMemo> {
    sites.get_mut(site)?.queues.get_mut(&queue)
}
