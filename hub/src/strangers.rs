//! Connections of callers that have proved nothing yet.
//!
//! An honest one is done within moments; so when there are too many, the one that has been here longest goes.
//! Whoever fills the room with silence only hurts himself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

pub(crate) struct Strangers {
    room: Mutex<Room>,
    count_max: usize,
}

#[derive(Default)]
struct Room {
    next: u64,
    inside: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place in the room, left when dropped.
pub(crate) struct Place {
    number: u64,
    owner: Arc<Strangers>,
}

impl Strangers {
    pub(crate) fn new(count_max: usize) -> Self {
        Self { room: Mutex::default(), count_max: count_max.max(1) }
    }

    /// Takes a place; the receiver ends when somebody else needs it.
    pub(crate) fn enter(self: &Arc<Self>) -> (Place, oneshot::Receiver<()>) {
        let (evict, evicted) = oneshot::channel();
        let mut room = self.room();
        if room.inside.len() >= self.count_max {
            // Dropping the sender wakes the oldest.
            drop(room.inside.pop_first());
        }
        room.next += 1;
        let number = room.next;
        room.inside.insert(number, evict);
        (Place { number, owner: Arc::clone(self) }, evicted)
    }

    pub(crate) fn count(&self) -> usize {
        self.room().inside.len()
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.owner.room().inside.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_the_room_is_full_and_a_place_that_is_left_is_free() {
        let strangers = Arc::new(Strangers::new(2));
        let (first, mut first_out) = strangers.enter();
        let (second, mut second_out) = strangers.enter();
        assert!(first_out.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        let (_third, _third_out) = strangers.enter();
        assert!(first_out.try_recv() == Err(oneshot::error::TryRecvError::Closed));
        assert!(second_out.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        drop((first, second));
        assert_eq!(strangers.count(), 1);
    }
}
