//! The hub under test: the core and a store that fails and is restored, with bugs that can be planted.

use std::sync::Arc;

use bytes::Bytes;
use vigie_shared::id::SiteId;
use vigie_shared::wire::{Answer, Hello};

use super::LANE;
use crate::ingest::{Check, Ingest};
use crate::store::memory::State;
use crate::store::{Facts, Memory};

/// The hub: the core and its store. Commits happen when told.
pub(super) struct Hub {
    pub(super) ingest: Ingest,
    pub(super) store: Arc<Memory>,
    pub(super) backup: Option<State>,
    pub(super) bugs: Bugs,
}

/// Bugs that can be planted, to see that the laws notice them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Bugs {
    /// Answers go out although the commit failed.
    pub(super) receipts_without_commit: bool,
    /// A group whose commit failed is forgotten.
    pub(super) forgets_failed_group: bool,
    /// The store loses the last record of each arrival.
    pub(super) loses_a_record: bool,
    /// Positions below `first` are not written down.
    pub(super) no_gaps: bool,
}

impl Hub {
    pub(super) fn new(bugs: Bugs) -> Self {
        Self { ingest: Ingest::default(), store: Arc::default(), backup: None, bugs }
    }

    pub(super) fn start_again(&mut self) {
        self.ingest = Ingest::new(now(self.store.queues()));
    }

    pub(super) fn on_message(&mut self, site: &SiteId, message: &Message) {
        loop {
            let check = match message {
                Message::Hello(bytes) => self.ingest.on_hello(site, &Hello::decode(bytes).unwrap(), 0),
                Message::Batch(bytes) => self.ingest.on_batch(site, LANE, bytes, 0),
            };
            let Some(check) = check else { return };
            let Check { site, queue, seq } = &check;
            let held = now(self.store.record_crc(site, *queue, *seq));
            self.ingest.on_checked(&check, held);
        }
    }

    /// Commits what was collected; a failing store is tried again at once, as the driver would later.
    pub(super) fn commit(&mut self, failures: usize) -> Vec<Answer> {
        let Some(group) = self.ingest.take_group(0) else { return Vec::new() };
        let mut commit = (*group.commit).clone();
        if self.bugs.loses_a_record {
            commit.arrivals.iter_mut().for_each(|arrival| drop(arrival.records.pop()));
        }
        if self.bugs.no_gaps {
            commit.gaps.clear();
        }
        self.store.fail(failures > 0);
        let commit = Arc::new(commit);
        let failed = block_on(self.store.commit(Arc::clone(&commit))).is_err();
        self.store.fail(false);
        if failed && !self.bugs.receipts_without_commit && !self.bugs.forgets_failed_group {
            now(self.store.commit(commit));
        }
        if failed && self.bugs.forgets_failed_group {
            return Vec::new();
        }
        self.ingest.committed(group, 0).into_iter().map(|(_, answer)| answer).collect()
    }
}

/// What a box sends.
#[derive(Clone)]
pub(super) enum Message {
    Hello(Vec<u8>),
    Batch(Bytes),
}

pub(super) fn now<T, E: std::fmt::Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    block_on(future).unwrap()
}

/// The store in memory never waits.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("the store in memory answers at once")
}
