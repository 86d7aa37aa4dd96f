//! What a queue holds, as numbers: the arithmetic of positions, pure.
//!
//! Invariants: `1 ≤ first ≤ last + 1`; `first` and `last` never go back under one queue id; what is receipted
//! lies below `first`.

use serde::{Deserialize, Serialize};
use vigie_shared::id::QueueId;
use vigie_shared::wire::{Below, Lane, LaneHello, Receipted};

/// The positions of a queue. Its stored form is frozen: a change needs a new version beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Names the row that the positions belong to.
    pub queue: QueueId,
    /// Oldest position that still exists; `last + 1` if none does.
    pub first: u64,
    /// Newest position ever given; 0 if none was.
    pub last: u64,
    /// Why positions below `first` are gone.
    pub below: Below,
    /// The newest record known to be in the hub's hands.
    pub receipted: Option<Receipted>,
    /// Records given up without a receipt since the queue id was taken.
    pub dropped: u64,
    /// Bytes of the waiting records.
    pub bytes: u64,
}

impl Extent {
    /// A row in which no position was given.
    #[must_use]
    pub fn new(queue: QueueId) -> Self {
        Self { queue, first: 1, last: 0, below: Below::Receipted, receipted: None, dropped: 0, bytes: 0 }
    }

    /// Records that wait for a receipt.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }

    /// Whether this position holds a record.
    #[must_use]
    pub fn holds(&self, position: u64) -> bool {
        (self.first..=self.last).contains(&position)
    }

    /// After records were added.
    #[must_use]
    pub fn grown(self, records: &[Vec<u8>]) -> Self {
        let bytes: usize = records.iter().map(Vec::len).sum();
        Self { last: self.last + records.len() as u64, bytes: self.bytes + bytes as u64, ..self }
    }

    /// After a receipt. `checksum` is that of the record at `through`; without it the older memory stays.
    #[must_use]
    pub fn receipted(self, through: u64, checksum: Option<u32>, removed_bytes: u64) -> Self {
        let receipted = checksum.map(|crc| Receipted { seq: through, crc }).or(self.receipted);
        Self { below: Below::Receipted, receipted, ..self.without(through, removed_bytes) }
    }

    /// After records were given up unsent.
    #[must_use]
    pub fn given_up(self, through: u64, why: Below, removed_bytes: u64) -> Self {
        let gone = (through + 1).saturating_sub(self.first);
        Self { below: why, dropped: self.dropped + gone, ..self.without(through, removed_bytes) }
    }

    /// The same records under a new name, counted from 1.
    #[must_use]
    pub fn renewed(self, queue: QueueId) -> Self {
        Self { last: self.waiting(), bytes: self.bytes, ..Self::new(queue) }
    }

    /// The entry of the lane in a hello.
    #[must_use]
    pub fn hello(&self, lane: Lane) -> LaneHello {
        let Self { queue, first, last, below, receipted, .. } = *self;
        LaneHello { lane, queue, first, last, receipted, below }
    }

    fn without(self, through: u64, removed_bytes: u64) -> Self {
        let first = (through + 1).clamp(self.first, self.last + 1);
        let bytes = if first > self.last { 0 } else { self.bytes.saturating_sub(removed_bytes) };
        Self { first, bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_row_begins_at_one_and_knows_no_receipt() {
        let old = Extent::new(QueueId([1; 16])).grown(&vec![vec![0; 10]; 5]).receipted(2, Some(7), 20);

        let new = old.renewed(QueueId([2; 16]));

        assert_eq!((new.first, new.last, new.waiting(), new.bytes), (1, 3, 3, 30));
        assert_eq!(new.receipted, None);
    }

    #[test]
    fn a_drop_is_counted_and_named_until_a_receipt_covers_it() {
        let row = Extent::new(QueueId([1; 16])).grown(&vec![vec![0; 10]; 5]);

        let dropped = row.given_up(3, Below::Dropped, 30);
        assert_eq!((dropped.first, dropped.dropped, dropped.below), (4, 3, Below::Dropped));
        assert_eq!(dropped.receipted(4, Some(1), 10).below, Below::Receipted);
    }
}
