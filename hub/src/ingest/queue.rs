//! What the ingest remembers of one queue.

use std::collections::VecDeque;

use vigie_shared::wire::{Lane, frame};

/// Checksums remembered per queue: a little more than a box may send beyond its last receipt.
const CRCS_MAX: usize = 512;

/// One queue tells of gaps and disputes at most this often; all gaps are listed with the site.
const TELL_AGAIN_MS: i64 = 60 * 60 * 1000;

/// One queue as the ingest knows it.
pub(super) struct QueueMemo {
    pub(super) lane: Lane,
    /// Every position through this one is taken or in a gap, on disk or on its way there.
    pub(super) through: u64,
    pub(super) born_ms: i64,
    /// The box that speaks now has this position in common with what is held; none if it has not said hello.
    verified: Option<u64>,
    /// The box sends another stream under this id than the one held.
    pub(super) is_disputed: bool,
    /// What the store said about one position.
    pub(super) checked: Option<(u64, Option<u32>)>,
    /// Checksums of the newest records, the last one at `through`.
    crcs: VecDeque<u32>,
    gap_told_ms: Option<i64>,
    dispute_told_ms: Option<i64>,
}

/// What is known of the record at one position.
pub(super) enum Held {
    /// Its checksum.
    Crc(u32),
    /// There is nothing to compare with: beyond `through`, in a gap, or forgotten after its retention.
    Nothing,
    /// Only the store knows.
    Unknown,
}

impl QueueMemo {
    pub(super) fn new(lane: Lane, through: u64, born_ms: i64) -> Self {
        Self {
            lane,
            through,
            born_ms,
            verified: None,
            is_disputed: false,
            checked: None,
            crcs: VecDeque::new(),
            gap_told_ms: None,
            dispute_told_ms: None,
        }
    }

    /// The position that may be receipted: the box that speaks now must not drop what another one sent.
    pub(super) fn receipt(&self) -> u64 {
        self.verified.map_or(self.through, |verified| verified.min(self.through))
    }

    /// A hello: the box and the hub are known to agree through `common`, and no further.
    pub(super) fn begin(&mut self, common: u64) {
        self.is_disputed = false;
        self.verified = Some(common);
    }

    /// The box has nothing below `first`: nothing there can be mistaken for its own.
    pub(super) fn agree_below(&mut self, first: u64) {
        self.verified = self.verified.map(|verified| verified.max(first - 1));
    }

    /// The box's records through `end` are the ones held.
    pub(super) fn agree_through(&mut self, end: u64) {
        self.verified = self.verified.map(|verified| verified.max(end));
    }

    pub(super) fn held(&self, seq: u64) -> Held {
        let Some(back) = self.through.checked_sub(seq) else { return Held::Nothing };
        let index = usize::try_from(back).ok().and_then(|back| self.crcs.len().checked_sub(back + 1));
        match (index.and_then(|index| self.crcs.get(index)), self.checked) {
            (Some(crc), _) => Held::Crc(*crc),
            (None, Some((checked, held))) if checked == seq => held.map_or(Held::Nothing, Held::Crc),
            (None, _) => Held::Unknown,
        }
    }

    /// Takes the record at `through + 1`.
    pub(super) fn push(&mut self, record: &[u8]) {
        if self.crcs.len() == CRCS_MAX {
            self.crcs.pop_front();
        }
        self.crcs.push_back(crc_of(record));
        self.through += 1;
    }

    /// Goes on behind a gap that ends at `to`.
    pub(super) fn skip_to(&mut self, to: u64) {
        self.through = to;
        self.crcs.clear();
    }

    pub(super) fn may_tell_gap(&mut self, now_ms: i64) -> bool {
        is_due(&mut self.gap_told_ms, now_ms)
    }

    pub(super) fn may_tell_dispute(&mut self, now_ms: i64) -> bool {
        is_due(&mut self.dispute_told_ms, now_ms)
    }
}

/// The checksum that a record ends with. One too short to carry any counts as carrying 0, as in the store.
pub(super) fn crc_of(record: &[u8]) -> u32 {
    frame::crc(record).unwrap_or(0)
}

fn is_due(told_ms: &mut Option<i64>, now_ms: i64) -> bool {
    let is_due = told_ms.is_none_or(|told_ms| now_ms.saturating_sub(told_ms) >= TELL_AGAIN_MS);
    if is_due {
        *told_ms = Some(now_ms);
    }
    is_due
}
