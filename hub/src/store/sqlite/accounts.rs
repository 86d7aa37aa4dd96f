//! Accounts in SQLite.

use async_trait::async_trait;
use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension as _, Row};

use super::codes::{CREDENTIAL_KINDS, ROLES, code, coded};
use super::{Sqlite, conflict_is, failed};
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
                    "INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE
                     SET password_hash = excluded.password_hash, role = excluded.role, person = excluded.person,
                     email = excluded.email",
                )?
                .execute((
                    account.name,
                    account.password_hash,
                    code(&ROLES, &account.role),
                    account.created_ms,
                    account.person,
                    account.email,
                ))?;
            Ok(())
        })
        .await
    }

    async fn remove_account(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |writing| {
            for table in ["session", "credential", "second_factor"] {
                let delete = format!("DELETE FROM {table} WHERE account = ?1");
                writing.sql.prepare_cached(&delete)?.execute([&name])?;
            }
            Ok(writing.sql.prepare_cached("DELETE FROM account WHERE name = ?1")?.execute([name])? > 0)
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
            let Credential { secret_sha256, kind, account, label, role, created_ms, expires_ms, scope, used_ms } =
                credential;
            let (kind, role) = (code(&CREDENTIAL_KINDS, &kind), code(&ROLES, &role));
            let scope = serde_json::to_string(&scope).map_err(failed)?;
            writing
                .sql
                .prepare_cached("INSERT INTO credential VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
                .execute((secret_sha256, kind, account, label, role, created_ms, expires_ms, scope, used_ms))
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

    async fn touch_credential(&self, secret_sha256: [u8; 32], used_ms: i64) -> Result<(), StoreError> {
        self.write(move |writing| {
            let mut update =
                writing.sql.prepare_cached("UPDATE credential SET used_ms = ?2 WHERE secret_sha256 = ?1")?;
            update.execute((secret_sha256, used_ms))?;
            Ok(())
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
            writing.sql.prepare_cached("DELETE FROM session WHERE expires_ms <= ?1")?.execute([now_ms])?;
            Ok(())
        })
        .await
    }
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        name: row.get(0)?,
        password_hash: row.get(1)?,
        role: coded(row, 2, &ROLES)?,
        created_ms: row.get(3)?,
        person: row.get(4)?,
        email: row.get(5)?,
    })
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
        scope: serde_json::from_str(&row.get::<_, String>(7)?).map_err(FromSqlError::other)?,
        used_ms: row.get(8)?,
    })
}
