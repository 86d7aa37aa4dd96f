//! A shelf: files that boxes may fetch, kept by hash below one folder. Media lie on one, packages on another.
//!
//! A content is whole and right, or not there: it grows under a passing name, is synced, and gets its hash for a name.
//! It comes in one stream ([`Growing`]), or in pieces that go on where they broke ([`Shelf::take`]). The same content is
//! kept once. The quota holds for all together, what is growing included.

mod config;
mod pieces;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{Context as Digest, SHA256};
use tokio::io::AsyncWriteExt as _;
use vigie_shared::file::sync_folder;
use vigie_shared::id::to_hex;
use vigie_shared::units::bytes_text;

pub use config::ShelfConfig;
pub use pieces::PIECE_BYTES_MAX;

/// A SHA-256.
pub type Sha256 = [u8; 32];

/// What the name of a growing content ends with.
const GROWING: &str = ".growing";

/// Where contents lie.
#[derive(Clone)]
pub struct Shelf {
    folder: PathBuf,
    config: ShelfConfig,
    /// Bytes of everything on the shelf, what grows included.
    used_bytes: Arc<AtomicU64>,
    /// Numbers the passing names.
    next: Arc<AtomicU64>,
}

/// Why a content was not kept; for people.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// It is larger than one may be.
    #[error("it is larger than {}, the largest that this hub takes (`file_size_max`); nothing was kept", bytes_text(*.0))]
    TooLarge(u64),
    /// There is no room.
    #[error("all that lies there together would be larger than {} (`quota`); nothing was kept, remove some first", bytes_text(*.0))]
    Full(u64),
    /// It has no content.
    #[error("it is empty; nothing was kept")]
    Empty,
    /// A piece does not follow what is there.
    #[error("{have} bytes are here, the piece begins at {offset}; go on at {have}")]
    Gap {
        /// What is there.
        have: u64,
        /// Where the piece begins.
        offset: u64,
    },
    /// It is not what its sender said.
    #[error("what came has the SHA-256 {0}, not the one that was named; nothing was kept, send it again")]
    OtherContent(String),
    /// The disk does not work.
    #[error("it could not be kept; nothing is half there")]
    Disk(#[from] io::Error),
}

/// A content that grows. Dropping it removes it.
pub struct Growing {
    shelf: Shelf,
    path: PathBuf,
    file: tokio::fs::File,
    digest: Digest,
    size_bytes: u64,
    is_kept: bool,
}

