//! The folder of one lane: who it is, which store is the current one, what was set aside.
//!
//! ```text
//! <lane>/identity                 queue id, generation, offset, hi: tiny, synced, replaced atomically
//! <lane>/lock                     held by the process that has the lane open
//! <lane>/store-<generation>/      the engine's files
//! <lane>/corrupt-<time>-<generation>/   damaged stores, the newest two at most
//! ```
//!
//! The identity is what makes a silent loss visible: it remembers positions that were on the disk, so that a
//! store which opens without them is known to be damaged. It lags behind the store by at most
//! [`IDENTITY_LAG`] positions, because writing it costs as much as a record. Replacing it is also how a lane
//! moves to another store or takes a new queue id: one atomic step, whatever happens before or after.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vigie_shared::file::{replace_private, sync_folder};
use vigie_shared::id::QueueId;
use vigie_shared::wire::frame;

use super::QueueError;

/// Positions by which the identity may lag behind the store.
///
/// A loss of fewer than these, at the very end of a damaged store, can go unnoticed here. The hub notices it when
/// it holds more than the box says it ever had.
pub const IDENTITY_LAG: u64 = 128;

/// Most damaged stores that are kept for a person to look at.
const SET_ASIDE_MAX: usize = 2;

/// Who a lane is. Frozen: a change needs a new version beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The current queue id.
    pub queue: QueueId,
    /// Number of the current store.
    pub generation: u64,
    /// What a position of this queue id has to be raised by to be the store's key.
    pub offset: u64,
    /// The store's keys below this one had been trimmed.
    pub first: u64,
    /// This key, and none known above it, had been on the disk; 0 if none was.
    pub hi: u64,
}

impl Identity {
    /// A new queue in the given store.
    #[must_use]
    pub fn new(generation: u64) -> Self {
        Self { queue: QueueId::random(), generation, offset: 0, first: 1, hi: 0 }
    }
}

/// What the identity file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The lane was never opened.
    Nothing,
    /// The lane is this one.
    Lane(Identity),
    /// There is a file, or a store without one, and it cannot be trusted.
    Unreadable,
}

/// A lane's folder, locked by this process for as long as this value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be, and locks it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Busy`] if another process has it, [`QueueError::Storage`] otherwise.
    pub fn lock(path: &Path) -> Result<Self, QueueError> {
        let mut is_new = false;
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(QueueError::Storage)?;
            is_new = true;
        }
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(path.join("lock"));
        let lock = lock.map_err(QueueError::Storage)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(QueueError::Busy(path.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(QueueError::Storage(error)),
        }
        if is_new {
            sync_upwards(path).map_err(QueueError::Storage)?;
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder of a store.
    #[must_use]
    pub fn store(&self, generation: u64) -> PathBuf {
        self.path.join(format!("store-{generation}"))
    }

    /// Reads the identity.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn identity(&self) -> io::Result<Known> {
        match fs::read(self.path.join("identity")) {
            Ok(bytes) => Ok(frame::open(&bytes).map_or(Known::Unreadable, Known::Lane)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(if self.stores()?.is_empty() { Known::Nothing } else { Known::Unreadable })
            }
            Err(error) => Err(error),
        }
    }

    /// Replaces the identity; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// If the disk fails; the old identity is then still there.
    pub fn identify(&self, identity: &Identity) -> io::Result<()> {
        replace_private(&self.path.join("identity"), &frame::seal(1, identity))
    }

    /// The highest number of any store, current or set aside; 0 if there is none.
    ///
    /// # Errors
    ///
    /// If the folder cannot be listed.
    pub fn newest_generation(&self) -> io::Result<u64> {
        let stores = self.stores()?;
        let set_aside = self.set_aside_stores()?;
        let number = |name: &String| name.rsplit('-').next().and_then(|digits| digits.parse().ok());
        Ok(stores.iter().chain(&set_aside).filter_map(number).max().unwrap_or(0))
    }

    /// Removes all stores but the current one: left-overs of an interrupted change.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn remove_stores_except(&self, generation: u64) -> io::Result<()> {
        let current = format!("store-{generation}");
        self.stores()?
            .iter()
            .filter(|name| **name != current)
            .try_for_each(|name| fs::remove_dir_all(self.path.join(name)))
    }

    /// Moves every store but `kept` out of the way and returns the name of the newest one's remains. Older
    /// remains are removed when they are too many, or take more than `bytes_max` together.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn set_aside(&self, kept: Option<u64>, wall_ms: i64, bytes_max: u64) -> io::Result<String> {
        let mut remains = String::new();
        for store in self.stores()? {
            let generation = store.trim_start_matches("store-");
            if kept.is_some_and(|kept| kept.to_string() == generation) {
                continue;
            }
            remains = format!("corrupt-{:010}-{generation}", wall_ms.max(0) / 1000);
            fs::rename(self.path.join(&store), self.path.join(&remains))?;
        }
        sync_folder(&self.path)?;
        let (mut remaining, mut remaining_bytes) = (0, 0);
        for name in self.set_aside_stores()?.iter().rev() {
            let path = self.path.join(name);
            remaining_bytes += size_bytes(&path);
            remaining += 1;
            if remaining > SET_ASIDE_MAX || remaining_bytes > bytes_max {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(remains)
    }

    /// Bytes that the whole folder takes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        size_bytes(&self.path)
    }

    fn stores(&self) -> io::Result<Vec<String>> {
        self.named("store-")
    }

    /// Oldest first.
    fn set_aside_stores(&self) -> io::Result<Vec<String>> {
        self.named("corrupt-")
    }

    fn named(&self, prefix: &str) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
        names.retain(|name| name.starts_with(prefix));
        names.sort();
        Ok(names)
    }
}

