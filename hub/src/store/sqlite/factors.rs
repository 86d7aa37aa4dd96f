//! Second factors in SQLite; their secrets are sealed.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row};

use super::Sqlite;
use crate::store::StoreError;
use crate::store::factors::{Factors, SecondFactor};

#[async_trait]
impl Factors for Sqlite {
    async fn put_factor(&self, factor: &SecondFactor) -> Result<(), StoreError> {
        let (f, sealed) = (factor.clone(), self.vault.seal(&purpose(&factor.account), &factor.secret));
        self.write(move |writing| {
            writing
                .sql
                .prepare_cached("INSERT OR REPLACE INTO second_factor VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute((f.account, sealed, f.is_confirmed, f.last_step, f.recovery.concat(), f.revision))?;
            Ok(())
        })
        .await
    }

    async fn factor(&self, account: &str) -> Result<Option<SecondFactor>, StoreError> {
        let name = account.to_owned();
        let found = self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM second_factor WHERE account = ?1")?;
            Ok(select.query_row([name], factor).optional()?)
        });
        let Some(mut factor) = found.await? else { return Ok(None) };
        factor.secret =
            self.vault.open_sealed(&purpose(&factor.account), &factor.secret).map_err(StoreError::Failed)?;
        Ok(Some(factor))
    }

    async fn change_factor(&self, factor: &SecondFactor) -> Result<bool, StoreError> {
        let f = factor.clone();
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(
                "UPDATE second_factor SET is_confirmed = ?2, last_step = ?3, codes = ?4, revision = ?5
                 WHERE account = ?1 AND revision = ?5 - 1",
            )?;
            Ok(update.execute((f.account, f.is_confirmed, f.last_step, f.recovery.concat(), f.revision))? > 0)
        })
        .await
    }

    async fn remove_factor(&self, account: &str) -> Result<bool, StoreError> {
        let account = account.to_owned();
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM second_factor WHERE account = ?1")?;
            Ok(delete.execute([account])? > 0)
        })
        .await
    }

    async fn proven_accounts(&self) -> Result<Vec<String>, StoreError> {
        self.read(|sql| {
            let mut select =
                sql.prepare_cached("SELECT account FROM second_factor WHERE is_confirmed = 1 ORDER BY account")?;
            Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Binds a sealed secret to its account.
fn purpose(account: &str) -> String {
    format!("second factor of {account}")
}

/// A row, its secret still sealed.
fn factor(row: &Row<'_>) -> rusqlite::Result<SecondFactor> {
    let codes: Vec<u8> = row.get(4)?;
    let recovery = codes.chunks_exact(32).filter_map(|code| code.first_chunk().copied());
    Ok(SecondFactor {
        account: row.get(0)?,
        secret: row.get(1)?,
        is_confirmed: row.get(2)?,
        last_step: row.get(3)?,
        recovery: recovery.collect(),
        revision: row.get(5)?,
    })
}
