//! Disputed days in SQLite.

use async_trait::async_trait;
use jiff::civil::Date;
use rusqlite::Row;

use super::Sqlite;
use super::codes::Column;
use crate::store::StoreError;
use crate::store::presence::{Dispute, DisputeAnswer, Disputes};

/// The columns that [`dispute`] reads.
const COLUMNS: &str = "person, date, text, account, made_ms, answer, answered_by, answered_ms";

#[async_trait]
impl Disputes for Sqlite {
    async fn disputes(&self, person: Option<&str>, only_open: bool, limit: usize) -> Result<Vec<Dispute>, StoreError> {
        let person = person.map(str::to_owned);
        self.read(move |sql| {
            let waits = if only_open { "AND answered_ms IS NULL" } else { "" };
            let mut select = sql.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM day_dispute WHERE (?1 IS NULL OR person = ?1) {waits}
                 ORDER BY date DESC, person LIMIT ?2"
            ))?;
            let rows = select.query_map((person, limit), dispute)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn dispute(&self, person: &str, date: Date) -> Result<Option<Dispute>, StoreError> {
        let (person, date) = (person.to_owned(), date.to_string());
        self.read(move |sql| {
            let select = format!("SELECT {COLUMNS} FROM day_dispute WHERE date = ?1 AND person = ?2");
            let mut rows = sql.prepare_cached(&select)?;
            let found = rows.query_map((date, person), dispute)?.next().transpose()?;
            Ok(found)
        })
        .await
    }

    async fn put_dispute(&self, one: &Dispute) -> Result<(), StoreError> {
        let Dispute { person, date, text, account, made_ms, answer } = one.clone();
        let (answer, by, answered_ms) =
            answer.map_or((None, None, None), |one| (Some(one.text), Some(one.account), Some(one.made_ms)));
        self.write(move |writing| {
            let mut put = writing
                .sql
                .prepare_cached("INSERT OR REPLACE INTO day_dispute VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            put.execute((date.to_string(), person, text, account, made_ms, answer, by, answered_ms))?;
            Ok(())
        })
        .await
    }

    async fn answer_dispute(&self, (person, date): (&str, Date), answer: &DisputeAnswer) -> Result<bool, StoreError> {
        let (person, date, DisputeAnswer { text, account, made_ms }) =
            (person.to_owned(), date.to_string(), answer.clone());
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(
                "UPDATE day_dispute SET answer = ?3, answered_by = ?4, answered_ms = ?5
                 WHERE date = ?1 AND person = ?2 AND answered_ms IS NULL",
            )?;
            Ok(update.execute((date, person, text, account, made_ms))? > 0)
        })
        .await
    }
}

fn dispute(row: &Row<'_>) -> rusqlite::Result<Dispute> {
    let (Column(date), made_ms): (_, Option<i64>) = (row.get(1)?, row.get(7)?);
    let answer = match made_ms {
        Some(made_ms) => Some(DisputeAnswer { text: row.get(5)?, account: row.get(6)?, made_ms }),
        None => None,
    };
    Ok(Dispute { person: row.get(0)?, date, text: row.get(2)?, account: row.get(3)?, made_ms: row.get(4)?, answer })
}
