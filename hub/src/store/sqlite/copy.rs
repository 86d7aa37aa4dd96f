//! A consistent copy of the database while it is in use, and the check of such a copy.

use std::path::Path;

use anyhow::{Context as _, bail};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, connect, migrations};
use crate::store::StoreError;

/// Pages copied between two reports of progress.
const STEP_PAGES: i32 = 2048;

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Pages copied.
    pub done: u64,
    /// Pages in all.
    pub total: u64,
}

impl Sqlite {
    /// Copies the state of this moment into a new file and syncs it; writers go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if the file cannot be written, for instance because the disk is full.
    pub async fn copy_to(
        &self,
        file: &Path,
        progress: impl Fn(CopyProgress) + Send + 'static,
    ) -> Result<(), StoreError> {
        let file = file.to_owned();
        self.read(move |sql| copy(sql, &file, progress).map_err(StoreError::Failed)).await
    }
}

/// Copies what `sql` sees. It holds a transaction, so that writers cannot make the copy begin again.
fn copy(sql: &Connection, file: &Path, progress: impl Fn(CopyProgress)) -> anyhow::Result<()> {
    let what = || format!("copy the database to {}", file.display());
    // A transaction sees one state only from its first look on.
    migrations::version(sql)?;
    let mut target =
        connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).with_context(what)?;
    {
        let backup = Backup::new(sql, &mut target).with_context(what)?;
        while backup.step(STEP_PAGES).with_context(what)? == StepResult::More {
            let left = backup.progress();
            let pages = |count: i32| u64::try_from(count).unwrap_or(0);
            let total = pages(left.pagecount);
            progress(CopyProgress { done: total.saturating_sub(pages(left.remaining)), total });
        }
    }
    target.close().map_err(|(_, error)| error).with_context(what)?;
    std::fs::File::open(file).and_then(|file| file.sync_all()).with_context(what)
}

/// Checks that a file is a whole database that this program can open; returns the version of its tables.
///
/// # Errors
///
/// If it is damaged, no database of this program, or of a newer one.
pub fn check_file(file: &Path) -> anyhow::Result<usize> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let what = || format!("check {}", file.display());
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).with_context(what)?;
    if verdict != "ok" {
        bail!("{} is damaged: {verdict}", file.display());
    }
    let version = migrations::version(&connection).with_context(what)?;
    if version == 0 || version > migrations::count() {
        bail!("{} is not a database that this version of vigie-hub can read", file.display());
    }
    Ok(version)
}
