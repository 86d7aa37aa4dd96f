//! The export: every waiting record, sealed for the hub, piece by piece to wherever the pieces go.
//!
//! The records travel in the batches that the box would send. Where a position is damaged, the next batch says that
//! nothing before it exists any more, as a connection would.

use std::io;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use vigie_shared::export::{Author, Sheet, Writer};
use vigie_shared::wire::delivery::MESSAGE_BYTES_MAX;
use vigie_shared::wire::{Batch, Below, Lane};

use super::{Journal, Slice, Walk};

/// Room that a message keeps for what goes around its records, bytes.
const BATCH_OVERHEAD_BYTES: usize = 128;

/// What one record adds to a batch beside its own bytes, at most.
const RECORD_OVERHEAD_BYTES: usize = 3;

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Records in the file.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
}

/// A part of the file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Records done once it is written.
    pub done: u64,
    /// Records in all.
    pub total: u64,
}

/// Where the pieces of a file go.
#[async_trait]
pub trait Pieces: Send {
    /// Takes the next one.
    ///
    /// # Errors
    ///
    /// Words on why it could not be taken; the export ends then.
    async fn take(&mut self, piece: Piece) -> anyhow::Result<()>;
}

/// Hands every waiting record over, sealed; the queue keeps them.
///
/// # Errors
///
/// If a lane cannot be read, the box cannot sign, or a piece is not taken.
pub async fn export(journal: &Journal, author: Author<'_>, pieces: &mut dyn Pieces) -> anyhow::Result<Exported> {
    let mut walk = Walk::new(journal).await?;
    let made_ms = journal.clock().wall_ms();
    let (begin, writer) = Writer::begin(author, made_ms, crate::VERSION)?;
    let mut file = File { writer, pieces, records: 0, bytes: 0 };
    file.write(begin, 0, walk.total).await?;
    file.sheet(&Sheet::Lanes(walk.lanes.clone()), &walk).await?;
    let mut end: Option<(Lane, u64)> = None;
    while let Some(found) = walk.next(journal).await? {
        let Some(slice) = found.slice else { continue };
        let expected =
            end.filter(|(lane, _)| *lane == found.lane).map_or(walk.first_of(found.lane), |(_, end)| end + 1);
        let (mut rest, mut start) = (&slice.records[..], slice.start);
        while !rest.is_empty() {
            let (fitting, behind) = rest.split_at(fitting(rest));
            let batch = batch(&slice, fitting, start, expected);
            file.records += fitting.len() as u64;
            file.sheet(&Sheet::Records { lane: found.lane, batch: Bytes::new(&batch.encode()) }, &walk).await?;
            start += fitting.len() as u64;
            rest = behind;
        }
        end = Some((found.lane, start - 1));
    }
    let records = file.records;
    file.sheet(&Sheet::End { records }, &walk).await?;
    Ok(Exported { records, bytes: file.bytes })
}

/// How many records from the first on a message holds: one at least.
fn fitting(records: &[Vec<u8>]) -> usize {
    let mut left = MESSAGE_BYTES_MAX - BATCH_OVERHEAD_BYTES;
    let fits = |record: &&Vec<u8>| {
        let cost = record.len() + RECORD_OVERHEAD_BYTES;
        let fits = cost <= left;
        left = left.saturating_sub(cost);
        fits
    };
    records.iter().take_while(fits).count().max(1)
}

/// The batch of these records, which begin at `start`; a hole before them is what the slice says, or damage.
fn batch<'a>(slice: &Slice, records: &'a [Vec<u8>], start: u64, expected: u64) -> Batch<'a> {
    let is_behind_damage = slice.start > expected && slice.first < slice.start;
    let (first, below) = if is_behind_damage { (slice.start, Below::Damaged) } else { (slice.first, slice.below) };
    let records = records.iter().map(|record| Bytes::new(record)).collect();
    Batch { queue: slice.queue, first, below, start, records }
}

/// A file being made.
struct File<'a> {
    writer: Writer,
    pieces: &'a mut dyn Pieces,
    records: u64,
    bytes: u64,
}

impl File<'_> {
    async fn sheet(&mut self, sheet: &Sheet<'_>, walk: &Walk) -> anyhow::Result<()> {
        let bytes = self.writer.sheet(sheet).context("seal the export")?;
        self.write(bytes, walk.done, walk.total).await
    }

    async fn write(&mut self, bytes: Vec<u8>, done: u64, total: u64) -> anyhow::Result<()> {
        self.bytes += bytes.len() as u64;
        self.pieces.take(Piece { bytes, done, total }).await
    }
}

/// Pieces in memory, for whoever wants them together.
#[async_trait]
impl Pieces for Vec<u8> {
    async fn take(&mut self, piece: Piece) -> anyhow::Result<()> {
        io::Write::write_all(self, &piece.bytes).context("keep a piece")
    }
}

#[cfg(test)]
mod tests {
    use vigie_shared::id::QueueId;

    use super::*;

    /// What a batch says lies below it.
    fn below(first: u64, start: u64, expected: u64) -> (u64, Below) {
        let records = vec![vec![0; 8]];
        let slice = Slice { queue: QueueId([1; 16]), first, below: Below::Dropped, start, records };
        let batch = batch(&slice, &slice.records, start, expected);
        (batch.first, batch.below)
    }

    #[test]
    fn a_hole_before_a_batch_is_named_as_what_it_is() {
        assert_eq!(below(3, 7, 7), (3, Below::Dropped), "no hole: what the lane says");
        assert_eq!(below(3, 9, 7), (9, Below::Damaged), "the lane still has what lies before, and this cannot be read");
        assert_eq!(below(9, 9, 7), (9, Below::Dropped), "given up or receipted while the export ran");
    }

    #[test]
    fn a_message_holds_as_many_records_as_fit_and_one_at_least() {
        let records = vec![vec![0; 10_000]; 5];
        assert_eq!(fitting(&records), 3);
        assert_eq!(fitting(&[vec![0; MESSAGE_BYTES_MAX]]), 1);
    }
}
