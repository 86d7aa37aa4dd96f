//! Counters: every decision of the ingest, for `/metrics` and for tests.

use serde::Serialize;

/// How often each decision was made since the hub started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Hellos understood.
    pub hellos: u64,
    /// Hellos that came again or after a newer one of the same agent: receipted, not judged.
    pub late_hellos: u64,
    /// Batches understood.
    pub batches: u64,
    /// New records taken.
    pub records: u64,
    /// Records that were held already.
    pub duplicates: u64,
    /// Batches that began beyond the next position.
    pub holes: u64,
    /// Gaps written down.
    pub gaps: u64,
    /// Positions in those gaps.
    pub lost_positions: u64,
    /// Queues heard of for the first time.
    pub queues: u64,
    /// Queues not taken because their site has had too many.
    pub refused_queues: u64,
    /// Times that a box was found to send another stream under a known queue id.
    pub disputes: u64,
    /// Records that the store was asked about.
    pub checks: u64,
    /// Messages whose checksum does not match.
    pub damaged: u64,
    /// Messages of a version that this hub does not know.
    pub unknown_messages: u64,
    /// Messages whose body or numbers make no sense.
    pub malformed: u64,
    /// Messages on topics that no box uses.
    pub foreign: u64,
    /// Groups committed.
    pub commits: u64,
    /// Commits that failed and were tried again.
    pub failed_commits: u64,
    /// Receipts sent.
    pub receipts: u64,
}
