//! A box without sockets: real outbox, real queues on memory disks, driven by hand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use vigie_agent::outbox::{Act, LaneState, Outbox, Request, Verdict, Window};
use vigie_agent::queue::memory::{MemoryDisk, MemoryQueue};
use vigie_agent::queue::{Limit, Queue as _};
use vigie_shared::id::{BootId, InstanceId, QueueId, SiteId};
use vigie_shared::wire::{Answer, Batch, Below, Hello, Lane, Stamp, Up, frame};

use super::Bug;
use super::link::{Link, UpMessage};

/// The lanes that a simulated box has: one that never drops, one that may.
pub(super) const LANES: [Lane; 2] = [Lane::Ledger, Lane::Observations];

/// One box.
pub(super) struct SimBox {
    site: SiteId,
    instance: InstanceId,
    lanes: Vec<SimLane>,
    pub(super) outbox: Option<Outbox>,
    /// Connections that the outbox found not worth keeping.
    pub(super) give_ups: usize,
    connected_at: Option<Instant>,
}

/// One lane, with a memory of everything that was ever collected in it.
pub(super) struct SimLane {
    pub(super) lane: Lane,
    disk: MemoryDisk,
    queue: MemoryQueue,
    /// Where each record was first stored: content to queue and position.
    pub(super) collected: BTreeMap<Vec<u8>, (QueueId, u64)>,
    /// Planted: positions are counted from here again.
    forgotten: u64,
}

impl SimBox {
    pub(super) fn new(number: usize) -> Self {
        let lanes = LANES.iter().map(|lane| SimLane::new(*lane)).collect();
        let site = format!("box{number}").parse().expect("the name is a site id");
        Self { site, instance: InstanceId::random(), lanes, outbox: None, give_ups: 0, connected_at: None }
    }

    pub(super) fn site(&self) -> &SiteId {
        &self.site
    }

    pub(super) fn lanes(&self) -> &[SimLane] {
        &self.lanes
    }

    pub(super) fn append(&mut self, lane: usize, count: usize) {
        self.lanes[lane].append(count);
    }

