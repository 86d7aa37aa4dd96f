//! The model of a box, as the design describes it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use vigie_shared::id::{BootId, InstanceId, QueueId};
use vigie_shared::wire::frame::{crc, seal};
use vigie_shared::wire::{Answer, Batch, Below, Hello, LaneHello, Receipted, Stamp};

use super::LANE;

/// Records that a box sends ahead of the receipt.
const WINDOW: u64 = 8;

/// A box as the design describes it: one lane, a window, go-back-N.
#[derive(Clone)]
pub(super) struct Box {
    pub(super) name: &'static str,
    pub(super) queue: QueueId,
    pub(super) uptime_ms: u64,
    pub(super) instance: u8,
    /// Positions that still exist.
    pub(super) records: BTreeMap<u64, Bytes>,
    pub(super) last: u64,
    pub(super) receipted: Option<Receipted>,
    pub(super) below: Below,
    pub(super) next: u64,
    /// One more than the newest position sent over this connection, or receipted before.
    pub(super) sent: u64,
    /// The hub has answered this connection's hello; before, nothing is sent.
    pub(super) is_open: bool,
    /// Everything it ever produced, in order.
    pub(super) produced: Vec<Bytes>,
    pub(super) dropped: BTreeSet<u64>,
}

impl Box {
    pub(super) fn new(name: &'static str, queue: u8) -> Self {
        Self {
            name,
            queue: QueueId([queue; 16]),
            uptime_ms: 1,
            instance: 1,
            records: BTreeMap::new(),
            last: 0,
            receipted: None,
            below: Below::Receipted,
            next: 1,
            sent: 1,
            is_open: false,
            produced: Vec::new(),
            dropped: BTreeSet::new(),
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.records.keys().next().copied().unwrap_or(self.last + 1)
    }

    pub(super) fn produce(&mut self) {
        self.last += 1;
        let record = Bytes::from(seal(1, &format!("{} {}", self.name, self.produced.len())));
        self.records.insert(self.last, record.clone());
        self.produced.push(record);
    }

    pub(super) fn drop_oldest(&mut self) {
        if let Some((seq, _)) = self.records.pop_first() {
            self.below = Below::Dropped;
            self.dropped.insert(seq);
        }
    }

    pub(super) fn hello(&mut self) -> Vec<u8> {
        self.uptime_ms += 1;
        self.next = self.first();
        (self.sent, self.is_open) = (self.next, false);
        let lane = LaneHello {
            lane: LANE,
            queue: self.queue,
            first: self.first(),
            last: self.last,
            receipted: self.receipted,
            below: self.below,
        };
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: self.uptime_ms, wall_ms: 0, is_synced: true };
        Hello { version: "1".to_owned(), instance: InstanceId([self.instance; 16]), stamp, lanes: vec![lane] }.encode()
    }

    pub(super) fn batch(&mut self, size: u64) -> Option<Vec<u8>> {
        let start = self.next.max(self.first());
        let end = (start + size - 1).min(self.first() + WINDOW - 1).min(self.last);
        if start > end || !self.is_open {
            return None;
        }
        self.next = end + 1;
        self.sent = self.sent.max(self.next);
        let records = self.records.range(start..=end).map(|(_, record)| serde_bytes_of(record)).collect();
        Some(Batch { queue: self.queue, first: self.first(), below: self.below, start, records }.encode())
    }

    pub(super) fn on_answer(&mut self, answer: &Answer) {
        match answer {
            // A receipt beyond what was sent over this connection is for somebody else.
            Answer::Receipt { queue, through, .. } if *queue == self.queue && *through < self.sent => {
                self.is_open = true;
                if let Some(record) = self.records.get(through) {
                    self.receipted = Some(Receipted { seq: *through, crc: crc(record).unwrap() });
                }
                let kept = self.records.split_off(&(through + 1));
                if !self.records.is_empty() {
                    self.below = Below::Receipted;
                }
                self.records = kept;
            }
            Answer::Renew { queue, .. } if *queue == self.queue => self.renew(),
            _ => {}
        }
    }

    /// Takes a new queue id; what waits gets new positions.
    pub(super) fn renew(&mut self) {
        let mut bytes = self.queue.0;
        bytes[0] = bytes[0].wrapping_add(1);
        bytes[1..].copy_from_slice(&[self.name.as_bytes()[0]; 15]);
        self.queue = QueueId(bytes);
        let waiting: Vec<Bytes> = std::mem::take(&mut self.records).into_values().collect();
        self.records = (1..).zip(waiting).collect();
        self.last = self.records.len() as u64;
        (self.next, self.sent, self.receipted, self.below) = (1, 1, None, Below::Receipted);
    }
}

fn serde_bytes_of(record: &Bytes) -> &serde_bytes::Bytes {
    serde_bytes::Bytes::new(record)
}
