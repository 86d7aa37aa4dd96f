//! Numbers of things, in SQLite.

use async_trait::async_trait;
use rusqlite::OptionalExtension as _;

use super::codes::code;
use super::{Sqlite, failed};
use crate::store::StoreError;
use crate::store::numbers::{Numbered, Numbers};

/// In the order of their codes.
const NUMBERED: [Numbered; 4] = [Numbered::Terminal, Numbered::Connector, Numbered::Shift, Numbered::User];

#[async_trait]
impl Numbers for Sqlite {
    async fn numbers(&self, of: Numbered, names: &[String]) -> Result<Vec<i64>, StoreError> {
        let (kind, names) = (code(&NUMBERED, &of), names.to_vec());
        self.write(move |writing| {
            let mut add = writing.sql.prepare_cached(
                "INSERT INTO number (kind, number, name)
                 SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM number WHERE kind = ?1
                 ON CONFLICT DO NOTHING",
            )?;
            let mut find = writing.sql.prepare_cached("SELECT number FROM number WHERE kind = ?1 AND name = ?2")?;
            let mut given = Vec::new();
            for name in &names {
                add.execute((kind, name))?;
                given.push(find.query_row((kind, name), |row| row.get(0))?);
            }
            Ok(given)
        })
        .await
    }

    async fn numbered(&self, of: Numbered, number: i64) -> Result<Option<String>, StoreError> {
        let kind = code(&NUMBERED, &of);
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT name FROM number WHERE kind = ?1 AND number = ?2")?;
            select.query_row((kind, number), |row| row.get(0)).optional().map_err(failed)
        })
        .await
    }

    async fn keep_numbers(&self, of: Numbered, all: &[(i64, String)]) -> Result<(), StoreError> {
        let (kind, all) = (code(&NUMBERED, &of), all.to_vec());
        self.write(move |writing| {
            let mut keep = writing
                .sql
                .prepare_cached("INSERT INTO number (kind, number, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
            for (number, name) in all {
                keep.execute((kind, number, name))?;
            }
            Ok(())
        })
        .await
    }
}
