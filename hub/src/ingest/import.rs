//! Records that come by a stick instead of a connection: the same rules, without a box that listens.
//!
//! A stick is old, and may be of a twin: it never disputes, never orders anything, and says nothing of what the box
//! that speaks now has in common with the hub. What does not fit is refused, and nothing of it is taken.

use bytes::Bytes;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Batch, Lane, LaneHello};

use super::batch::{end_of, position_in};
use super::queue::{Held, crc_of};
use super::{Check, Claim, Ingest, memo_of};

/// What became, or would become, of a stick's batch: counts of positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Position of the batch's last record.
    pub end: u64,
    /// Records that the hub did not hold.
    pub new: u64,
    /// Records that it held.
    pub held: u64,
    /// Positions before them that the box no longer has either: gaps.
    pub lost: u64,
}

/// Why something on a stick is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefused {
    /// The hub holds other records under this name: two boxes share one card, or an old card was put back.
    #[error(
        "the hub holds other records at the same positions of the {lane} (queue {queue}): two boxes share one card, or \
         an old card was put back; what the hub holds stays, this is not taken"
    )]
    OtherRecords {
        /// Which lane.
        lane: Lane,
        /// Which queue.
        queue: QueueId,
    },
    /// Positions are left out without a word.
    #[error("records of the {lane} through {through} are missing between what the hub holds and what this file holds")]
    Hole {
        /// Which lane.
        lane: Lane,
        /// The newest position held.
        through: u64,
    },
    /// A batch cannot be read.
    #[error("a batch of the {0} cannot be read")]
    Unreadable(Lane),
    /// The site has had too many queues.
    #[error("this site has had so many queues that no other is taken")]
    TooManyQueues,
}

/// How a stick's batch is judged.
#[derive(Debug, Clone, Copy)]
pub struct ImportTerms {
    /// The end of the batch before it on the same stick; 0 for a queue's first.
    pub behind: u64,
    /// Judge only: nothing changes.
    pub is_dry: bool,
    /// The present.
    pub now_ms: i64,
}

/// The core's word on something from a stick.
#[derive(Debug)]
pub enum Judged<T> {
    /// Ask the store, then hand it in again.
    Ask(Check),
    /// Done.
    Done(T),
    /// Not taken.
    Refused(ImportRefused),
}

impl Ingest {
    /// Looks at what a stick says of a lane: whether its last receipted record is the one held.
    #[must_use]
    pub fn on_import_lane(&self, site: &SiteId, lane: &LaneHello) -> Judged<()> {
        let memo = self.sites.get(site).and_then(|memo| memo.queues.get(&lane.queue));
        let Some(memo) = memo else { return Judged::Done(()) };
        let other = Judged::Refused(ImportRefused::OtherRecords { lane: lane.lane, queue: lane.queue });
        if memo.lane != lane.lane {
            return other;
        }
        let Some(receipted) = lane.receipted else { return Judged::Done(()) };
        match memo.held(receipted.seq) {
            Held::Unknown => Judged::Ask(Check { site: site.clone(), queue: lane.queue, seq: receipted.seq }),
            Held::Crc(held) if held != receipted.crc => other,
            Held::Crc(_) | Held::Nothing => Judged::Done(()),
        }
    }

    /// Takes a stick's batch. If it asks, nothing was decided yet.
    pub fn on_import(&mut self, site: &SiteId, lane: Lane, payload: &Bytes, terms: ImportTerms) -> Judged<Taken> {
        let Ok(batch) = Batch::decode(payload) else { return Judged::Refused(ImportRefused::Unreadable(lane)) };
        let Some(end) = end_of(&batch) else { return Judged::Refused(ImportRefused::Unreadable(lane)) };
        let other = Judged::Refused(ImportRefused::OtherRecords { lane, queue: batch.queue });
        let memo = memo_of(&mut self.sites, site, batch.queue);
        if memo.as_ref().is_some_and(|memo| memo.lane != lane) {
            return other;
        }
        let held_through = memo.as_ref().map_or(0, |memo| memo.through);
        let overlap_end = end.min(held_through);
        if let Some(memo) = memo
            && batch.start <= overlap_end
        {
            let sent = position_in(&batch, overlap_end).map_or(0, crc_of);
            match memo.held(overlap_end) {
                Held::Unknown => {
                    return Judged::Ask(Check { site: site.clone(), queue: batch.queue, seq: overlap_end });
                }
                Held::Crc(held) if sent != held => return other,
                Held::Crc(_) | Held::Nothing => {}
            }
        }
        let through = held_through.max(terms.behind);
        let reached = through.max(batch.first - 1);
        if batch.start > reached + 1 {
            return Judged::Refused(ImportRefused::Hole { lane, through });
        }
        let new = end.saturating_sub(reached);
        let taken = Taken { end, new, held: batch.records.len() as u64 - new, lost: reached - through };
        if terms.is_dry || self.take_import(site, lane, (&batch, payload), (taken.held, terms.now_ms)) {
            return Judged::Done(taken);
        }
        Judged::Refused(ImportRefused::TooManyQueues)
    }

    /// Takes what is new of a batch that was judged; false if the site has had too many queues.
    fn take_import(
        &mut self,
        site: &SiteId,
        lane: Lane,
        (batch, payload): (&Batch<'_>, &Bytes),
        (held, now_ms): (u64, i64),
    ) -> bool {
        let claim = Claim { queue: batch.queue, lane, first: batch.first, below: batch.below, receipted: 0 };
        if self.queue(site, &claim, now_ms).is_none() {
            return false;
        }
        self.close_gap(site, &claim, now_ms);
        self.counters.duplicates += held;
        let known = usize::try_from(held).unwrap_or(usize::MAX);
        self.push_new(site, batch, payload, (known, now_ms));
        true
    }
}

#[cfg(test)]
mod tests;
