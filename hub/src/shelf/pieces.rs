//! Contents that come in pieces: a part file per hash, which outlives restarts, so that sending goes on where it broke.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use ring::digest::{Context as Digest, SHA256};
use vigie_shared::file::sync_folder;
use vigie_shared::id::to_hex;

use super::{Sha256, Shelf, ShelfError};

/// Largest piece, bytes.
pub const PIECE_BYTES_MAX: usize = 8 << 20;

/// What the name of an unfinished content ends with.
const PART: &str = ".part";

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;

impl Shelf {
    /// Takes a piece of a content; returns how many bytes are here. A piece at 0 begins anew. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`ShelfError::Gap`], [`ShelfError::TooLarge`], [`ShelfError::Full`] and those of the disk.
    pub fn take(&self, sha256: &Sha256, offset: u64, piece: &[u8]) -> Result<u64, ShelfError> {
        if offset == 0 {
            self.forget_pieces(sha256)?;
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(self.part(sha256))?;
        let have = file.metadata()?.len();
        if have != offset {
            return Err(ShelfError::Gap { have, offset });
        }
        let count = piece.len() as u64;
        let now = have.saturating_add(count);
        if now > self.config.file_size_max {
            return Err(ShelfError::TooLarge(self.config.file_size_max));
        }
        if self.used_bytes.fetch_add(count, Ordering::Relaxed).saturating_add(count) > self.config.quota {
            self.used_bytes.fetch_sub(count, Ordering::Relaxed);
            return Err(ShelfError::Full(self.config.quota));
        }
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(piece)?;
        Ok(now)
    }

    /// Keeps the pieces that came as a whole, if they have the hash that was named; returns the size. What is here
    /// already stays. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`ShelfError::Empty`], [`ShelfError::OtherContent`], which leaves the pieces so that the rest can follow, and
    /// those of the disk.
    pub fn finish(&self, sha256: &Sha256) -> Result<u64, ShelfError> {
        if let Some((_, size_bytes)) = self.content(sha256)? {
            self.forget_pieces(sha256)?;
            return Ok(size_bytes);
        }
        let part = self.part(sha256);
        let (size_bytes, found) = match fingerprint(&part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ShelfError::Empty),
            found => found?,
        };
        if found != to_hex(sha256) {
            return Err(ShelfError::OtherContent(found));
        }
        File::open(&part)?.sync_all()?;
        std::fs::rename(&part, self.path(sha256))?;
        sync_folder(&self.folder)?;
        Ok(size_bytes)
    }

    /// Removes what was begun of a content.
    pub(super) fn forget_pieces(&self, sha256: &Sha256) -> io::Result<()> {
        let part = self.part(sha256);
        let size_bytes = match std::fs::metadata(&part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            about => about?.len(),
        };
        std::fs::remove_file(part)?;
        self.used_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
        Ok(())
    }

    fn part(&self, sha256: &Sha256) -> PathBuf {
        self.folder.join(format!("{}{PART}", to_hex(sha256)))
    }
}

fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut digest, mut size_bytes) = (Digest::new(&SHA256), 0);
    let mut block = vec![0_u8; BLOCK_BYTES];
    loop {
        let count = file.read(&mut block)?;
        let Some(part) = block.get(..count).filter(|part| !part.is_empty()) else { break };
        size_bytes += part.len() as u64;
        digest.update(part);
    }
    Ok((size_bytes, to_hex(digest.finish().as_ref())))
}

#[cfg(test)]
mod tests {
    use vigie_shared::blob::BlobRef;
    use vigie_shared::id::from_hex;

    use super::super::ShelfConfig;
    use super::*;

    fn hash(content: &[u8]) -> Sha256 {
        from_hex(&BlobRef::of(content).sha256).unwrap().try_into().unwrap()
    }

    fn shelf(quota: u64) -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().join("packages"), ShelfConfig { quota, file_size_max: 10 }).unwrap();
        (folder, shelf)
    }

    #[test]
    fn pieces_become_a_content_once_they_are_what_was_named() {
        let (_folder, shelf) = shelf(100);
        let name = hash(b"content");
        assert!(matches!(shelf.finish(&name), Err(ShelfError::Empty)));
        assert_eq!(shelf.take(&name, 0, b"cont").unwrap(), 4);
        assert!(matches!(shelf.take(&name, 5, b"nt"), Err(ShelfError::Gap { have: 4, offset: 5 })));
        assert!(matches!(shelf.finish(&name), Err(ShelfError::OtherContent(_))));
        assert!(shelf.content(&name).unwrap().is_none());

        let again = Shelf::open(shelf.folder.clone(), shelf.config.clone()).unwrap();
        assert_eq!(again.take(&name, 4, b"ent").unwrap(), 7, "sending goes on after a restart");
        assert_eq!(again.finish(&name).unwrap(), 7);
        let mut text = String::new();
        again.content(&name).unwrap().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), again.room().0), ("content", 7));
        assert_eq!(again.finish(&name).unwrap(), 7, "finishing twice is harmless");
        assert!(again.remove(&name).unwrap() && !again.remove(&name).unwrap());
        assert_eq!(again.room().0, 0);
    }

    #[test]
    fn what_is_begun_anew_or_given_up_takes_no_room() {
        let (_folder, shelf) = shelf(12);
        let (one, other) = (hash(b"one"), hash(b"other"));
        for _ in 0..3 {
            shelf.take(&one, 0, &[1; 8]).unwrap();
        }
        assert_eq!(shelf.room().0, 8);
        assert!(matches!(shelf.take(&one, 8, &[1; 3]), Err(ShelfError::TooLarge(10))));
        assert!(matches!(shelf.take(&other, 0, &[1; 5]), Err(ShelfError::Full(12))));
        assert!(!shelf.remove(&one).unwrap());
        assert_eq!(shelf.room().0, 0);
    }
}
