//! Calls into sled with care: its panics and errors become ours, told apart by what heals them.

use std::io;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::queue::QueueError;

/// Dropped with care: sled may panic while it lets go of a damaged file.
pub(super) struct Careful(Option<sled::Db>);

impl Careful {
    pub(super) fn new(db: sled::Db) -> Self {
        Self(Some(db))
    }
}

impl Deref for Careful {
    type Target = sled::Db;

    fn deref(&self) -> &sled::Db {
        self.0.as_ref().expect("only dropping takes it")
    }
}

impl Drop for Careful {
    fn drop(&mut self) {
        let db = self.0.take();
        let closed = guarded(|| {
            drop(db);
            Ok(())
        });
        if let Err(error) = closed {
            tracing::debug!("a damaged store was closed: {error}");
        }
    }
}

/// Runs a call into sled; its errors and panics become ours.
pub(super) fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, QueueError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(sorted(error)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
            Err(QueueError::Corrupt(format!("the storage engine panicked: {}", text.unwrap_or("without a word"))))
        }
    }
}

/// Tells apart what a retry may heal, what is damaged, and what only a new process heals.
fn sorted(error: sled::Error) -> QueueError {
    match error {
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => QueueError::Busy("db".into()),
        sled::Error::Io(error) if says_disk_refuses(error.kind()) => QueueError::Storage(error),
        sled::Error::ReportableBug(text) if text.contains("IO thread") => QueueError::Broken(text),
        // A file that ends too early, or cannot be read back, is as damaged as one with a wrong checksum.
        other => QueueError::Corrupt(other.to_string()),
    }
}

fn says_disk_refuses(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        Interrupted, NotFound, OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WriteZero,
    };
    matches!(
        kind,
        StorageFull
            | QuotaExceeded
            | WriteZero
            | ReadOnlyFilesystem
            | PermissionDenied
            | OutOfMemory
            | Interrupted
            | NotFound
    )
}
