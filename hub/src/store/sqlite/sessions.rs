//! Sessions in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row};

use super::Sqlite;
use crate::store::StoreError;
use crate::store::sessions::{Given, Session, Sessions};

#[async_trait]
impl Sessions for Sqlite {
    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        let s = session.clone();
        self.write(move |writing| {
            writing
                .sql
                .prepare_cached("INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?
                .execute((
                    s.id,
                    s.account,
                    s.label,
                    s.created_ms,
                    s.expires_ms,
                    s.used_ms,
                    s.proved_ms,
                    s.current,
                    s.next.map(|given| given.secret_sha256),
                    s.next.map(|given| given.since_ms),
                    s.former.map(|given| given.secret_sha256),
                    s.former.map(|given| given.since_ms),
                    s.revision,
                ))?;
            Ok(())
        })
        .await
    }

    async fn session(&self, id: [u8; 16]) -> Result<Option<Session>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM session WHERE id = ?1")?;
            Ok(select.query_row([id], session).optional()?)
        })
        .await
    }

    async fn sessions(&self, account: Option<&str>) -> Result<Vec<Session>, StoreError> {
        let account = account.map(str::to_owned);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT * FROM session WHERE ?1 IS NULL OR account = ?1 ORDER BY created_ms DESC, id",
            )?;
            Ok(select.query_map([account], session)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn change_session(&self, session: &Session) -> Result<bool, StoreError> {
        let s = session.clone();
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(
                "UPDATE session SET used_ms = ?2, proved_ms = ?3, current = ?4, next = ?5, next_ms = ?6, former = ?7,
                 former_ms = ?8, revision = ?9 WHERE id = ?1 AND revision = ?9 - 1",
            )?;
            let changed = update.execute((
                s.id,
                s.used_ms,
                s.proved_ms,
                s.current,
                s.next.map(|given| given.secret_sha256),
                s.next.map(|given| given.since_ms),
                s.former.map(|given| given.secret_sha256),
                s.former.map(|given| given.since_ms),
                s.revision,
            ))?;
            Ok(changed > 0)
        })
        .await
    }

    async fn remove_session(&self, id: [u8; 16]) -> Result<bool, StoreError> {
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM session WHERE id = ?1")?;
            Ok(delete.execute([id])? > 0)
        })
        .await
    }

    async fn remove_sessions(&self, account: &str, but: Option<[u8; 16]>) -> Result<(), StoreError> {
        let account = account.to_owned();
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM session WHERE account = ?1 AND id IS NOT ?2")?;
            delete.execute((account, but))?;
            Ok(())
        })
        .await
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        account: row.get(1)?,
        label: row.get(2)?,
        created_ms: row.get(3)?,
        expires_ms: row.get(4)?,
        used_ms: row.get(5)?,
        proved_ms: row.get(6)?,
        current: row.get(7)?,
        next: given(row, 8)?,
        former: given(row, 10)?,
        revision: row.get(12)?,
    })
}

/// A secret and its moment, in two columns that are both there or neither.
fn given(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Given>> {
    let secret_sha256: Option<[u8; 32]> = row.get(at)?;
    let since_ms: Option<i64> = row.get(at + 1)?;
    Ok(secret_sha256.zip(since_ms).map(|(secret_sha256, since_ms)| Given { secret_sha256, since_ms }))
}