/// Makes a new folder durable, with the names that lead to it.
fn sync_upwards(path: &Path) -> io::Result<()> {
    path.ancestors().take(3).filter(|folder| !folder.as_os_str().is_empty()).try_for_each(sync_folder)
}

/// Bytes that a file or folder takes on the disk; what cannot be read counts nothing.
fn size_bytes(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    let own = metadata.blocks() * 512;
    let Ok(entries) = fs::read_dir(path) else { return own };
    own + entries.flatten().map(|entry| size_bytes(&entry.path())).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_folder_is_refused_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let _held = Folder::lock(folder.path()).unwrap();

        assert!(matches!(Folder::lock(folder.path()), Err(QueueError::Busy(_))));
    }

    #[test]
    fn the_identity_reads_back_and_a_flipped_bit_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        assert_eq!(folder.identity().unwrap(), Known::Nothing);
        let identity = Identity::new(3);
        folder.identify(&identity).unwrap();
        assert_eq!(folder.identity().unwrap(), Known::Lane(identity));

        let path = place.path().join("identity");
        let mut bytes = fs::read(&path).unwrap();
        bytes[5] ^= 4;
        fs::write(path, bytes).unwrap();

        assert_eq!(folder.identity().unwrap(), Known::Unreadable);
    }

    #[test]
    fn at_most_two_damaged_stores_are_kept_and_none_beyond_the_quota() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        for generation in 1..=4 {
            fs::create_dir(folder.store(generation)).unwrap();
            fs::write(folder.store(generation).join("db"), vec![1; 10_000]).unwrap();
            folder.set_aside(None, 1_000_000 * i64::try_from(generation).unwrap(), 1 << 20).unwrap();
        }
        assert_eq!(folder.named("corrupt-").unwrap(), ["corrupt-0000003000-3", "corrupt-0000004000-4"]);

        fs::create_dir(folder.store(5)).unwrap();
        fs::write(folder.store(5).join("db"), vec![1; 10_000]).unwrap();
        folder.set_aside(None, 5_000_000, 24_000).unwrap();

        assert_eq!(folder.named("corrupt-").unwrap(), ["corrupt-0000005000-5"]);
        assert_eq!(folder.newest_generation().unwrap(), 5);
    }
}
