//! The volume under the lanes: its free space, and the ballast that is thrown overboard when it is full.
//!
//! Opening a lane on a full disk fails, and removing records frees nothing. A file of a few megabytes that
//! nobody needs is the way out: it is removed, the lane opens again, and the file comes back when there is room.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::quota::Free;

/// Size of the ballast, bytes: room for three lanes to open and to write some segments.
pub const BALLAST_BYTES: u64 = 2 << 20;

/// What a keeper asks of the disk.
pub trait Volume: Send + Sync {
    /// What is still free.
    ///
    /// # Errors
    ///
    /// If the file system cannot be asked.
    fn free(&self) -> io::Result<Free>;

    /// Throws the ballast overboard; false if there was none.
    fn drop_ballast(&self) -> bool;

    /// Takes ballast on again if it is missing and there is room beyond `spare_bytes`.
    fn take_ballast(&self, spare_bytes: u64);
}

/// The file system that holds a folder.
pub struct DiskVolume {
    folder: PathBuf,
    turn: Mutex<()>,
}

impl DiskVolume {
    /// Takes the volume under a folder, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), turn: Mutex::new(()) })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Volume for DiskVolume {
    #[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
    fn free(&self) -> io::Result<Free> {
        let volume = nix::sys::statvfs::statvfs(&self.folder)?;
        let bytes = u64::from(volume.blocks_available()).saturating_mul(u64::from(volume.fragment_size()));
        let counts_inodes = volume.files() > 0;
        let inodes = if counts_inodes { u64::from(volume.files_available()) } else { u64::MAX };
        Ok(Free { bytes, inodes })
    }

    fn drop_ballast(&self) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        fs::remove_file(self.ballast()).is_ok()
    }

    fn take_ballast(&self, spare_bytes: u64) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = self.free().is_ok_and(|free| free.bytes > BALLAST_BYTES.saturating_add(spare_bytes));
        let has_ballast = fs::metadata(self.ballast()).is_ok_and(|file| file.len() == BALLAST_BYTES);
        if has_room && !has_ballast && write_ballast(&self.ballast()).is_err() {
            // Half a ballast only takes the space that others need.
            let _was_there = fs::remove_file(self.ballast()).is_ok();
        }
    }
}

/// Real blocks, not a hole: noise, so that no file system compresses it away.
fn write_ballast(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = Vec::with_capacity(4096);
    for _ in 0..BALLAST_BYTES / 4096 {
        block.clear();
        while block.len() < 4096 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            block.extend_from_slice(&noise.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballast_takes_real_space_and_gives_it_back() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let volume = DiskVolume::new(folder.path()).unwrap();

        volume.take_ballast(0);
        assert!(fs::metadata(volume.ballast()).unwrap().blocks() * 512 >= BALLAST_BYTES);

        assert!(volume.drop_ballast());
        assert!(!volume.drop_ballast());
    }

    #[test]
    fn there_is_no_ballast_without_room_to_spare() {
        let folder = tempfile::tempdir().unwrap();
        let volume = DiskVolume::new(folder.path()).unwrap();

        volume.take_ballast(u64::MAX);

        assert!(!volume.drop_ballast());
    }
}
