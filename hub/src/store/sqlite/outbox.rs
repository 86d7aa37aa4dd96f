//! The outbox in SQLite; its secrets are sealed.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row, named_params};

use super::Sqlite;
use super::codes::{code, coded};
use super::connectors::{json, read_json};
use crate::mail::letter::{Kind, Letter, LetterName, LetterState, NewLetter, Way};
use crate::store::StoreError;
use crate::store::outbox::{LetterCount, LetterFilter, Outbox};

const LETTER: &str = "SELECT no, way, kind, about, number, reader, content, thread, state, attempts, last_error,
                      next_try_ms, expires_ms, sending_ms, maybe_twice, created_ms, changed_ms FROM letter";

fn letter(row: &Row<'_>) -> rusqlite::Result<Letter> {
    let (way, kind) = (coded(row, 1, &Way::ALL)?, coded(row, 2, &Kind::ALL)?);
    let name = LetterName { way, kind, about: row.get(3)?, number: row.get(4)?, reader: row.get(5)? };
    Ok(Letter {
        no: row.get(0)?,
        name,
        content: read_json(row, 6)?,
        thread: row.get(7)?,
        state: coded(row, 8, &LetterState::ALL)?,
        attempts: row.get(9)?,
        last_error: row.get(10)?,
        next_try_ms: row.get(11)?,
        expires_ms: row.get(12)?,
        sending_ms: row.get(13)?,
        maybe_twice: row.get(14)?,
        created_ms: row.get(15)?,
        changed_ms: row.get(16)?,
    })
}

fn purpose(name: &str) -> String {
    format!("letter secret {name}")
}

