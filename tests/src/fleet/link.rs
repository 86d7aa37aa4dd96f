//! The way between one box and the hub. Messages arrive one step after they were sent, in order.

use std::collections::VecDeque;

use bytes::Bytes;
use vigie_shared::wire::{Answer, Up};

/// A message on its way to the hub.
#[derive(Debug, Clone)]
pub(super) struct UpMessage {
    pub(super) up: Up,
    pub(super) payload: Bytes,
}

/// Both directions. What is on its way to the hub when the cable is pulled may still arrive, since a broker may
/// have it; what is on its way to the box is gone.
#[derive(Default)]
pub(super) struct Link {
    up: VecDeque<UpMessage>,
    down: VecDeque<Answer>,
    is_connected: bool,
    pub(super) lose_up: usize,
    pub(super) lose_down: usize,
}

impl Link {
    pub(super) fn connect(&mut self) {
        self.is_connected = true;
    }

    pub(super) fn cut(&mut self) {
        self.is_connected = false;
        self.down.clear();
    }

    /// From here on nothing is lost.
    pub(super) fn mend(&mut self) {
        self.lose_up = 0;
        self.lose_down = 0;
    }

    pub(super) fn send_up(&mut self, message: UpMessage) {
        if !lose(&mut self.lose_up) {
            self.up.push_back(message);
        }
    }

    pub(super) fn send_down(&mut self, answer: Answer) {
        if self.is_connected && !lose(&mut self.lose_down) {
            self.down.push_back(answer);
        }
    }

    pub(super) fn repeat_up(&mut self) {
        let again: Vec<UpMessage> = self.up.iter().cloned().collect();
        self.up.extend(again);
    }

    pub(super) fn take_up(&mut self) -> Vec<UpMessage> {
        self.up.drain(..).collect()
    }

    pub(super) fn take_down(&mut self) -> Vec<Answer> {
        self.down.drain(..).collect()
    }
}

fn lose(left: &mut usize) -> bool {
    let is_lost = *left > 0;
    *left = left.saturating_sub(1);
    is_lost
}
