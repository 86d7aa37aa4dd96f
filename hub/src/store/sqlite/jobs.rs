//! Jobs in SQLite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row, named_params};
use serde_json::Value;

use super::Sqlite;
use super::codes::{code, coded};
use super::connectors::{connector_no, json, read_json};
use super::punches::number;
use crate::connectors::job::{Job, JobState, NewJob, RowKey, Wish};
use crate::store::StoreError;
use crate::store::jobs::{JobCount, JobFilter, JobMove, Jobs};

/// Their codes are part of the tables: `state < 3` is open.
const STATES: [JobState; 6] = JobState::ALL;
const WISHES: [Wish; 2] = [Wish::Send, Wish::Undo];

const JOB: &str =
    "SELECT job.no, connector.name, key, enrol_id, content, state, wish, attempts, last_error, next_try_ms,
                   failing_ms, is_postponed, unsure, maybe_twice, remote_id, created_ms, changed_ms, breaks, doubt
                   FROM job JOIN connector ON connector.no = connector_no";

const UPDATE: &str = "UPDATE job SET content = :content, at_ms = :at_ms, state = :state, wish = :wish,
                      attempts = :attempts, last_error = :last_error, next_try_ms = :next_try_ms,
                      failing_ms = :failing_ms, is_postponed = :is_postponed, unsure = :unsure,
                      maybe_twice = :maybe_twice, remote_id = :remote_id, changed_ms = :changed_ms, breaks = :breaks,
                      doubt = :doubt
                      WHERE no = :no";

fn state_code(state: JobState) -> Option<i64> {
    code(&STATES, &state)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let remote_id: Option<String> = row.get(14)?;
    Ok(Job {
        no: row.get(0)?,
        connector: row.get(1)?,
        key: RowKey(row.get(2)?),
        enrol_id: row.get(3)?,
        row: read_json(row, 4)?,
        state: coded(row, 5, &STATES)?,
        wish: coded(row, 6, &WISHES)?,
        attempts: row.get(7)?,
        last_error: row.get(8)?,
        next_try_ms: row.get(9)?,
        failing_ms: row.get(10)?,
        is_postponed: row.get(11)?,
        unsure: row.get(12)?,
        maybe_twice: row.get(13)?,
        remote_id: remote_id.and_then(|text| serde_json::from_str(&text).ok()),
        created_ms: row.get(15)?,
        changed_ms: row.get(16)?,
        breaks: row.get(17)?,
        doubt: row.get(18)?,
    })
}

