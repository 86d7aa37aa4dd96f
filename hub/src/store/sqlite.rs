//! Adapter: the store in one SQLite file. The only place that names the database.
//!
//! One connection writes, in turns: whoever wants to write waits for the turn, and of everybody but the ingest
//! only one may wait for it at a time. So a commit of facts waits for one short transaction at most. Readers
//! have connections of their own and see the last committed state (WAL). Every transaction is synced before it
//! counts (`synchronous=FULL`). Work happens on tokio's blocking threads; a caller that gives up does not
//! interrupt a transaction.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::{Mutex as Turn, Semaphore};

use crate::store::StoreError;
use crate::store::vault::Vault;

mod accounts;
mod alerts;
mod audit;
mod codes;
mod commands;
mod connectors;
mod copy;
mod days;
mod diary;
mod disputes;
mod factors;
mod facts;
mod jobs;
mod keys;
mod machines;
mod media;
mod migrations;
mod numbers;
mod outbox;
mod profiles;
mod projections;
mod punches;
mod registry;
mod releases;
mod rollouts;
mod sessions;
mod settle;
mod sites;
mod step;
mod strips;
mod terminals;
mod timetable;
mod upkeep;

pub use copy::{CopyProgress, check_file};

use keys::Keys;

/// Connections that read at the same time.
const READERS: usize = 4;

/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 96;

/// Bytes of a page: some forty records, so that the tree is flat.
const PAGE_BYTES: u32 = 8192;

/// Pages after which a commit moves the log into the database: 32 MiB, a few group commits.
const CHECKPOINT_PAGES: u32 = 4096;

/// The log is cut back to this size after it was moved, bytes.
const LOG_BYTES: u64 = 64 << 20;

/// The store in one file.
pub struct Sqlite {
    file: PathBuf,
    vault: Vault,
    pen: Arc<Turn<Pen>>,
    /// Everybody but the ingest waits here before waiting for the pen.
    ordinary: Semaphore,
    readers: Arc<Mutex<Vec<Connection>>>,
    reading: Arc<Semaphore>,
}

/// The one connection that writes, and the integer keys it knows.
struct Pen {
    connection: Connection,
    keys: Keys,
}

/// A transaction of the pen.
struct Writing<'a> {
    sql: &'a Transaction<'a>,
    keys: &'a mut Keys,
}

impl Sqlite {
    /// Opens the file or makes it, and brings its tables to this program's version.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, belongs to a newer program, or was sealed with another key.
    pub fn open(file: &Path, vault: Vault) -> anyhow::Result<Self> {
        let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        prepare_file(&connection).with_context(|| format!("set up the database {}", file.display()))?;
        let mut pen = Pen { connection, keys: Keys::default() };
        migrations::run(&mut pen.connection).with_context(|| format!("open the database {}", file.display()))?;
        keys::check(&pen.connection, &vault)?;
        let readers = (0..READERS).map(|_| connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY));
        Ok(Self {
            file: file.to_owned(),
            vault,
            pen: Arc::new(Turn::new(pen)),
            ordinary: Semaphore::new(1),
            readers: Arc::new(Mutex::new(readers.collect::<anyhow::Result<_>>()?)),
            reading: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Runs one write transaction in its turn.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _only_one_waits = self.ordinary.acquire().await.map_err(failed)?;
        self.write_first(work).await
    }

    /// Runs one write transaction before all that wait by [`Sqlite::write`].
    async fn write_first<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut pen = Arc::clone(&self.pen).lock_owned().await;
        tokio::task::spawn_blocking(move || transact(&mut pen, work)).await.map_err(failed)?
    }

    /// Reads one consistent state.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.reading).acquire_owned().await.map_err(failed)?;
        let (readers, file) = (Arc::clone(&self.readers), self.file.clone());
        let read = move || {
            let _permit = permit;
            let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            // After a panic in `work` a connection is missing.
            let reader = match idle {
                Some(reader) => reader,
                None => connect(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(StoreError::Failed)?,
            };
            let result = in_one_state(&reader, work);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            result
        };
        tokio::task::spawn_blocking(read).await.map_err(failed)?
    }
}

fn transact<T>(pen: &mut Pen, work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let Pen { connection, keys } = pen;
    let run = |keys: &mut Keys| {
        let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&mut Writing { sql: &sql, keys })?;
        sql.commit()?;
        Ok(value)
    };
    let result = run(keys);
    if result.is_err() {
        // Keys made in a transaction that was undone do not exist.
        keys.clear();
    }
    result
}

fn in_one_state<T>(
    reader: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = reader.unchecked_transaction()?;
    work(&transaction)
}

fn connect(file: &Path, flags: OpenFlags) -> anyhow::Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().with_context(|| format!("open the database {}", file.display()))
}

fn prepare_file(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed(anyhow::Error::new(error))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        failed(error)
    }
}

/// Turns "there is one already" into a conflict that names the thing.
fn conflict_is(what: impl FnOnce() -> String) -> impl FnOnce(rusqlite::Error) -> StoreError {
    |error| match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict(what()),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests;
