//! Whether there is room for what comes, in numbers.

use std::io;
use std::path::Path;

use anyhow::{Context as _, ensure};
use vigie_shared::units::bytes_text;

/// What stays free whatever comes: the queue and everybody else need room too.
pub const SPARE_BYTES: u64 = 64 << 20;

/// Bytes that are free on the file system of this path, or of the nearest folder above it that exists.
///
/// # Errors
///
/// Those of the file system.
#[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let existing = path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
    let volume = nix::sys::statvfs::statvfs(existing)?;
    Ok(u64::from(volume.blocks_available()).saturating_mul(u64::from(volume.fragment_size())))
}

/// Checks that so many bytes find room.
///
/// # Errors
///
/// Says how many are needed and how many there are.
pub fn ensure_room(path: &Path, needed_bytes: u64) -> anyhow::Result<()> {
    let free = free_bytes(path).with_context(|| format!("ask how full the disk of {} is", path.display()))?;
    ensure!(
        free >= needed_bytes.saturating_add(SPARE_BYTES),
        "{} needs {needed_bytes} bytes and {} must stay free, but only {free} bytes are",
        path.display(),
        bytes_text(SPARE_BYTES),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_too_small_is_said_in_numbers() {
        let folder = tempfile::tempdir().unwrap();
        ensure_room(folder.path(), 0).unwrap();
        let error = ensure_room(&folder.path().join("not/yet/there"), 1 << 60).unwrap_err().to_string();
        assert!(error.contains("1152921504606846976 bytes") && error.contains("64MiB"), "{error}");
    }
}
