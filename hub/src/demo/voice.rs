//! A box of the demo as the hub hears it: lanes with positions, batches, a pulse. It says what a real agent says.

use std::collections::BTreeMap;

use bytes::Bytes;
use vigie_shared::id::{BootId, InstanceId, QueueId, SiteId};
use vigie_shared::wire::reading::{HostSample, Reading};
use vigie_shared::wire::{Batch, Below, Heartbeat, Hello, Lane, LaneDepth, LaneHello, Live, Record, Stamp, Topic, Up};

use super::chance::Chance;
use crate::ingest::driver::Message;

/// Records of one batch, and their bytes: well within a message.
const RECORDS_MAX: usize = 300;
const BYTES_MAX: usize = 24 * 1024;

/// What the box last said its agent is.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One box.
pub(super) struct Voice {
    /// Its site.
    pub(super) site: SiteId,
    boot: BootId,
    boot_ms: i64,
    instance: InstanceId,
    lanes: BTreeMap<Lane, LaneVoice>,
}

/// One lane: what is to be said of it, and the position of what was said last.
struct LaneVoice {
    queue: QueueId,
    last: u64,
    waiting: Vec<Vec<u8>>,
}

impl Voice {
    /// The box of a site that started at `boot_ms`, milliseconds since 1970 UTC.
    pub(super) fn new(seed: u64, site: SiteId, boot_ms: i64) -> Self {
        let mut chance = Chance::of(seed, site.as_str(), 0);
        let lane = |chance: &mut Chance| LaneVoice { queue: QueueId(chance.bytes()), last: 0, waiting: Vec::new() };
        Self {
            boot: BootId(chance.bytes()),
            instance: InstanceId(chance.bytes()),
            lanes: Lane::ALL.into_iter().map(|name| (name, lane(&mut chance))).collect(),
            site,
            boot_ms,
        }
    }

    /// Every queue, and the position of what was said last.
    pub(super) fn ends(&self) -> impl Iterator<Item = (QueueId, u64)> {
        self.lanes.values().map(|lane| (lane.queue, lane.last))
    }

    /// What opens a connection.
    pub(super) fn hello(&self, now_ms: i64) -> Message {
        let lane = |(name, lane): (&Lane, &LaneVoice)| LaneHello {
            lane: *name,
            queue: lane.queue,
            first: 1,
            last: lane.last,
            receipted: None,
            below: Below::Receipted,
        };
        let lanes = self.lanes.iter().map(lane).collect();
        let hello = Hello { version: VERSION.to_owned(), instance: self.instance, stamp: self.stamp(now_ms), lanes };
        self.message(Up::Hello, hello.encode())
    }

    /// The pulse of a moment.
    pub(super) fn pulse(&self, now_ms: i64, host: HostSample) -> Live {
        let depth = |(name, lane): (&Lane, &LaneVoice)| LaneDepth {
            lane: *name,
            queue: lane.queue,
            waiting: 0,
            bytes: 0,
            dropped: 0,
            oldest_s: 0,
        };
        let lanes = self.lanes.iter().map(depth).collect();
        Live::Heartbeat(Heartbeat { stamp: self.stamp(now_ms), host, lanes })
    }

    /// The same as a message.
    pub(super) fn live(&self, live: &Live) -> Message {
        self.message(Up::Live, live.encode())
    }

    /// Takes a reading of a moment into its lane.
    pub(super) fn note(&mut self, at_ms: i64, reading: Reading) {
        let (stamp, lane) = (self.stamp(at_ms), reading.lane());
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.waiting.push(Record { stamp, reading }.encode());
        }
    }

    /// Everything that was noted, in messages.
    pub(super) fn speak(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for (name, lane) in &mut self.lanes {
            let waiting = std::mem::take(&mut lane.waiting);
            for payload in lane.batches(&waiting) {
                let topic = Topic::Up(self.site.clone(), Up::Lane(*name)).to_string();
                messages.push(Message { topic, payload: payload.into() });
            }
        }
        messages
    }

    fn stamp(&self, at_ms: i64) -> Stamp {
        let uptime_ms = u64::try_from(at_ms.saturating_sub(self.boot_ms)).unwrap_or_default();
        Stamp { boot: self.boot, uptime_ms, wall_ms: at_ms, is_synced: true }
    }

    fn message(&self, up: Up, payload: Vec<u8>) -> Message {
        Message { topic: Topic::Up(self.site.clone(), up).to_string(), payload: Bytes::from(payload) }
    }
}

impl LaneVoice {
    fn batches(&mut self, records: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut batches = Vec::new();
        let mut rest = records;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |record: &&Vec<u8>| {
                bytes += record.len();
                bytes <= BYTES_MAX
            };
            let count = rest.iter().take(RECORDS_MAX).take_while(fits).count().max(1);
            let (now, later) = rest.split_at(count);
            let start = self.last + 1;
            let records = now.iter().map(|record| serde_bytes::Bytes::new(record)).collect();
            let batch = Batch { queue: self.queue, first: start, below: Below::Receipted, start, records };
            batches.push(batch.encode());
            self.last += count as u64;
            rest = later;
        }
        batches
    }
}
