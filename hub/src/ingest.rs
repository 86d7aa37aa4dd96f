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

use bytes::Bytes;
use vigie_shared::id::{InstanceId, QueueId, SiteId};
use vigie_shared::wire::frame::FrameError;
use vigie_shared::wire::{Answer, Batch, Below, Hello, Lane, LaneHello, Record};

use crate::store::facts::{Gap, GapReason, QueueState};

pub mod counters;
pub mod driver;
mod group;
#[cfg(test)]
mod laws;
mod notes;
mod queue;

pub use counters::Counters;
pub use group::Group;

use group::Building;
use queue::{Held, QueueMemo, crc_of};

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

    /// Takes a hello. If it returns a check, nothing was decided yet.
    pub fn on_hello(&mut self, site: &SiteId, hello: &Hello, now_ms: i64) -> Option<Check> {
        let at = (hello.instance, hello.stamp.uptime_ms);
        let newest = self.sites.get(site).and_then(|memo| memo.hello);
        let is_late = newest.is_some_and(|(instance, uptime_ms)| instance == at.0 && at.1 <= uptime_ms);
        for lane in &hello.lanes {
            if !is_sane(lane) {
                self.counters.malformed += 1;
                continue;
            }
            if is_late {
                self.answer_again(site, lane);
                continue;
            }
            let check = self.on_lane(site, lane, now_ms);
            if check.is_some() {
                return check;
            }
        }
        self.counters.hellos += 1;
        if is_late {
            self.counters.late_hellos += 1;
        } else {
            self.sites.entry(site.clone()).or_default().hello = Some(at);
        }
        None
    }

    /// Repeats the last word on a lane.
    fn answer_again(&mut self, site: &SiteId, lane: &LaneHello) {
        if memo_of(&mut self.sites, site, lane.queue).is_some_and(|memo| memo.is_disputed) {
            self.group.renew(site, lane.lane, lane.queue);
        } else {
            self.group.answer(site, lane.queue);
        }
    }

    fn on_lane(&mut self, site: &SiteId, lane: &LaneHello, now_ms: i64) -> Option<Check> {
        let receipted = lane.receipted.map_or(0, |record| record.seq);
        let claim = Claim { queue: lane.queue, lane: lane.lane, first: lane.first, below: lane.below, receipted };
        let memo = self.queue(site, &claim, now_ms)?;
        let is_ours = memo.lane == lane.lane && lane.last >= memo.through;
        let held = lane.receipted.map(|record| (record, memo.held(record.seq)));
        match held {
            Some((record, Held::Unknown)) if is_ours => {
                return Some(Check { site: site.clone(), queue: lane.queue, seq: record.seq });
            }
            Some((record, Held::Crc(crc))) if is_ours && crc != record.crc => {
                self.dispute(site, lane.queue, lane.lane, now_ms);
            }
            _ if !is_ours => self.dispute(site, lane.queue, lane.lane, now_ms),
            _ => {
                memo.begin(receipted.max(lane.first - 1));
                self.close_gap(site, &claim, now_ms);
                self.group.answer(site, lane.queue);
            }
        }
        None
    }

    /// Takes a batch. If it returns a check, nothing was decided yet.
    pub fn on_batch(&mut self, site: &SiteId, lane: Lane, payload: &Bytes, now_ms: i64) -> Option<Check> {
        let batch = match Batch::decode(payload) {
            Ok(batch) => batch,
            Err(error) => {
                self.count_unreadable(error);
                return None;
            }
        };
        let Some(end) = end_of(&batch) else {
            self.counters.malformed += 1;
            return None;
        };
        let claim = Claim { queue: batch.queue, lane, first: batch.first, below: batch.below, receipted: 0 };
        let memo = self.queue(site, &claim, now_ms)?;
        if memo.is_disputed || memo.lane != lane {
            self.dispute(site, batch.queue, lane, now_ms);
            return None;
        }
        let overlap_end = end.min(memo.through);
        if batch.start <= overlap_end {
            let sent = position_in(&batch, overlap_end).map_or(0, crc_of);
            match memo.held(overlap_end) {
                Held::Unknown => return Some(Check { site: site.clone(), queue: batch.queue, seq: overlap_end }),
                Held::Crc(held) if sent != held => {
                    self.dispute(site, batch.queue, lane, now_ms);
                    return None;
                }
                Held::Crc(_) | Held::Nothing => {}
            }
        }
        self.counters.batches += 1;
        self.close_gap(site, &claim, now_ms);
        self.take_new(site, &batch, payload, now_ms);
        self.group.answer(site, batch.queue);
        None
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

    /// Takes the records of a batch that continue what is held.
    fn take_new(&mut self, site: &SiteId, batch: &Batch<'_>, payload: &Bytes, now_ms: i64) {
        let Some(memo) = memo_of(&mut self.sites, site, batch.queue) else { return };
        let (next, count) = (memo.through + 1, batch.records.len());
        memo.agree_below(batch.first);
        if batch.start > memo.receipt() + 1 {
            self.counters.holes += 1;
            return;
        }
        let known = usize::try_from(next - batch.start).unwrap_or(usize::MAX).min(count);
        self.counters.duplicates += known as u64;
        memo.agree_through(batch.start + count as u64 - 1);
        if known == count {
            return;
        }
        let mut arrival = self.group.arrival(site, memo.lane, batch.queue, next);
        for record in batch.records.iter().skip(known) {
            if let Some(version) = record.first().filter(|version| **version != Record::VERSION)
                && self.unknown_versions.len() < usize::from(u8::MAX)
                && self.unknown_versions.insert(*version)
            {
                arrival.write(notes::unknown_version(site, memo.lane, *version, now_ms));
            }
            memo.push(record);
            arrival.push(payload.slice_ref(record));
        }
        self.counters.records += (count - known) as u64;
        self.group.touch(site, batch.queue);
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

/// Whether a lane's word fits itself. Positions stay within what the store can count.
fn is_sane(lane: &LaneHello) -> bool {
    let ends = lane.last.checked_add(1).filter(|next| i64::try_from(*next).is_ok());
    lane.first >= 1
        && ends.is_some_and(|next| lane.first <= next)
        && lane.receipted.is_none_or(|record| (1..=lane.last).contains(&record.seq))
}

/// Position of a batch's last record, `start - 1` if it has none; `None` if the batch does not fit itself.
fn end_of(batch: &Batch<'_>) -> Option<u64> {
    let count = u64::try_from(batch.records.len()).ok()?;
    let end = batch.start.checked_add(count)?.checked_sub(1)?;
    let fits = 1 <= batch.first && batch.first <= batch.start && i64::try_from(end).is_ok();
    fits.then_some(end)
}

fn position_in<'a>(batch: &Batch<'a>, seq: u64) -> Option<&'a [u8]> {
    let at = usize::try_from(seq.checked_sub(batch.start)?).ok()?;
    batch.records.get(at).map(|record| &***record)
}
