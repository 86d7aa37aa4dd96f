//! Settling in SQLite: records go, what they amount to stays in the `kept_` tables and in the hours of metrics.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use rusqlite::{Connection, OptionalExtension as _};
use vigie_shared::id::{BootId, SiteId};
use vigie_shared::wire::{Lane, frame};

use super::codes::{BootColumn, Column, lane_code};
use super::projections::dating;
use super::punches::Side;
use super::step::{DeviceTable, KEPT_CURSOR, LIVE_CURSOR};
use super::{Writing, failed};
use crate::store::StoreError;
use crate::store::facts::StoredRecord;
use crate::store::projections::{CoverageSpan, Derived, DeviceKind, MetricSample, Step, Undated};
use crate::store::upkeep::HourlySample;

/// Samples' hours by site key and beginning.
type Hours = BTreeMap<(i64, i64), HourlySample>;

/// The oldest records of the first queue that has any to settle.
pub(super) fn ripe(
    sql: &Connection,
    lane: Lane,
    before_ms: i64,
    limit: usize,
) -> Result<Vec<StoredRecord>, StoreError> {
    let mut queues = sql.prepare_cached(
        "SELECT queue.no, site.id, queue.id, cursor.through FROM queue
         JOIN cursor ON queue_no = queue.no JOIN site ON site.no = site_no WHERE lane = ?1 ORDER BY queue.no",
    )?;
    let mut records = sql.prepare_cached(
        "SELECT seq, received_ms, body FROM record WHERE queue_no = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = queues.query([lane_code(lane)])?;
    while let Some(row) = rows.next()? {
        let (Column(site), Column(queue)) = (row.get::<_, Column<SiteId>>(1)?, row.get(2)?);
        let oldest = records.query_map((row.get::<_, i64>(0)?, row.get::<_, u64>(3)?, limit), |record| {
            let body: Vec<u8> = record.get(2)?;
            let (seq, received_ms) = (record.get(0)?, record.get(1)?);
            Ok(StoredRecord { site: site.clone(), lane, queue, seq, received_ms, bytes: body.into() })
        })?;
        // A queue's records are as old as their positions.
        let due = oldest.take_while(|record| record.as_ref().is_ok_and(|record| record.received_ms < before_ms));
        let due: Vec<StoredRecord> = due.collect::<Result<_, _>>()?;
        if !due.is_empty() {
            return Ok(due);
        }
    }
    Ok(Vec::new())
}

impl Writing<'_> {
    /// Removes the records that `rest` is what they amount to, and keeps `rest`; nothing if the projector stands
    /// below them.
    pub(super) fn settle(&mut self, rest: &Step) -> Result<u64, StoreError> {
        let Some(Derived { value: at, .. }) = rest.cursors.last() else { return Ok(0) };
        let no = self.keys.queue(self.sql, &at.site, (at.lane, at.queue, 0))?;
        let followed: Option<u64> = self
            .sql
            .prepare_cached(&format!("SELECT through FROM {LIVE_CURSOR} WHERE queue_no = ?1"))?
            .query_row([no], |row| row.get(0))
            .optional()?;
        if followed.unwrap_or(0) < at.through {
            return Ok(0);
        }
        let mut delete = self.sql.prepare_cached("DELETE FROM record WHERE queue_no = ?1 AND seq <= ?2")?;
        let forgotten = delete.execute((no, at.through))? as u64;
        self.keep(rest)?;
        self.shrink_samples(&rest.metrics)?;
        for Derived { value: (site, span), undated } in &rest.coverage {
            self.drop_span(site, span, *undated)?;
        }
        Ok(forgotten)
    }

    fn keep(&mut self, rest: &Step) -> Result<(), StoreError> {
        for device in rest.devices.iter().filter(|device| device.value.kind != DeviceKind::Passing) {
            self.merge_device(DeviceTable::KEPT, &device.value, device.undated)?;
        }
        for Derived { value: sights, undated } in &rest.sights {
            self.merge_sights(Side::KEPT, sights, *undated)?;
        }
        for Derived { value: told, undated } in &rest.punches {
            self.merge_punch(Side::KEPT, told, *undated)?;
        }
        rest.terminals.iter().try_for_each(|told| self.merge_terminal(Side::KEPT, told))?;
        rest.enrolled.iter().try_for_each(|told| self.hear_enrolled(Side::KEPT, told))?;
        rest.machines.iter().try_for_each(|told| self.hear_machine(Side::KEPT, told))?;
        for cursor in &rest.cursors {
            self.move_cursor(KEPT_CURSOR, &cursor.value, cursor.undated)?;
        }
        for anchor in &rest.anchors {
            let no = self.keys.site(self.sql, &anchor.site)?;
            let insert = "INSERT INTO kept_anchor VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            self.sql.prepare_cached(insert)?.execute((no, anchor.boot.0, anchor.began_ms))?;
        }
        Ok(())
    }

    /// Puts samples into their hours.
    fn shrink_samples(&mut self, samples: &[Derived<(SiteId, MetricSample)>]) -> Result<(), StoreError> {
        let mut hours = Hours::new();
        for Derived { value: (site, sample), undated } in samples {
            let (no, boot, shift_ms) = self.place(site, *undated)?;
            let body = frame::seal(1, &sample.host);
            let delete = "DELETE FROM metric WHERE site_no = ?1 AND boot = ?2 AND at_ms = ?3 AND body = ?4
                          RETURNING at_ms + believed_ms";
            let shown_ms: Option<i64> = self
                .sql
                .prepare_cached(delete)?
                .query_row((no, boot, sample.at_ms + shift_ms, body), |row| row.get(0))
                .optional()?;
            let Some(shown_ms) = shown_ms else { continue };
            let key = (no, HourlySample::hour_of(shown_ms));
            let hour = match hours.entry(key) {
                btree_map::Entry::Occupied(known) => known.into_mut(),
                btree_map::Entry::Vacant(place) => place.insert(self.hour(key)?),
            };
            hour.absorb(&sample.host);
        }
        for ((site_no, at_ms), hour) in hours {
            let body = serde_json::to_string(&hour).map_err(failed)?;
            let mut replace = self.sql.prepare_cached("INSERT OR REPLACE INTO metric_hour VALUES (?1, ?2, ?3)")?;
            replace.execute((site_no, at_ms, body))?;
        }
        Ok(())
    }

    fn hour(&self, (site_no, at_ms): (i64, i64)) -> Result<HourlySample, StoreError> {
        let body: Option<String> = self
            .sql
            .prepare_cached("SELECT body FROM metric_hour WHERE site_no = ?1 AND at_ms = ?2")?
            .query_row((site_no, at_ms), |row| row.get(0))
            .optional()?;
        body.map_or(Ok(HourlySample::empty(at_ms)), |body| serde_json::from_str(&body).map_err(failed))
    }

    fn drop_span(&mut self, site: &SiteId, span: &CoverageSpan, undated: Option<Undated>) -> Result<(), StoreError> {
        let (no, boot, shift_ms) = self.place(site, undated)?;
        let mut delete = self.sql.prepare_cached(
            "DELETE FROM coverage WHERE site_no = ?1 AND boot = ?2 AND from_ms = ?3 AND network = ?4 AND to_ms = ?5
             AND blind IS ?6",
        )?;
        let (from_ms, to_ms) = (span.from_ms + shift_ms, span.to_ms + shift_ms);
        delete.execute((no, boot, from_ms, &span.network, to_ms, &span.blind))?;
        Ok(())
    }

    /// Where a projection keeps what a record said: the site's key, the boot that it still waits for, and what
    /// its times are moved by.
    fn place(&mut self, site: &SiteId, undated: Option<Undated>) -> Result<(i64, BootColumn, i64), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let began_ms = match undated {
            Some(undated) => self.anchor(no, undated.boot)?,
            None => None,
        };
        let (boot, believed_ms) = dating(undated);
        Ok(match began_ms {
            Some(began_ms) => (no, BootColumn(None), began_ms - believed_ms),
            None => (no, boot, -believed_ms),
        })
    }

    /// Forgets every projection and begins again with what settled records amount to.
    pub(super) fn forget_projections(&mut self) -> Result<(), StoreError> {
        let tables = [
            "device",
            "metric",
            "coverage",
            "anchor",
            "cursor",
            "holding",
            "punch",
            "terminal",
            "enrolled",
            "strip",
            "waiting_sight",
            "machine",
            "machine_hour",
            "machine_day",
        ];
        let all: String = tables.iter().map(|table| format!("DELETE FROM {table};")).collect();
        self.sql.execute_batch(&all)?;
        let kept = [
            "device",
            "anchor",
            "cursor",
            "terminal",
            "enrolled",
            "strip",
            "waiting_sight",
            "machine",
            "machine_hour",
            "machine_day",
        ];
        let all: String = kept.iter().map(|table| format!("INSERT INTO {table} SELECT * FROM kept_{table};")).collect();
        self.sql.execute_batch(&all)?;
        self.restore_punches()?;
        for (site, boot) in self.waiting_boots()? {
            self.date(&site, boot)?;
        }
        Ok(())
    }

    fn waiting_boots(&self) -> Result<BTreeSet<(SiteId, BootId)>, StoreError> {
        let mut select = self.sql.prepare_cached(
            "SELECT site.id, boot FROM device JOIN site ON site.no = site_no WHERE boot <> x''
             UNION SELECT site.id, boot FROM punch JOIN site ON site.no = site_no WHERE boot <> x''
             UNION SELECT site.id, boot FROM waiting_sight JOIN site ON site.no = site_no
             UNION SELECT site.id, boot FROM cursor JOIN queue ON queue.no = queue_no JOIN site ON site.no = site_no
             WHERE boot <> x''",
        )?;
        let rows = select.query_map([], |row| {
            let (Column(site), Column(boot)) = (row.get(0)?, row.get(1)?);
            Ok((site, boot))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
