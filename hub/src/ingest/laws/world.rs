//! What can happen between boxes and the hub: a link that loses, repeats and reorders, restarts, restores.

use bytes::Bytes;
use proptest::prelude::*;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Answer;

use super::boxes::Box;
use super::hub::{Bugs, Hub, Message, now};
use crate::store::Facts;

/// What can happen.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Produce(u8),
    Send(u64),
    Deliver,
    Lose,
    Duplicate,
    Reorder,
    Commit { failures: usize, is_receipt_lost: bool },
    GoBack,
    Reconnect,
    RestartBox,
    DropOldest,
    RestartHub,
    Backup,
    Restore,
    Swap,
}

pub(super) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..6u8).prop_map(Event::Produce),
        6 => (1..6u64).prop_map(Event::Send),
        8 => Just(Event::Deliver),
        1 => Just(Event::Lose),
        1 => Just(Event::Duplicate),
        1 => Just(Event::Reorder),
        5 => (0..2usize, any::<bool>())
            .prop_map(|(failures, is_receipt_lost)| Event::Commit { failures, is_receipt_lost }),
        2 => Just(Event::GoBack),
        1 => Just(Event::Reconnect),
        1 => Just(Event::RestartBox),
        1 => Just(Event::DropOldest),
        1 => Just(Event::RestartHub),
        1 => Just(Event::Backup),
        1 => Just(Event::Restore),
        2 => Just(Event::Swap),
    ]
}

/// Boxes that share one identity (usually one of them), the link of the one that is connected, the hub.
pub(super) struct World {
    pub(super) site: SiteId,
    pub(super) boxes: Vec<Box>,
    pub(super) talking: usize,
    pub(super) link: Vec<Message>,
    pub(super) hub: Hub,
}

impl World {
    pub(super) fn new(boxes: Vec<Box>, bugs: Bugs) -> Self {
        let mut world = Self { site: "a".parse().unwrap(), boxes, talking: 0, link: Vec::new(), hub: Hub::new(bugs) };
        world.connect();
        world
    }

    pub(super) fn speaker(&mut self) -> &mut Box {
        &mut self.boxes[self.talking]
    }

    pub(super) fn connect(&mut self) {
        self.link.clear();
        let hello = self.speaker().hello();
        self.link.push(Message::Hello(hello));
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Produce(count) => (0..*count).for_each(|_| self.speaker().produce()),
            Event::Send(size) => {
                let batch = self.speaker().batch(*size);
                self.link.extend(batch.map(|bytes| Message::Batch(bytes.into())));
            }
            Event::Deliver => self.deliver(),
            Event::Lose => drop(self.link.pop()),
            Event::Duplicate => self.link.extend_from_within(..self.link.len().min(1)),
            // A hello opens its connection, and nothing overtakes it.
            Event::Reorder => {
                let begin = self.link.iter().rposition(|message| matches!(message, Message::Hello(_)));
                self.link[begin.map_or(0, |at| at + 1)..].reverse();
            }
            Event::Commit { failures, is_receipt_lost } => {
                let answers = self.hub.commit(*failures);
                if !is_receipt_lost {
                    self.answer(&answers);
                }
            }
            Event::GoBack => self.go_back(),
            Event::Reconnect => self.connect(),
            Event::RestartBox => {
                self.speaker().instance += 1;
                self.connect();
            }
            Event::DropOldest => self.speaker().drop_oldest(),
            Event::RestartHub => {
                self.hub.start_again();
                self.connect();
            }
            Event::Backup => self.hub.backup = Some(self.hub.store.snapshot()),
            Event::Restore => {
                if let Some(backup) = self.hub.backup.clone() {
                    self.hub.store.restore(backup);
                    self.hub.start_again();
                    self.connect();
                }
            }
            Event::Swap => {
                if self.boxes.len() > 1 {
                    // What the hub has for the box that is cut off does not reach the other one.
                    self.hub.commit(0);
                    self.talking = (self.talking + 1) % self.boxes.len();
                    self.connect();
                }
            }
        }
    }

    /// No progress for a while: send again from the last receipt, or say hello again.
    pub(super) fn go_back(&mut self) {
        if self.speaker().is_open {
            let first = self.speaker().first();
            self.speaker().next = first;
        } else {
            self.connect();
        }
    }

    pub(super) fn deliver(&mut self) {
        if !self.link.is_empty() {
            let message = self.link.remove(0);
            self.hub.on_message(&self.site, &message);
        }
    }

    pub(super) fn answer(&mut self, answers: &[Answer]) {
        for answer in answers {
            let renews = matches!(answer, Answer::Renew { .. });
            self.speaker().on_answer(answer);
            if renews {
                self.connect();
            }
        }
    }

    /// No more faults: every box in turn gets rid of what it has. Nothing but the protocol's own means is used.
    pub(super) fn settle(&mut self) -> Result<(), TestCaseError> {
        for talking in 0..self.boxes.len() {
            self.talking = talking;
            self.connect();
            for round in 0.. {
                prop_assert!(round < 200, "the stream does not settle");
                while !self.link.is_empty() {
                    self.deliver();
                }
                let answers = self.hub.commit(0);
                self.answer(&answers);
                if self.speaker().records.is_empty() && self.link.is_empty() {
                    break;
                }
                self.go_back();
                while let Some(batch) = self.speaker().batch(3) {
                    self.link.push(Message::Batch(batch.into()));
                }
            }
        }
        Ok(())
    }

    pub(super) fn stored(&self) -> Vec<(QueueId, u64, Bytes)> {
        let queues = now(self.hub.store.queues());
        let records = queues.iter().flat_map(|queue| {
            now(self.hub.store.records(&self.site, queue.queue, 0, usize::MAX))
                .into_iter()
                .map(|record| (record.queue, record.seq, record.bytes))
        });
        records.collect()
    }
}