    pub(super) fn drop_oldest(&mut self, count: u64) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.lane != Lane::Ledger) {
            let extent = lane.queue.extent();
            let through = (extent.first + count).saturating_sub(1).min(extent.last);
            lane.queue.give_up(through, Below::Dropped).expect("a memory disk does not fail");
        }
    }

    pub(super) fn crash(&mut self, bug: Option<Bug>) {
        self.instance = InstanceId::random();
        for lane in &mut self.lanes {
            lane.queue = lane.disk.open();
            let extent = lane.queue.extent();
            if bug == Some(Bug::RepeatsPositions) && extent.waiting() == 0 {
                lane.forgotten = extent.last;
            }
        }
    }

    pub(super) fn connect(&mut self, now: Instant) {
        self.connected_at = Some(now);
        self.outbox = Some(Outbox::new(&self.states(), Window::default(), now));
    }

    fn states(&self) -> Vec<LaneState> {
        self.lanes.iter().map(SimLane::state).collect()
    }

    pub(super) fn hear(&mut self, answers: Vec<Answer>, now: Instant) {
        let Some(outbox) = &mut self.outbox else { return };
        for answer in answers {
            match outbox.on_answer(&answer, now) {
                Verdict::Trim { lane, queue, through } => {
                    let lane = self.lanes.iter_mut().find(|candidate| candidate.lane == lane);
                    let lane = lane.expect("the outbox knows only our lanes");
                    if lane.queue.extent().queue == queue {
                        let through = through + lane.forgotten;
                        lane.queue.trim(through).expect("a memory disk does not fail");
                    }
                }
                Verdict::Renew { lane, .. } => {
                    let lane = self.lanes.iter_mut().find(|candidate| candidate.lane == lane);
                    let lane = lane.expect("the outbox knows only our lanes");
                    lane.queue.renew().expect("a memory disk does not fail");
                    lane.forgotten = 0;
                }
                Verdict::Nothing => {}
            }
        }
    }

    /// Does what the outbox wants done now.
    pub(super) fn speak(&mut self, link: &mut Link, now: Instant, elapsed: Duration, bug: Option<Bug>) {
        let states = self.states();
        let Some(mut outbox) = self.outbox.take() else { return };
        states.iter().for_each(|state| outbox.on_lane(*state, now));
        let heard_now = if bug == Some(Bug::NeverResend) { self.connected_at.unwrap_or(now) } else { now };
        while let Some(act) = outbox.poll(heard_now) {
            match act {
                Act::Hello => {
                    let hello = self.hello(elapsed, bug);
                    link.send_up(UpMessage { up: Up::Hello, payload: Bytes::from(hello.encode()) });
                    outbox.on_hello_sent(now);
                }
                Act::Send(request) => self.send(request, link, &mut outbox, (now, bug)),
                Act::Reconnect => {
                    self.give_ups += 1;
                    link.cut();
                    return;
                }
            }
        }
        self.outbox = Some(outbox);
    }

    fn send(&mut self, request: Request, link: &mut Link, outbox: &mut Outbox, (now, bug): (Instant, Option<Bug>)) {
        let lane = self.lanes.iter_mut().find(|candidate| candidate.lane == request.lane);
        let lane = lane.expect("the outbox knows only our lanes");
        let records_max = usize::try_from(request.records_max).unwrap_or(usize::MAX);
        let limit = Limit { records_max, bytes_max: request.bytes_max };
        let slice = lane.queue.read(request.from + lane.forgotten, limit).expect("a memory disk does not fail");
        if slice.records.is_empty() {
            outbox.on_lane(lane.state(), now);
            return;
        }
        let extent = lane.queue.extent();
        let is_hiding = bug == Some(Bug::HidesWhatIsGone);
        let batch = Batch {
            queue: extent.queue,
            first: if is_hiding { 1 } else { extent.first - lane.forgotten.min(extent.first - 1) },
            below: extent.below,
            start: slice.start - lane.forgotten,
            records: slice.records.iter().map(|record| serde_bytes::Bytes::new(record)).collect(),
        };
        let payload = Bytes::from(batch.encode());
        let through = slice.start + slice.records.len() as u64 - 1;
        outbox.on_sent(request.lane, through - lane.forgotten, payload.len(), now);
        link.send_up(UpMessage { up: Up::Lane(request.lane), payload });
        if bug == Some(Bug::TrimWhenSent) {
            lane.queue.trim(through).expect("a memory disk does not fail");
        }
    }

    fn hello(&self, elapsed: Duration, bug: Option<Bug>) -> Hello {
        let uptime_ms = u64::try_from(elapsed.as_millis()).expect("a simulation is short");
        let lanes = self.lanes.iter().map(|lane| {
            let mut hello = lane.queue.extent().hello(lane.lane);
            hello.first = hello.first.saturating_sub(lane.forgotten).max(1);
            hello.last -= lane.forgotten;
            if lane.forgotten > 0 {
                hello.receipted = None;
            }
            if bug == Some(Bug::HidesWhatIsGone) {
                hello.first = 1;
            }
            hello
        });
        Hello {
            version: "simulated".to_owned(),
            instance: self.instance,
            stamp: Stamp { boot: BootId([1; 16]), uptime_ms, wall_ms: 0, is_synced: true },
            lanes: lanes.collect(),
        }
    }

    /// What holds for a box at every moment.
    pub(super) fn check(&self) -> Result<(), String> {
        let flying = self.outbox.as_ref().map_or(0, Outbox::flying_records);
        let window = Window::default().records_max;
        if flying > window { Err(format!("{}: {flying} records fly, window {window}", self.site)) } else { Ok(()) }
    }
}

impl SimLane {
    fn new(lane: Lane) -> Self {
        let disk = MemoryDisk::default();
        let queue = disk.open();
        Self { lane, disk, queue, collected: BTreeMap::new(), forgotten: 0 }
    }

    fn append(&mut self, count: usize) {
        let queue = self.queue.extent().queue;
        for _ in 0..count {
            let content = frame::seal(1, &(self.collected.len() as u64, self.lane));
            self.queue.append(std::slice::from_ref(&content)).expect("a memory disk does not fail");
            self.collected.insert(content, (queue, self.queue.extent().last));
        }
    }

    fn state(&self) -> LaneState {
        let extent = self.queue.extent();
        let first = extent.first.saturating_sub(self.forgotten).max(1);
        LaneState { lane: self.lane, queue: extent.queue, first, last: extent.last - self.forgotten }
    }

    /// What the lane holds.
    pub(super) fn extent(&self) -> vigie_agent::queue::Extent {
        self.queue.extent()
    }
}
