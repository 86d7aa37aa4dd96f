//! Upkeep in SQLite: short deletes, each a transaction of its own.

use std::collections::{BTreeMap, btree_map};

use async_trait::async_trait;
use rusqlite::OptionalExtension as _;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::HostSample;
use vigie_shared::wire::{Lane, frame};

use super::codes::{BootColumn, lane_code};
use super::keys::site_no;
use super::projections::unreadable;
use super::{Sqlite, Writing, failed};
use crate::store::StoreError;
use crate::store::upkeep::{Class, HourlySample, Upkeep};

#[async_trait]
impl Upkeep for Sqlite {
    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        self.write(move |writing| match class {
            Class::Records(lane) => writing.forget_records(lane, before_ms, limit),
            Class::Metrics => writing.shrink_metrics(before_ms, limit),
            Class::HourlyMetrics => writing.forget_rows(HOURS, before_ms, limit),
            Class::Coverage => writing.forget_rows(COVERAGE, before_ms, limit),
            Class::PassingDevices => writing.forget_rows(PASSING, before_ms, limit),
            Class::Diary => writing.forget_rows(ENTRIES, before_ms, limit),
            Class::Credentials => {
                let credentials = writing.forget_rows(CREDENTIALS, before_ms, limit)?;
                Ok(credentials + writing.forget_rows(ENROLMENTS, before_ms, limit)?)
            }
        })
        .await
    }

    async fn hours(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<HourlySample>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let Some(no) = site_no(sql, &site)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(
                "SELECT body FROM metric_hour WHERE site_no = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms LIMIT ?4",
            )?;
            let bodies = select.query_map((no, from_ms, to_ms, limit), |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }
}

const HOURS: &str = "DELETE FROM metric_hour WHERE (site_no, at_ms) IN
    (SELECT site_no, at_ms FROM metric_hour WHERE at_ms < ?1 LIMIT ?2)";
const COVERAGE: &str = "DELETE FROM coverage WHERE (site_no, boot, from_ms, network) IN
    (SELECT site_no, boot, from_ms, network FROM coverage WHERE to_ms + believed_ms < ?1 LIMIT ?2)";
const PASSING: &str = "DELETE FROM device WHERE (site_no, id, boot) IN
    (SELECT site_no, id, boot FROM device WHERE kind = 1 AND last_seen_ms + believed_ms < ?1 LIMIT ?2)";
const ENTRIES: &str = "DELETE FROM entry WHERE no IN (SELECT no FROM entry WHERE at_ms < ?1 LIMIT ?2)";
const CREDENTIALS: &str = "DELETE FROM credential WHERE secret_sha256 IN
    (SELECT secret_sha256 FROM credential WHERE expires_ms < ?1 LIMIT ?2)";
const ENROLMENTS: &str = "DELETE FROM enrolment WHERE secret_sha256 IN
    (SELECT secret_sha256 FROM enrolment WHERE expires_ms < ?1 LIMIT ?2)";

impl Writing<'_> {
    fn forget_rows(&mut self, delete: &str, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        Ok(self.sql.prepare_cached(delete)?.execute((before_ms, limit))? as u64)
    }

    /// Puts the oldest samples into their hours.
    fn shrink_metrics(&mut self, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let old: Vec<(i64, BootColumn, i64, i64, HostSample)> = self
            .sql
            .prepare_cached(
                "SELECT site_no, boot, at_ms, at_ms + believed_ms, body FROM metric WHERE at_ms + believed_ms < ?1 LIMIT ?2",
            )?
            .query_map((before_ms, limit), |row| {
                let host = frame::open(row.get_ref(4)?.as_blob()?).map_err(unreadable)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, host))
            })?
            .collect::<Result<_, _>>()?;
        let mut hours: BTreeMap<(i64, i64), HourlySample> = BTreeMap::new();
        for (site_no, boot, at_ms, seen_ms, host) in &old {
            let key = (*site_no, HourlySample::hour_of(*seen_ms));
            let hour = match hours.entry(key) {
                btree_map::Entry::Occupied(known) => known.into_mut(),
                btree_map::Entry::Vacant(place) => place.insert(self.hour(key)?),
            };
            hour.absorb(host);
            let mut delete =
                self.sql.prepare_cached("DELETE FROM metric WHERE site_no = ?1 AND boot = ?2 AND at_ms = ?3")?;
            delete.execute((site_no, boot, at_ms))?;
        }
        for ((site_no, at_ms), hour) in hours {
            let body = serde_json::to_string(&hour).map_err(failed)?;
            let mut replace = self.sql.prepare_cached("INSERT OR REPLACE INTO metric_hour VALUES (?1, ?2, ?3)")?;
            replace.execute((site_no, at_ms, body))?;
        }
        Ok(old.len() as u64)
    }

    fn hour(&self, (site_no, at_ms): (i64, i64)) -> Result<HourlySample, StoreError> {
        let body: Option<String> = self
            .sql
            .prepare_cached("SELECT body FROM metric_hour WHERE site_no = ?1 AND at_ms = ?2")?
            .query_row((site_no, at_ms), |row| row.get(0))
            .optional()?;
        body.map_or(Ok(HourlySample::empty(at_ms)), |body| serde_json::from_str(&body).map_err(failed))
    }

    /// Forgets the oldest records of each queue of a lane; a queue's records are as old as their positions.
    fn forget_records(&mut self, lane: Lane, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let queues: Vec<(i64, u64)> = self
            .sql
            .prepare_cached("SELECT no, cursor.through FROM queue JOIN cursor ON queue_no = no WHERE lane = ?1")?
            .query_map([lane_code(lane)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut forgotten = 0;
        for (no, followed) in queues {
            let left = limit.saturating_sub(forgotten);
            if left == 0 {
                break;
            }
            // The oldest `left` records are looked at; those among them that are too old go.
            let mut delete = self.sql.prepare_cached(
                "DELETE FROM record WHERE queue_no = ?1 AND seq IN
                 (SELECT seq FROM (SELECT seq, received_ms FROM record WHERE queue_no = ?1 AND seq <= ?3
                  ORDER BY seq LIMIT ?4) WHERE received_ms < ?2)",
            )?;
            forgotten += delete.execute((no, before_ms, followed, left))?;
        }
        Ok(forgotten as u64)
    }
}
