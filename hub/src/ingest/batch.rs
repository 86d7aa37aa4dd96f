//! Batches: which of their records are new, and whether the rest are the ones held.

use bytes::Bytes;
use vigie_shared::id::SiteId;
use vigie_shared::wire::{Batch, Lane, Record};

use super::queue::{Held, crc_of};
use super::{Check, Claim, Ingest, memo_of, notes};

impl Ingest {
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
        self.push_new(site, batch, payload, (known, now_ms));
    }

    /// Takes a batch's records behind the `known` ones, which continue what is held.
    pub(super) fn push_new(
        &mut self,
        site: &SiteId,
        batch: &Batch<'_>,
        payload: &Bytes,
        (known, now_ms): (usize, i64),
    ) {
        let Some(memo) = memo_of(&mut self.sites, site, batch.queue) else { return };
        let count = batch.records.len();
        if known >= count {
            return;
        }
        let mut arrival = self.group.arrival(site, memo.lane, batch.queue, memo.through + 1);
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
}

/// Position of a batch's last record, `start - 1` if it has none; `None` if the batch does not fit itself.
pub(super) fn end_of(batch: &Batch<'_>) -> Option<u64> {
    let count = u64::try_from(batch.records.len()).ok()?;
    let end = batch.start.checked_add(count)?.checked_sub(1)?;
    let fits = 1 <= batch.first && batch.first <= batch.start && i64::try_from(end).is_ok();
    fits.then_some(end)
}

pub(super) fn position_in<'a>(batch: &Batch<'a>, seq: u64) -> Option<&'a [u8]> {
    let at = usize::try_from(seq.checked_sub(batch.start)?).ok()?;
    batch.records.get(at).map(|record| &***record)
}
