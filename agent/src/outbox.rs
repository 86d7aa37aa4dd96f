//! Pure: what to send, when again, what to trim. The heart of delivery, without a socket or a clock.
//!
//! The rules: a connection opens with a hello; the hub answers each lane with a receipt; from there records
//! go in order, at most a [`Window`] beyond the last receipt. Three seconds without progress send everything
//! after the receipt again. Lost, late or repeated receipts are harmless. Only a receipt trims.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use vigie_shared::id::QueueId;
use vigie_shared::wire::{Answer, Lane};

/// How far a lane may run ahead of the hub's receipts.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Records sent and not receipted, at most.
    pub records_max: u64,
    /// Their bytes, at most.
    pub bytes_max: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { records_max: 400, bytes_max: 64 * 1024 }
    }
}

/// Without progress for this long, everything after the receipt is sent again.
pub const RESEND_AFTER: Duration = Duration::from_secs(3);

/// Without progress for this long although something was sent, the connection is not worth keeping.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

/// What the journal holds of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneState {
    /// Which lane.
    pub lane: Lane,
    /// Its queue.
    pub queue: QueueId,
    /// Oldest position that exists; `last + 1` if none does.
    pub first: u64,
    /// Newest position ever given.
    pub last: u64,
}

/// What the driver must do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Send a hello for all lanes.
    Hello,
    /// Read a slice of this lane, send it as one batch, and call [`Outbox::on_sent`].
    Send(Request),
    /// Close this connection and make a new one.
    Reconnect,
}

/// Which records the next batch should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Of which lane.
    pub lane: Lane,
    /// From this position.
    pub from: u64,
    /// At most so many.
    pub records_max: u64,
    /// At most so many bytes.
    pub bytes_max: usize,
}

/// What a hub's answer means for the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Forget records of this queue through here.
    Trim {
        /// Which lane.
        lane: Lane,
        /// Which queue.
        queue: QueueId,
        /// Through this position.
        through: u64,
    },
    /// Give the lane a new queue id.
    Renew {
        /// Which lane.
        lane: Lane,
        /// The queue id to give up.
        queue: QueueId,
    },
    /// Nothing: late, repeated, or about another queue.
    Nothing,
}

/// One connection's sending, for all lanes. A new connection begins with a new outbox.
#[derive(Debug)]
pub struct Outbox {
    window: Window,
    lanes: Vec<LaneOutbox>,
    hello_due: Instant,
    heard: Instant,
}

#[derive(Debug)]
struct LaneOutbox {
    state: LaneState,
    /// The hub answered for this queue on this connection.
    is_open: bool,
    /// The hub holds everything through here.
    receipted: u64,
    /// Sent through here, since the last time that everything after the receipt was sent again.
    sent: u64,
    /// Sent through here at any time on this connection.
    sent_max: u64,
    /// Batches beyond the receipt: last position, bytes.
    flying: VecDeque<(u64, usize)>,
    resend_at: Instant,
}

impl Outbox {
    /// Starts with what the journal holds at the moment when the connection is up.
    #[must_use]
    pub fn new(states: &[LaneState], window: Window, now: Instant) -> Self {
        let mut lanes: Vec<LaneOutbox> = states.iter().map(|state| LaneOutbox::new(*state, now)).collect();
        lanes.sort_by_key(|lane| lane.state.lane);
        Self { window, lanes, hello_due: now, heard: now }
    }

    /// The journal's lane changed: records were added, trimmed, dropped, the queue was renewed, or a lane whose
    /// disk had failed is back.
    pub fn on_lane(&mut self, state: LaneState, now: Instant) {
        match self.lane(state.lane) {
            Some(lane) if lane.state.queue == state.queue => lane.state = state,
            Some(lane) => {
                *lane = LaneOutbox::new(state, now);
                self.hello_due = now;
            }
            None => {
                self.lanes.push(LaneOutbox::new(state, now));
                self.lanes.sort_by_key(|lane| lane.state.lane);
                self.hello_due = now;
            }
        }
    }

    /// The hub answered.
    pub fn on_answer(&mut self, answer: &Answer, now: Instant) -> Verdict {
        match *answer {
            Answer::Receipt { lane, queue, through, .. } => self.on_receipt(lane, queue, through, now),
            Answer::Renew { lane, queue } => match self.lane(lane) {
                Some(ours) if ours.state.queue == queue => {
                    self.heard = now;
                    Verdict::Renew { lane, queue }
                }
                _ => Verdict::Nothing,
            },
        }
    }

    fn on_receipt(&mut self, lane: Lane, queue: QueueId, through: u64, now: Instant) -> Verdict {
        let Some(ours) = self.lane(lane).filter(|ours| ours.state.queue == queue) else { return Verdict::Nothing };
        if through > ours.state.last {
            return Verdict::Nothing;
        }
        // What was never sent on this connection cannot be receipted by it: that word is for a twin of this box.
        let is_ours = !ours.is_open || through <= ours.sent_max.max(ours.gone_through());
        let is_progress = !ours.is_open || through > ours.receipted;
        if !(is_ours && is_progress) {
            return Verdict::Nothing;
        }
        ours.open_or_advance(through, now);
        self.heard = now;
        Verdict::Trim { lane, queue, through }
    }

