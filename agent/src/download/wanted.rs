//! What a download must be, and why it is none; sizes and disks in words.

use std::io::ErrorKind;
use std::path::Path;

use vigie_shared::units::bytes_text;

use super::partial::Partial;
use super::reply::Expected;
use super::source::Source;
use crate::digest::Sha256;
use crate::space::free_bytes;

/// What to fetch, and what must hold of it.
pub struct Wanted {
    /// Whence.
    pub source: Source,
    /// The owner's limit, bytes.
    pub size_bytes_max: u64,
    /// The size that the command names.
    pub size_bytes: Option<u64>,
    /// The hash that the command names.
    pub sha256: Option<Sha256>,
    /// Space that is left to others, bytes.
    pub free_bytes_min: u64,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its hash.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
}

/// Why nothing was fetched; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It will never work like this; what has arrived is worthless.
    #[error("{0}")]
    Never(String),
    /// The link was too bad; what has arrived is worth keeping.
    #[error("{0}")]
    Link(String),
}

impl Wanted {
    /// Whether so many more bytes fit on the disk on which this folder lies.
    ///
    /// # Errors
    ///
    /// A sentence with the numbers.
    pub fn has_room(&self, disk: &Path, missing_bytes: u64) -> Result<(), String> {
        let free = free_bytes(disk).map_err(|error| format!("the free space cannot be asked: {error}"))?;
        if missing_bytes.saturating_add(self.free_bytes_min) <= free {
            return Ok(());
        }
        let texts = [missing_bytes, free, self.free_bytes_min].map(human);
        Err(format!(
            "the disk has no room: {} more are needed, {} are free, {} of these stay free for others; delete something first",
            texts[0], texts[1], texts[2]
        ))
    }

    pub(super) fn expected(&self, offset: u64) -> Expected {
        Expected { size_bytes_max: self.size_bytes_max, size_bytes: self.size_bytes, offset }
    }

    pub(super) async fn check(&self, partial: &mut Partial) -> Result<Fetched, FetchError> {
        self.expected(0).is_size(partial.size_bytes()).map_err(FetchError::Never)?;
        let sha256 = partial.finish().await.map_err(|error| FetchError::Never(format!("the disk failed: {error}")))?;
        match self.sha256 {
            Some(wanted) if wanted != sha256 => Err(FetchError::Never(
                "what came has another SHA-256 than the command says: it is damaged or another file".to_owned(),
            )),
            _ => Ok(Fetched { sha256, size_bytes: partial.size_bytes() }),
        }
    }
}

/// Why the disk did not take it.
pub(super) fn disk(error: &std::io::Error, disk: &Path) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let free = free_bytes(disk).map_or_else(|_| "unknown".to_owned(), human);
            format!("the disk is full ({free} free); what had come was removed, delete something first")
        }
        _ => format!("the disk failed: {error}"),
    }
}

/// A size for people: exact when it is round, else with one decimal.
#[must_use]
pub fn human(bytes: u64) -> String {
    let exact = bytes_text(bytes);
    if exact.len() <= 7 { exact } else { bytesize_text(bytes) }
}

fn bytesize_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units.get(unit).copied().unwrap_or("B"))
}