#[async_trait]
impl Outbox for Sqlite {
    async fn put_letters(&self, letters: &[NewLetter]) -> Result<usize, StoreError> {
        let letters = letters.to_vec();
        self.write(move |writing| {
            let mut insert = writing.sql.prepare_cached(
                "INSERT INTO letter (way, kind, about, number, reader, content, thread, state, attempts, next_try_ms,
                 expires_ms, created_ms, changed_ms)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, ?8, ?8 WHERE NOT EXISTS
                 (SELECT 1 FROM letter WHERE about = ?3 AND number = ?4 AND kind = ?2 AND way = ?1 AND reader = ?5)",
            )?;
            let mut added = 0;
            for new in letters {
                let LetterName { way, kind, about, number, reader } = &new.name;
                added += insert.execute((
                    code(&Way::ALL, way),
                    code(&Kind::ALL, kind),
                    about,
                    number,
                    reader,
                    json(&new.content)?,
                    &new.thread,
                    new.created_ms,
                    new.expires_ms,
                ))?;
            }
            Ok(added)
        })
        .await
    }

    async fn save_letters(&self, letters: &[Letter]) -> Result<(), StoreError> {
        let letters = letters.to_vec();
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(
                "UPDATE letter SET state = :state, attempts = :attempts, last_error = :last_error,
                 next_try_ms = :next_try_ms, expires_ms = :expires_ms, sending_ms = :sending_ms,
                 maybe_twice = :maybe_twice, changed_ms = :changed_ms WHERE no = :no",
            )?;
            for letter in &letters {
                update.execute(named_params! {
                    ":no": letter.no, ":state": code(&LetterState::ALL, &letter.state), ":attempts": letter.attempts,
                    ":last_error": letter.last_error, ":next_try_ms": letter.next_try_ms,
                    ":expires_ms": letter.expires_ms, ":sending_ms": letter.sending_ms,
                    ":maybe_twice": letter.maybe_twice, ":changed_ms": letter.changed_ms,
                })?;
            }
            Ok(())
        })
        .await
    }

    async fn due_letters(&self, way: Way, now_ms: i64, limit: usize) -> Result<Vec<Letter>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{LETTER} WHERE way = ?1 AND state = 0 AND sending_ms IS NULL AND next_try_ms <= ?2 AND NOT EXISTS
                     (SELECT 1 FROM letter AS first WHERE first.way = letter.way AND first.about = letter.about
                      AND first.reader = letter.reader AND first.no < letter.no AND first.state = 0)
                 ORDER BY no LIMIT ?3"
            ))?;
            Ok(select.query_map((code(&Way::ALL, &way), now_ms, limit), letter)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn next_letter_ms(&self, way: Way, now_ms: i64) -> Result<Option<i64>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT min(next_try_ms) FROM letter WHERE way = ?1 AND state = 0 AND next_try_ms > ?2",
            )?;
            Ok(select.query_row((code(&Way::ALL, &way), now_ms), |row| row.get(0))?)
        })
        .await
    }

    async fn letters_midway(&self, way: Way) -> Result<Vec<Letter>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{LETTER} WHERE way = ?1 AND state = 0 AND sending_ms IS NOT NULL ORDER BY no"
            ))?;
            Ok(select.query_map([code(&Way::ALL, &way)], letter)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn letter(&self, no: i64) -> Result<Option<Letter>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{LETTER} WHERE no = ?1"))?;
            Ok(select.query_row([no], letter).optional()?)
        })
        .await
    }

    async fn letters(
        &self,
        filter: &LetterFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Letter>, StoreError> {
        let filter = filter.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{LETTER} WHERE no < ?1 AND (?2 IS NULL OR way = ?2) AND (?3 IS NULL OR state = ?3)
                 AND (?4 IS NULL OR about = ?4) AND (?5 IS NULL OR reader = ?5) ORDER BY no DESC LIMIT ?6"
            ))?;
            let way = filter.way.and_then(|way| code(&Way::ALL, &way));
            let state = filter.state.and_then(|state| code(&LetterState::ALL, &state));
            let values = (before.unwrap_or(i64::MAX), way, state, filter.about, filter.reader, limit);
            Ok(select.query_map(values, letter)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn retry_letter(&self, no: i64, (now_ms, expires_ms): (i64, i64)) -> Result<bool, StoreError> {
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(
                "UPDATE letter SET state = 0, attempts = 0, next_try_ms = ?2, expires_ms = ?3, changed_ms = ?2
                 WHERE no = ?1 AND state IN (0, 2) AND sending_ms IS NULL",
            )?;
            Ok(update.execute((no, now_ms, expires_ms))? > 0)
        })
        .await
    }

    async fn letter_counts(&self) -> Result<Vec<LetterCount>, StoreError> {
        self.read(|sql| {
            let mut select =
                sql.prepare_cached("SELECT way, state, count(*) FROM letter GROUP BY way, state ORDER BY way, state")?;
            let count = |row: &Row<'_>| {
                let (way, state) = (coded(row, 0, &Way::ALL)?, coded(row, 1, &LetterState::ALL)?);
                Ok(LetterCount { way, state, count: row.get(2)? })
            };
            Ok(select.query_map([], count)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn forget_letters(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError> {
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached(
                "DELETE FROM letter WHERE no IN (SELECT no FROM letter WHERE state > 0 AND changed_ms < ?1 LIMIT ?2)",
            )?;
            Ok(delete.execute((before_ms, limit))?)
        })
        .await
    }

    async fn letter_secret(&self, name: &str) -> Result<Option<String>, StoreError> {
        let key = name.to_owned();
        let sealed: Option<Vec<u8>> = self
            .read(move |sql| {
                let mut select = sql.prepare_cached("SELECT sealed FROM letter_secret WHERE name = ?1")?;
                Ok(select.query_row([key], |row| row.get(0)).optional()?)
            })
            .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.vault.open_sealed(&purpose(name), &sealed).map_err(StoreError::Failed)?;
        String::from_utf8(opened).map(Some).map_err(super::failed)
    }

    async fn put_letter_secret(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let sealed = value.map(|value| self.vault.seal(&purpose(name), value.as_bytes()));
        let name = name.to_owned();
        self.write(move |writing| {
            match sealed {
                Some(sealed) => {
                    let put = "INSERT OR REPLACE INTO letter_secret VALUES (?1, ?2)";
                    writing.sql.prepare_cached(put)?.execute((name, sealed))?
                }
                None => writing.sql.prepare_cached("DELETE FROM letter_secret WHERE name = ?1")?.execute([name])?,
            };
            Ok(())
        })
        .await
    }
}