impl Shelf {
    /// Opens the shelf in this folder, which is made if it is missing, and removes what a crash left growing.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(folder: PathBuf, config: ShelfConfig) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let mut used_bytes = 0;
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(GROWING) {
                std::fs::remove_file(entry.path())?;
            } else {
                used_bytes += entry.metadata()?.len();
            }
        }
        Ok(Self { folder, config, used_bytes: Arc::new(AtomicU64::new(used_bytes)), next: Arc::default() })
    }

    /// Bytes of the largest content that it takes.
    #[must_use]
    pub fn file_size_max(&self) -> u64 {
        self.config.file_size_max
    }

    /// Begins a content.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn begin(&self) -> io::Result<Growing> {
        let path = self.folder.join(format!("{}{GROWING}", self.next.fetch_add(1, Ordering::Relaxed)));
        let file = tokio::fs::File::create_new(&path).await?;
        let digest = Digest::new(&SHA256);
        Ok(Growing { shelf: self.clone(), path, file, digest, size_bytes: 0, is_kept: false })
    }

    /// The file of a content, and its size; none if it is not here.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn content(&self, sha256: &Sha256) -> io::Result<Option<(File, u64)>> {
        match File::open(self.path(sha256)) {
            Ok(file) => {
                let size_bytes = file.metadata()?.len();
                Ok(Some((file, size_bytes)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a content and what was begun of it; who is reading it reads on. False if it is not here.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn remove(&self, sha256: &Sha256) -> io::Result<bool> {
        self.forget_pieces(sha256)?;
        let Some((_, size_bytes)) = self.content(sha256)? else { return Ok(false) };
        std::fs::remove_file(self.path(sha256))?;
        self.used_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
        sync_folder(&self.folder)?;
        Ok(true)
    }

    /// Bytes of everything on the shelf, and the most that may be.
    #[must_use]
    pub fn room(&self) -> (u64, u64) {
        (self.used_bytes.load(Ordering::Relaxed), self.config.quota)
    }

    fn path(&self, sha256: &Sha256) -> PathBuf {
        self.folder.join(to_hex(sha256))
    }
}

impl Growing {
    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// [`ShelfError::TooLarge`], [`ShelfError::Full`] and those of the disk.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), ShelfError> {
        let (count, config) = (bytes.len() as u64, &self.shelf.config);
        if self.size_bytes.saturating_add(count) > config.file_size_max {
            return Err(ShelfError::TooLarge(config.file_size_max));
        }
        self.size_bytes += count;
        if self.shelf.used_bytes.fetch_add(count, Ordering::Relaxed).saturating_add(count) > config.quota {
            return Err(ShelfError::Full(config.quota));
        }
        self.digest.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }

    /// Keeps the whole under its hash; the hash and the size. Content that is here already is not kept twice.
    ///
    /// # Errors
    ///
    /// [`ShelfError::Empty`], [`ShelfError::OtherContent`] if `named` is another hash, and those of the disk.
    pub async fn keep(mut self, named: Option<Sha256>) -> Result<(Sha256, u64), ShelfError> {
        if self.size_bytes == 0 {
            return Err(ShelfError::Empty);
        }
        self.file.flush().await?;
        self.file.sync_all().await?;
        let mut sha256 = [0; 32];
        sha256.iter_mut().zip(self.digest.clone().finish().as_ref()).for_each(|(to, from)| *to = *from);
        if named.is_some_and(|named| named != sha256) {
            return Err(ShelfError::OtherContent(to_hex(&sha256)));
        }
        let target = self.shelf.path(&sha256);
        if !Path::new(&target).exists() {
            tokio::fs::rename(&self.path, &target).await?;
            self.is_kept = true;
            let folder = self.shelf.folder.clone();
            tokio::task::spawn_blocking(move || sync_folder(&folder)).await.map_err(io::Error::other)??;
        }
        Ok((sha256, self.size_bytes))
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        self.shelf.used_bytes.fetch_sub(self.size_bytes, Ordering::Relaxed);
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("a content that was given up could not be removed, the next start removes it: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(quota: u64, file_size_max: u64) -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().join("media"), ShelfConfig { quota, file_size_max }).unwrap();
        (folder, shelf)
    }

    async fn put(shelf: &Shelf, content: &[u8]) -> Result<(Sha256, u64), ShelfError> {
        let mut growing = shelf.begin().await.unwrap();
        for part in content.chunks(3) {
            growing.add(part).await?;
        }
        growing.keep(None).await
    }

    fn count(shelf: &Shelf) -> usize {
        std::fs::read_dir(&shelf.folder).unwrap().count()
    }

    #[tokio::test]
    async fn the_same_content_is_kept_once_and_found_by_its_hash() {
        let (_folder, shelf) = shelf(100, 50);
        let (sha256, size) = put(&shelf, b"a video").await.unwrap();
        assert_eq!(put(&shelf, b"a video").await.unwrap(), (sha256, 7));
        assert_eq!((size, count(&shelf), shelf.room().0), (7, 1, 7));
        let (mut file, length) = shelf.content(&sha256).unwrap().unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut file, &mut text).unwrap();
        assert_eq!((text.as_str(), length), ("a video", 7));
        assert!(shelf.remove(&sha256).unwrap() && !shelf.remove(&sha256).unwrap());
        assert_eq!((count(&shelf), shelf.room().0), (0, 0));
    }

    #[tokio::test]
    async fn what_may_not_be_kept_leaves_nothing() {
        let (_folder, shelf) = shelf(20, 10);
        assert!(matches!(put(&shelf, &[1; 11]).await, Err(ShelfError::TooLarge(10))));
        assert!(matches!(put(&shelf, b"").await, Err(ShelfError::Empty)));
        put(&shelf, &[1; 10]).await.unwrap();
        put(&shelf, &[2; 8]).await.unwrap();
        assert!(matches!(put(&shelf, &[3; 3]).await, Err(ShelfError::Full(20))));
        let mut named = shelf.begin().await.unwrap();
        named.add(b"x").await.unwrap();
        assert!(matches!(named.keep(Some([0; 32])).await, Err(ShelfError::OtherContent(_))));
        assert_eq!((count(&shelf), shelf.room().0), (2, 18));
    }

    #[tokio::test]
    async fn what_a_crash_left_growing_goes_at_the_next_start() {
        let (_folder, shelf) = shelf(20, 10);
        put(&shelf, b"kept").await.unwrap();
        std::fs::write(shelf.folder.join(format!("7{GROWING}")), "half").unwrap();
        let again = Shelf::open(shelf.folder.clone(), shelf.config.clone()).unwrap();
        assert_eq!((count(&again), again.room().0), (1, 4));
    }
}