    /// The batch for a request was handed to the connection; it ended at `through` and has `bytes`.
    pub fn on_sent(&mut self, lane: Lane, through: u64, bytes: usize, now: Instant) {
        let Some(ours) = self.lane(lane) else { return };
        if ours.flying.is_empty() {
            ours.resend_at = now + RESEND_AFTER;
        }
        ours.sent = ours.sent.max(through);
        ours.sent_max = ours.sent_max.max(through);
        ours.flying.push_back((through, bytes));
    }

    /// The hello was handed to the connection.
    pub fn on_hello_sent(&mut self, now: Instant) {
        self.hello_due = now + RESEND_AFTER;
    }

    /// What to do now, the most precious lane first; `None` means wait for [`Outbox::poll_timeout`].
    pub fn poll(&mut self, now: Instant) -> Option<Act> {
        let needs_hello = self.needs_hello();
        let is_waiting = needs_hello || self.lanes.iter().any(|lane| !lane.flying.is_empty());
        if !is_waiting {
            self.heard = now;
        } else if now >= self.heard + GIVE_UP_AFTER {
            return Some(Act::Reconnect);
        }
        if needs_hello && now >= self.hello_due {
            return Some(Act::Hello);
        }
        for lane in &mut self.lanes {
            lane.go_back_if_stuck(now);
        }
        let window = self.window;
        self.lanes.iter().find_map(|lane| lane.next_request(window)).map(Act::Send)
    }

    /// When to call [`Outbox::poll`] again although nothing happened; `None` if only events matter.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let needs_hello = self.needs_hello();
        let resend = self.lanes.iter().filter(|lane| !lane.flying.is_empty()).map(|lane| lane.resend_at).min();
        let hello = needs_hello.then_some(self.hello_due);
        let give_up = (needs_hello || resend.is_some()).then_some(self.heard + GIVE_UP_AFTER);
        [resend, hello, give_up].into_iter().flatten().min()
    }

    /// Records sent and not receipted, of the lane that has most: at most the window's.
    #[must_use]
    pub fn flying_records(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.sent.saturating_sub(lane.receipted)).max().unwrap_or(0)
    }

    /// Whether the hub has answered for every lane.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lanes.iter().all(|lane| lane.is_open)
    }

    /// A lane waits for the hub's first answer, or has a gap that no record is left to tell of.
    fn needs_hello(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.is_open || lane.has_untold_gap())
    }

    fn lane(&mut self, lane: Lane) -> Option<&mut LaneOutbox> {
        self.lanes.iter_mut().find(|candidate| candidate.state.lane == lane)
    }
}

impl LaneOutbox {
    fn new(state: LaneState, now: Instant) -> Self {
        Self { state, is_open: false, receipted: 0, sent: 0, sent_max: 0, flying: VecDeque::new(), resend_at: now }
    }

    fn open_or_advance(&mut self, through: u64, now: Instant) {
        if !self.is_open {
            self.is_open = true;
            self.sent = through;
            self.sent_max = through;
        }
        self.receipted = through;
        self.sent = self.sent.max(through);
        while self.flying.front().is_some_and(|(last, _)| *last <= through) {
            self.flying.pop_front();
        }
        self.resend_at = now + RESEND_AFTER;
    }

    fn go_back_if_stuck(&mut self, now: Instant) {
        if !self.flying.is_empty() && now >= self.resend_at {
            self.flying.clear();
            self.sent = self.receipted;
        }
    }

    /// The newest position that existed and no longer does.
    fn gone_through(&self) -> u64 {
        self.state.first.saturating_sub(1)
    }

    /// Everything beyond the receipt was given up: no batch follows that could say so.
    fn has_untold_gap(&self) -> bool {
        let is_empty = self.state.first > self.state.last;
        is_empty && self.flying.is_empty() && self.gone_through() > self.receipted
    }

    fn next_request(&self, window: Window) -> Option<Request> {
        let from = (self.sent + 1).max(self.state.first);
        if !self.is_open || from > self.state.last {
            return None;
        }
        let records_flying: u64 = self.sent.saturating_sub(self.receipted.max(self.gone_through()));
        let bytes_flying: usize = self.flying.iter().map(|(_, bytes)| bytes).sum();
        let records_max = window.records_max.saturating_sub(records_flying);
        let bytes_max = window.bytes_max.saturating_sub(bytes_flying);
        let is_worth_it = records_max > 0 && (self.flying.is_empty() || bytes_max >= window.bytes_max / 4);
        is_worth_it.then_some(Request { lane: self.state.lane, from, records_max, bytes_max })
    }
}

#[cfg(test)]
mod tests;
