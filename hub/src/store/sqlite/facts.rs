//! Facts in SQLite: the hot path.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::OptionalExtension as _;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Lane, frame};

use super::codes::{Column, REASONS, code, coded};
use super::{Sqlite, Writing, conflict_is, diary};
use crate::store::StoreError;
use crate::store::facts::{Arrival, Commit, Facts, Gap, QueueState, StoredRecord};

#[async_trait]
impl Facts for Sqlite {
    async fn queues(&self) -> Result<Vec<QueueState>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, queue.lane, queue.id, queue.through, queue.born_ms
                 FROM queue JOIN site ON site.no = queue.site_no ORDER BY queue.no",
            )?;
            let rows = select.query_map([], |row| {
                let (Column(site), Column(queue)) = (row.get(0)?, row.get(2)?);
                let lane = coded(row, 1, &Lane::ALL)?;
                Ok(QueueState { site, lane, queue, through: row.get(3)?, born_ms: row.get(4)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError> {
        self.write_first(move |writing| writing.add(&commit)).await
    }

    async fn record_crc(&self, site: &SiteId, queue: QueueId, seq: u64) -> Result<Option<u32>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let body: Option<Vec<u8>> = sql
                .prepare_cached(
                    "SELECT body FROM record WHERE seq = ?3 AND queue_no =
                     (SELECT queue.no FROM queue JOIN site ON site.no = site_no WHERE site.id = ?1 AND queue.id = ?2)",
                )?
                .query_row((site.as_str(), queue.0, seq), |row| row.get(0))
                .optional()?;
            Ok(body.map(|body| frame::crc(&body).unwrap_or(0)))
        })
        .await
    }

    async fn records(
        &self,
        site: &SiteId,
        queue: QueueId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT queue.lane, record.seq, record.received_ms, record.body
                 FROM site JOIN queue ON queue.site_no = site.no JOIN record ON record.queue_no = queue.no
                 WHERE site.id = ?1 AND queue.id = ?2 AND record.seq >= ?3 ORDER BY record.seq LIMIT ?4",
            )?;
            let rows = select.query_map((site.as_str(), queue.0, from, limit), |row| {
                let lane = coded(row, 0, &Lane::ALL)?;
                let (seq, received_ms) = (row.get(1)?, row.get(2)?);
                let bytes = Bytes::from(row.get::<_, Vec<u8>>(3)?);
                Ok(StoredRecord { site: site.clone(), lane, queue, seq, received_ms, bytes })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn gaps(&self, site: &SiteId) -> Result<Vec<Gap>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT queue.lane, queue.id, gap.first, gap.last, gap.reason, gap.noticed_ms
                 FROM gap JOIN queue ON queue.no = gap.queue_no JOIN site ON site.no = queue.site_no
                 WHERE site.id = ?1 ORDER BY gap.noticed_ms, queue.no, gap.first",
            )?;
            let rows = select.query_map([site.as_str()], |row| {
                let (lane, Column(queue)) = (coded(row, 0, &Lane::ALL)?, row.get(1)?);
                let (from, to, reason) = (row.get(2)?, row.get(3)?, coded(row, 4, &REASONS)?);
                Ok(Gap { site: site.clone(), lane, queue, from, to, reason, noticed_ms: row.get(5)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

impl Writing<'_> {
    fn add(&mut self, commit: &Commit) -> Result<(), StoreError> {
        for state in &commit.queues {
            let no = self.keys.queue(self.sql, &state.site, (state.lane, state.queue, state.born_ms))?;
            let mut update = self.sql.prepare_cached("UPDATE queue SET through = ?2 WHERE no = ?1")?;
            update.execute((no, state.through))?;
        }
        for arrival in &commit.arrivals {
            self.add_arrival(arrival, commit.received_ms)?;
        }
        for gap in &commit.gaps {
            let no = self.keys.queue(self.sql, &gap.site, (gap.lane, gap.queue, commit.received_ms))?;
            let mut insert = self.sql.prepare_cached("INSERT INTO gap VALUES (?1, ?2, ?3, ?4, ?5)")?;
            insert
                .execute((no, gap.from, gap.to, code(&REASONS, &gap.reason), gap.noticed_ms))
                .map_err(conflict_is(|| format!("the gap at position {} of queue {}", gap.from, gap.queue)))?;
        }
        commit.entries.iter().try_for_each(|entry| diary::write(self, entry, None))
    }

    fn add_arrival(&mut self, arrival: &Arrival, received_ms: i64) -> Result<(), StoreError> {
        let key = (arrival.lane, arrival.queue, received_ms);
        let no = self.keys.queue(self.sql, &arrival.site, key)?;
        let mut insert = self.sql.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4)")?;
        for (seq, record) in (arrival.start..).zip(&arrival.records) {
            insert
                .execute((no, seq, received_ms, record.as_ref()))
                .map_err(conflict_is(|| format!("position {seq} of queue {}", arrival.queue)))?;
        }
        Ok(())
    }
}
