//! Accounts in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row};

use super::codes::{CREDENTIAL_KINDS, ROLES, code, coded};
use super::{Sqlite, conflict_is};
use crate::store::StoreError;
use crate::store::accounts::{Account, Accounts, Credential, CredentialKind};

#[async_trait]
impl Accounts for Sqlite {
    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        let account = account.clone();
        self.write(move |writing| {
            writing
                .sql
                .prepare_cached(
                    "INSERT INTO account VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
                     SET password_hash = excluded.password_hash, role = excluded.role",
                )?
                .execute((account.name, account.password_hash, code(&ROLES, &account.role), account.created_ms))?;
            Ok(())
        })
        .await
    }

    async fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let name = name.to_owned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM account WHERE name = ?1")?;
            Ok(select.query_row([name], account).optional()?)
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT * FROM account ORDER BY name")?;
            Ok(select.query_map([], account)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn add_credential(&self, credential: &Credential) -> Result<(), StoreError> {
        let credential = credential.clone();
        self.write(move |writing| {
            let Credential { secret_sha256, kind, account, label, role, created_ms, expires_ms } = credential;
            let (kind, role) = (code(&CREDENTIAL_KINDS, &kind), code(&ROLES, &role));
            writing
                .sql
                .prepare_cached("INSERT INTO credential VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .execute((secret_sha256, kind, account, label, role, created_ms, expires_ms))
                .map_err(conflict_is(|| "this credential".to_owned()))?;
            Ok(())
        })
        .await
    }

    async fn credential(&self, secret_sha256: [u8; 32]) -> Result<Option<Credential>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM credential WHERE secret_sha256 = ?1")?;
            Ok(select.query_row([secret_sha256], credential).optional()?)
        })
        .await
    }

    async fn credentials(&self, kind: CredentialKind) -> Result<Vec<Credential>, StoreError> {
        self.read(move |sql| {
            let mut select =
                sql.prepare_cached("SELECT * FROM credential WHERE kind = ?1 ORDER BY created_ms DESC, secret_sha256")?;
            Ok(select.query_map([code(&CREDENTIAL_KINDS, &kind)], credential)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn remove_credential(&self, secret_sha256: [u8; 32]) -> Result<bool, StoreError> {
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM credential WHERE secret_sha256 = ?1")?;
            Ok(delete.execute([secret_sha256])? > 0)
        })
        .await
    }

    async fn remove_expired(&self, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |writing| {
            writing.sql.prepare_cached("DELETE FROM credential WHERE expires_ms <= ?1")?.execute([now_ms])?;
            Ok(())
        })
        .await
    }
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { name: row.get(0)?, password_hash: row.get(1)?, role: coded(row, 2, &ROLES)?, created_ms: row.get(3)? })
}

fn credential(row: &Row<'_>) -> rusqlite::Result<Credential> {
    Ok(Credential {
        secret_sha256: row.get(0)?,
        kind: coded(row, 1, &CREDENTIAL_KINDS)?,
        account: row.get(2)?,
        label: row.get(3)?,
        role: coded(row, 4, &ROLES)?,
        created_ms: row.get(5)?,
        expires_ms: row.get(6)?,
    })
}
