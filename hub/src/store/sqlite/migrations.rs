//! Migrations: numbered, embedded, run at start. `user_version` says how many have run.

use anyhow::{Context as _, bail};
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
    include_str!("0005.sql"),
    include_str!("0006.sql"),
    include_str!("0007.sql"),
    include_str!("0008.sql"),
    include_str!("0009.sql"),
    include_str!("0010.sql"),
    include_str!("0011.sql"),
    include_str!("0012.sql"),
    include_str!("0013.sql"),
    include_str!("0014.sql"),
    include_str!("0015.sql"),
    include_str!("0016.sql"),
    include_str!("0017.sql"),
    include_str!("0018.sql"),
    include_str!("0019.sql"),
];

/// Brings the tables to this program's version; each migration is all or nothing.
pub(super) fn run(connection: &mut Connection) -> anyhow::Result<()> {
    let has_run = version(connection)?;
    if has_run > MIGRATIONS.len() {
        bail!(
            "it was written by a newer vigie-hub (its tables have version {has_run}, this program knows {}); \
             install that version again, or restore a backup made before the update",
            MIGRATIONS.len()
        );
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(has_run) {
        let number = index + 1;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        transaction.execute_batch(migration).with_context(|| format!("run migration {number}"))?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit().with_context(|| format!("commit migration {number}"))?;
    }
    Ok(())
}

/// How many migrations this program has.
pub(super) fn count() -> usize {
    MIGRATIONS.len()
}

/// How many migrations a database has seen.
pub(super) fn version(connection: &Connection) -> anyhow::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).context("the file is a database, but not one of this program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_program_is_refused_in_words() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();

        let error = run(&mut connection).unwrap_err().to_string();

        assert!(error.contains("newer vigie-hub"), "{error}");
    }

    #[test]
    fn running_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        run(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
    }
}