#[async_trait]
impl Jobs for Sqlite {
    async fn add_jobs(&self, connector: &str, jobs: &[NewJob], now_ms: i64) -> Result<usize, StoreError> {
        let (name, jobs) = (connector.to_owned(), jobs.to_vec());
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(0) };
            let mut insert = writing.sql.prepare_cached(
                "INSERT INTO job (connector_no, key, enrol_id, at_ms, content, state, wish, attempts, last_error,
                 next_try_ms, is_postponed, created_ms, changed_ms)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?8, ?9, ?8, ?8
                 WHERE NOT EXISTS (SELECT 1 FROM job WHERE connector_no = ?1 AND key = ?2)",
            )?;
            let mut added = 0;
            for new in jobs {
                let job = new.into_job(0, &name, now_ms);
                let (state, content) = (state_code(job.state), json(&job.row)?);
                let values = (
                    no,
                    job.key.0,
                    job.enrol_id,
                    job.row.at_ms,
                    content,
                    state,
                    job.last_error,
                    now_ms,
                    job.is_postponed,
                );
                added += insert.execute(values)?;
            }
            Ok(added)
        })
        .await
    }

    async fn save_jobs(&self, jobs: &[Job]) -> Result<(), StoreError> {
        let jobs = jobs.to_vec();
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached(UPDATE)?;
            for job in &jobs {
                let remote_id = job.remote_id.as_ref().map(Value::to_string);
                update.execute(named_params! {
                    ":no": job.no, ":content": json(&job.row)?, ":at_ms": job.row.at_ms,
                    ":state": state_code(job.state), ":wish": code(&WISHES, &job.wish), ":attempts": job.attempts,
                    ":last_error": job.last_error, ":next_try_ms": job.next_try_ms, ":failing_ms": job.failing_ms,
                    ":is_postponed": job.is_postponed, ":unsure": job.unsure, ":maybe_twice": job.maybe_twice,
                    ":remote_id": remote_id, ":changed_ms": job.changed_ms,
                    ":breaks": job.breaks, ":doubt": job.doubt,
                })?;
            }
            Ok(())
        })
        .await
    }

    async fn move_job(&self, change: &JobMove) -> Result<bool, StoreError> {
        let JobMove { no, from, to, why, now_ms } = change.clone();
        self.write(move |writing| {
            let mut select = writing.sql.prepare_cached("SELECT state FROM job WHERE no = ?1")?;
            let state = select.query_row([no], |row| coded(row, 0, &STATES)).optional()?;
            if !state.is_some_and(|state| from.contains(&state)) {
                return Ok(false);
            }
            let mut update = writing.sql.prepare_cached(
                "UPDATE job SET state = ?2, changed_ms = ?3, next_try_ms = ?3, is_postponed = 0, attempts = 0,
                 failing_ms = NULL, breaks = 0, last_error = coalesce(?4, last_error) WHERE no = ?1",
            )?;
            Ok(update.execute((no, state_code(to), now_ms, why))? > 0)
        })
        .await
    }

    async fn due_jobs(&self, connector: &str, now_ms: i64, limit: usize) -> Result<Vec<Job>, StoreError> {
        let name = connector.to_owned();
        self.read(move |sql| {
            let Some(no) = connector_no(sql, &name)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(&format!(
                "{JOB} WHERE connector_no = ?1 AND state < 3 AND state < 2 AND next_try_ms <= ?2 AND enrol_id NOT IN
                     (SELECT enrol_id FROM job AS other WHERE other.connector_no = ?1 AND other.state < 3
                      AND other.is_postponed = 0 AND (other.state = 2 OR other.state = 1 AND other.next_try_ms > ?2))
                 ORDER BY at_ms, job.no LIMIT ?3"
            ))?;
            Ok(select.query_map((no, now_ms, limit), job)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn next_try_ms(&self, connector: &str, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let name = connector.to_owned();
        self.read(move |sql| {
            let Some(no) = connector_no(sql, &name)? else { return Ok(None) };
            let mut select = sql.prepare_cached(
                "SELECT min(next_try_ms) FROM job WHERE connector_no = ?1 AND state < 3 AND state < 2 AND next_try_ms > ?2",
            )?;
            Ok(select.query_row((no, now_ms), |row| row.get(0))?)
        })
        .await
    }

    async fn job(&self, no: i64) -> Result<Option<Job>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{JOB} WHERE job.no = ?1"))?;
            Ok(select.query_row([no], job).optional()?)
        })
        .await
    }

    async fn jobs(&self, filter: &JobFilter, before: Option<i64>, limit: usize) -> Result<Vec<Job>, StoreError> {
        let filter = filter.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{JOB} WHERE job.no < ?1 AND (?2 IS NULL OR connector.name = ?2) AND (?3 IS NULL OR state = ?3)
                 AND (?4 IS NULL OR enrol_id = ?4) AND (?5 = 0 OR maybe_twice IS NOT NULL) ORDER BY job.no DESC LIMIT ?6"
            ))?;
            let state = filter.state.and_then(state_code);
            let (before, enrol_id) = (before.unwrap_or(i64::MAX), filter.enrol_id.map(number));
            let values = (before, filter.connector, state, enrol_id, filter.only_maybe_twice, limit);
            Ok(select.query_map(values, job)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn person_jobs(&self, connector: &str, enrol_id: u64, from_ms: i64) -> Result<Vec<Job>, StoreError> {
        let name = connector.to_owned();
        self.read(move |sql| {
            let Some(no) = connector_no(sql, &name)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(&format!(
                "{JOB} WHERE connector_no = ?1 AND enrol_id = ?2 AND at_ms >= ?3 ORDER BY at_ms, job.no"
            ))?;
            Ok(select.query_map((no, enrol_id, from_ms), job)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn jobs_at(&self, connector: &str, rows: &BTreeSet<(u64, i64)>) -> Result<Vec<Job>, StoreError> {
        let (name, rows) = (connector.to_owned(), rows.clone());
        self.read(move |sql| {
            let Some(no) = connector_no(sql, &name)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(&format!(
                "{JOB} WHERE connector_no = ?1 AND enrol_id = ?2 AND at_ms = ?3 ORDER BY job.no"
            ))?;
            let mut found = Vec::new();
            for (enrol_id, at_ms) in rows {
                for job in select.query_map((no, enrol_id, at_ms), job)? {
                    found.push(job?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn job_of_remote(&self, connector: &str, remote_id: &Value) -> Result<Option<i64>, StoreError> {
        let (name, remote_id) = (connector.to_owned(), remote_id.to_string());
        self.read(move |sql| {
            let Some(no) = connector_no(sql, &name)? else { return Ok(None) };
            let mut select = sql.prepare_cached("SELECT no FROM job WHERE connector_no = ?1 AND remote_id = ?2")?;
            Ok(select.query_row((no, remote_id), |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn unpark(&self, connector: &str, now_ms: i64) -> Result<usize, StoreError> {
        let name = connector.to_owned();
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(0) };
            let mut update = writing.sql.prepare_cached(
                "UPDATE job SET state = 0, next_try_ms = ?2, changed_ms = ?2
                 WHERE connector_no = ?1 AND state < 3 AND state = 2 AND is_postponed = 0",
            )?;
            Ok(update.execute((no, now_ms))?)
        })
        .await
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(
                "SELECT name, state, count(*) FROM job JOIN connector ON connector.no = connector_no
                 GROUP BY connector_no, state ORDER BY name, state",
            )?;
            let count = |row: &Row<'_>| {
                Ok(JobCount { connector: row.get(0)?, state: coded(row, 1, &STATES)?, count: row.get(2)? })
            };
            Ok(select.query_map([], count)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn forget_jobs(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError> {
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached(
                "DELETE FROM job WHERE no IN (SELECT no FROM job WHERE state >= 3 AND changed_ms < ?1 LIMIT ?2)",
            )?;
            Ok(delete.execute((before_ms, limit))?)
        })
        .await
    }
}
