//! The file of an export: items, each `[length u32, little endian][frame]`.
//!
//! First a header, then every waiting record with its lane, queue id and position, last an end that counts them.
//! [`read_export`] reads it back and says whether it is whole.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use vigie_shared::id::QueueId;
use vigie_shared::wire::{Lane, LaneHello, frame};

/// Longest item, bytes.
const ITEM_BYTES_MAX: u32 = 64 << 10;

/// One item of an export: version 1, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportItem {
    /// Comes first.
    Header {
        /// The program version that wrote the file.
        version: String,
        /// What the lanes held.
        lanes: Vec<LaneHello>,
    },
    /// One waiting record.
    Record {
        /// Its lane.
        lane: Lane,
        /// Its queue.
        queue: QueueId,
        /// Its position.
        position: u64,
        /// Its bytes, as they are stored and sent.
        bytes: Vec<u8>,
    },
    /// Comes last.
    End {
        /// Records in the file.
        records: u64,
    },
}

/// Reads an export back, item by item.
///
/// # Errors
///
/// If the file cannot be opened. Each item is an error if it is damaged, or if the file ends before its end.
pub fn read_export(file: &Path) -> io::Result<impl Iterator<Item = anyhow::Result<ExportItem>>> {
    let mut input = BufReader::new(File::open(file)?);
    let mut is_over = false;
    Ok(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let item = read_item(&mut input);
        is_over = !matches!(item, Ok(ExportItem::Header { .. } | ExportItem::Record { .. }));
        Some(item)
    }))
}

pub(super) fn write_item(output: &mut impl io::Write, item: &ExportItem) -> anyhow::Result<()> {
    let bytes = frame::seal(1, item);
    let length = u32::try_from(bytes.len()).context("an item of the export is too large")?;
    output.write_all(&length.to_le_bytes()).and_then(|()| output.write_all(&bytes)).context("write the export")
}

fn read_item(input: &mut impl io::Read) -> anyhow::Result<ExportItem> {
    let mut length = [0; 4];
    input.read_exact(&mut length).context("the export is cut off: its end is missing")?;
    let length = u32::from_le_bytes(length);
    anyhow::ensure!(length <= ITEM_BYTES_MAX, "the export is damaged: an item of {length} bytes");
    let mut bytes = Vec::new();
    input.take(u64::from(length)).read_to_end(&mut bytes).context("read the export")?;
    frame::open(&bytes).context("read an item of the export")
}
