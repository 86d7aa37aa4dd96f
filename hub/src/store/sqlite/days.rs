//! People's days of presence, decisions, policies and looks in SQLite.

use async_trait::async_trait;
use jiff::civil::Date;
use rusqlite::Row;

use super::codes::{Column, MARKS, code, coded};
use super::{Sqlite, conflict_is};
use crate::store::StoreError;
use crate::store::presence::{DayFilter, Days, Look, Override, PolicyText, PresenceEnd, StoredDay};

#[async_trait]
impl Days for Sqlite {
    async fn person_days(
        &self,
        filter: &DayFilter,
        after: Option<(Date, String)>,
        limit: usize,
    ) -> Result<Vec<StoredDay>, StoreError> {
        let filter = filter.clone();
        let (after_date, after_person) = after.map(|(date, person)| (date.to_string(), person)).unwrap_or_default();
        self.read(move |sql| {
            // Texts of their own, so that each finds its index.
            let of_person = if filter.person.is_some() { "person = ?5" } else { "?5 IS NULL" };
            let waits = if filter.only_unpublished { "AND revision > published_revision" } else { "" };
            let mut select = sql.prepare_cached(&format!(
                "SELECT person, date, body, value, revision, mark, published_revision, published_ms FROM person_day
                 WHERE date BETWEEN max(?1, ?2) AND ?3 AND (date, person) > (?2, ?4) AND {of_person} {waits}
                 ORDER BY date, person LIMIT ?6"
            ))?;
            let (from, through) = (filter.from.to_string(), filter.through.to_string());
            let rows = select.query_map((from, after_date, through, after_person, filter.person, limit), day)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_person_days(&self, days: &[StoredDay]) -> Result<(), StoreError> {
        let days = days.to_vec();
        self.write(move |writing| {
            let mut put = writing.sql.prepare_cached(
                "INSERT INTO person_day VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, NULL) ON CONFLICT DO UPDATE SET
                 body = excluded.body, value = excluded.value, revision = excluded.revision, mark = excluded.mark
                 WHERE excluded.revision >= revision",
            )?;
            for StoredDay { person, date, body, value, revision, mark, .. } in days {
                put.execute((date.to_string(), person, body, value, revision, code(&MARKS, &mark)))?;
            }
            Ok(())
        })
        .await
    }

    async fn note_published(
        &self,
        (person, date): (&str, Date),
        revision: u32,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (person, date) = (person.to_owned(), date.to_string());
        self.write(move |writing| {
            let mut note = writing.sql.prepare_cached(
                "UPDATE person_day SET published_revision = ?3, published_ms = ?4
                 WHERE date = ?1 AND person = ?2 AND published_revision < ?3",
            )?;
            Ok(note.execute((date, person, revision, now_ms))? > 0)
        })
        .await
    }

    async fn overrides(&self, person: Option<&str>, from: Date, through: Date) -> Result<Vec<Override>, StoreError> {
        let person = person.map(str::to_owned);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT person, date, value, comment, account, made_ms FROM day_override
                 WHERE date BETWEEN ?1 AND ?2 AND (?3 IS NULL OR person = ?3) ORDER BY date, person",
            )?;
            let rows = select.query_map((from.to_string(), through.to_string(), person), |row| {
                let (person, Column(date), value) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let (comment, account, made_ms) = (row.get(3)?, row.get(4)?, row.get(5)?);
                Ok(Override { person, date, value, comment, account, made_ms })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_override(&self, one: &Override) -> Result<(), StoreError> {
        let Override { person, date, value, comment, account, made_ms } = one.clone();
        self.write(move |writing| {
            let mut put =
                writing.sql.prepare_cached("INSERT OR REPLACE INTO day_override VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            put.execute((date.to_string(), person, value, comment, account, made_ms))?;
            Ok(())
        })
        .await
    }

    async fn remove_override(&self, person: &str, date: Date) -> Result<bool, StoreError> {
        let (person, date) = (person.to_owned(), date.to_string());
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM day_override WHERE date = ?1 AND person = ?2")?;
            Ok(delete.execute((date, person))? > 0)
        })
        .await
    }

    async fn end_presences(&self, ends: &[PresenceEnd]) -> Result<(), StoreError> {
        let ends = ends.to_vec();
        self.write(move |writing| {
            let mut put = writing
                .sql
                .prepare_cached("INSERT INTO presence_end VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?;
            for PresenceEnd { person, at_ms, account, made_ms } in ends {
                put.execute((at_ms, person, account, made_ms))?;
            }
            Ok(())
        })
        .await
    }

    async fn presence_ends(&self, from_ms: i64, to_ms: i64) -> Result<Vec<PresenceEnd>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT at_ms, person, account, made_ms FROM presence_end WHERE at_ms >= ?1 AND at_ms < ?2
                 ORDER BY at_ms, person",
            )?;
            let rows = select.query_map((from_ms, to_ms), |row| {
                let (at_ms, person, account) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(PresenceEnd { person, at_ms, account, made_ms: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn policies(&self) -> Result<Vec<PolicyText>, StoreError> {
        self.read(|sql| {
            let mut select =
                sql.prepare_cached("SELECT name, version, body, made_ms FROM policy ORDER BY name, version")?;
            let rows = select.query_map([], |row| {
                Ok(PolicyText { name: row.get(0)?, version: row.get(1)?, body: row.get(2)?, made_ms: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn add_policy(&self, policy: &PolicyText) -> Result<(), StoreError> {
        let PolicyText { name, version, body, made_ms } = policy.clone();
        self.write(move |writing| {
            let insert = writing
                .sql
                .prepare_cached("INSERT INTO policy VALUES (?1, ?2, ?3, ?4)")?
                .execute((&name, version, body, made_ms));
            insert.map(drop).map_err(conflict_is(|| format!("version {version} of policy {name}")))
        })
        .await
    }

    async fn note_look(&self, look: &Look) -> Result<(), StoreError> {
        let Look { at_ms, account, person, what } = look.clone();
        self.write(move |writing| {
            let insert = "INSERT INTO look (at_ms, account, person, what) VALUES (?1, ?2, ?3, ?4)";
            writing.sql.prepare_cached(insert)?.execute((at_ms, account, person, what))?;
            Ok(())
        })
        .await
    }

    async fn looks(&self, person: Option<&str>, limit: usize) -> Result<Vec<Look>, StoreError> {
        let person = person.map(str::to_owned);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT at_ms, account, person, what FROM look WHERE ?1 IS NULL OR person = ?1
                 ORDER BY no DESC LIMIT ?2",
            )?;
            let rows = select.query_map((person, limit), |row| {
                Ok(Look { at_ms: row.get(0)?, account: row.get(1)?, person: row.get(2)?, what: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn day(row: &Row<'_>) -> rusqlite::Result<StoredDay> {
    let Column(date) = row.get(1)?;
    Ok(StoredDay {
        person: row.get(0)?,
        date,
        body: row.get(2)?,
        value: row.get(3)?,
        revision: row.get(4)?,
        mark: coded(row, 5, &MARKS)?,
        published_revision: row.get(6)?,
        published_ms: row.get(7)?,
    })
}
