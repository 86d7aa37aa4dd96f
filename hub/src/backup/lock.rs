//! The lock on the data folder: one hub at a time, and no restore under a running one.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context as _, bail};

/// Held as long as a process works on a data folder. The kernel lets go of it when the process ends in any way.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// If another process has it, or the folder cannot be written.
    pub fn take(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("vigie-hub.lock");
        let what = || format!("lock {}", path.display());
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).with_context(what)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("a hub is running on {}: stop it first, for example `systemctl stop vigie-hub`", data.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(what),
        }
    }
}
