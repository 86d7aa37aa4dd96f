//! The proof that this start of the agent works: it is connected, and the hub holds a record that it made itself.

use vigie_shared::id::QueueId;

use crate::journal::Journal;
use crate::outbox::LaneState;
use crate::status::Board;

/// What the proof is taken from. Clones share it.
#[derive(Clone)]
pub struct Proof {
    /// The lanes as they were before this start made its first record.
    pub before: Vec<Standing>,
    /// The lanes.
    pub journal: Journal,
    /// The way to the hub.
    pub board: Board,
}

impl Proof {
    /// Waits until it has come.
    pub async fn come(&self) {
        let mut changed = self.journal.changes();
        while self.board.link().last_receipt_ms.is_none() || !has_fresh_receipt(&self.before, &standing(&self.journal))
        {
            if changed.changed().await.is_err() {
                // The journal is gone, and with it this process, soon.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// What a lane holds, and how much it ever gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    queue: QueueId,
    first: u64,
    last: u64,
    dropped: u64,
}

/// What each open lane holds at this moment.
#[must_use]
pub fn standing(journal: &Journal) -> Vec<Standing> {
    let depths = journal.depths();
    let dropped = |queue| depths.iter().find(|depth| depth.queue == queue).map_or(0, |depth| depth.dropped);
    let of = |lane: LaneState| Standing {
        queue: lane.queue,
        first: lane.first,
        last: lane.last,
        dropped: dropped(lane.queue),
    };
    journal.lanes().into_iter().map(of).collect()
}

/// Whether the hub took a record that did not exist before this start. A lane with a new name proves nothing, nor does
/// one that gave records up: those leave it without a receipt.
fn has_fresh_receipt(before: &[Standing], now: &[Standing]) -> bool {
    now.iter().any(|now| {
        let before = before.iter().find(|before| (before.queue, before.dropped) == (now.queue, now.dropped));
        before.is_some_and(|before| now.first > before.last + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(queue: u8, first: u64, last: u64) -> Standing {
        Standing { queue: QueueId([queue; 16]), first, last, dropped: 0 }
    }

    #[test]
    fn only_a_receipt_for_a_record_of_this_start_is_a_proof() {
        let before = [lane(1, 5, 9)];
        assert!(!has_fresh_receipt(&before, &[lane(1, 5, 12)]), "made, not confirmed");
        assert!(!has_fresh_receipt(&before, &[lane(1, 10, 12)]), "only the old ones are confirmed");
        assert!(has_fresh_receipt(&before, &[lane(1, 11, 12)]));
        assert!(!has_fresh_receipt(&before, &[lane(2, 20, 22)]), "another lane");
        let dropping = Standing { dropped: 3, ..lane(1, 11, 12) };
        assert!(!has_fresh_receipt(&before, &[dropping]), "a lane without room lets records go");
    }
}
