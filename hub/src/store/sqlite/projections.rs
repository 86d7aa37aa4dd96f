//! Projections in SQLite. Rows that wait for an anchor carry their boot, see the comment in the migration.

use async_trait::async_trait;
use rusqlite::{Connection, Row};
use vigie_shared::id::{BootId, SiteId};
use vigie_shared::wire::{Lane, frame};

use super::codes::{BootColumn, Column, DEVICE_KINDS, coded};
use super::keys::site_no;
use super::{Sqlite, step};
use crate::store::StoreError;
use crate::store::projections::{CoverageSpan, Cursor, Device, MetricSample, Projections, Step};

#[async_trait]
impl Projections for Sqlite {
    async fn cursors(&self) -> Result<Vec<Cursor>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, queue.lane, queue.id, cursor.through, cursor.complete_ms + cursor.believed_ms
                 FROM cursor JOIN queue ON queue.no = queue_no JOIN site ON site.no = site_no ORDER BY queue_no",
            )?;
            let rows = select.query_map([], |row| {
                let (Column(site), Column(queue)) = (row.get(0)?, row.get(2)?);
                let lane = coded(row, 1, &Lane::ALL)?;
                Ok(Cursor { site, lane, queue, through: row.get(3)?, complete_ms: row.get(4)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn apply(&self, step: Step) -> Result<(), StoreError> {
        self.write(move |writing| step::apply(writing, &step)).await
    }

    async fn forget_projections(&self) -> Result<(), StoreError> {
        self.write(|writing| writing.forget_projections()).await
    }

    async fn anchors(&self, site: &SiteId) -> Result<Vec<(BootId, i64)>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let Some(no) = site_no(sql, &site)? else { return Ok(Vec::new()) };
            let mut select =
                sql.prepare_cached("SELECT boot, began_ms FROM anchor WHERE site_no = ?1 ORDER BY boot")?;
            let rows = select.query_map([no], |row| {
                let Column(boot) = row.get(0)?;
                Ok((boot, row.get(1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn devices(
        &self,
        site: Option<&SiteId>,
        after: Option<(SiteId, String)>,
        limit: usize,
    ) -> Result<Vec<Device>, StoreError> {
        let site = site.cloned();
        self.read(move |sql| devices(sql, site.as_ref(), after.as_ref(), limit)).await
    }

    async fn metrics(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<MetricSample>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let Some(no) = site_no(sql, &site)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(
                "SELECT at_ms AS at, 1 AS is_dated, body FROM metric
                 WHERE site_no = ?1 AND boot = x'' AND at_ms >= ?2 AND at_ms < ?3
                 UNION ALL
                 SELECT at_ms + believed_ms AS at, 0, body FROM metric
                 WHERE site_no = ?1 AND boot > x'' AND at >= ?2 AND at < ?3
                 ORDER BY at, is_dated DESC, body LIMIT ?4",
            )?;
            let rows = select.query_map((no, from_ms, to_ms, limit), |row| {
                let host = frame::open(row.get_ref(2)?.as_blob()?).map_err(unreadable)?;
                Ok(MetricSample { at_ms: row.get(0)?, is_dated: row.get(1)?, host })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn coverage(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<CoverageSpan>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let Some(no) = site_no(sql, &site)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(
                "SELECT network, from_ms + believed_ms AS began, to_ms + believed_ms AS ended, blind FROM coverage
                 WHERE site_no = ?1 AND ended > ?2 AND began < ?3 ORDER BY began, network, ended, blind LIMIT ?4",
            )?;
            let rows = select.query_map((no, from_ms, to_ms, limit), |row| {
                let (network, from_ms, to_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(CoverageSpan { network, from_ms, to_ms, blind: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// One page of devices; a device's dated row and the rows that wait for an anchor are one device.
fn devices(
    sql: &Connection,
    site: Option<&SiteId>,
    after: Option<&(SiteId, String)>,
    limit: usize,
) -> Result<Vec<Device>, StoreError> {
    let first = after.map_or("", |(site, _)| site.as_str());
    // Sites without a device are not asked one by one.
    let mut select = sql.prepare_cached(
        "SELECT no, id FROM site WHERE id >= ?1 AND (?2 IS NULL OR id = ?2)
         AND EXISTS (SELECT 1 FROM device WHERE site_no = site.no) ORDER BY id",
    )?;
    let sites = select.query_map((first, site.map(SiteId::as_str)), |row| {
        let Column(id) = row.get(1)?;
        Ok((row.get::<_, i64>(0)?, id))
    })?;
    let mut page: Vec<Device> = Vec::new();
    for row in sites {
        let (no, id): (i64, SiteId) = row?;
        let after_id = after.filter(|(site, _)| *site == id).map_or("", |(_, device)| device);
        let mut select =
            sql.prepare_cached(&format!("{DEVICE_SEEN} WHERE site_no = ?1 AND id > ?2 ORDER BY id, boot"))?;
        for device in select.query_map((no, after_id), |row| device_of(row, &id))? {
            let (device, is_full) = (device?, page.len() == limit);
            match page.last_mut() {
                Some(last) if last.site == device.site && last.id == device.id => last.merge(&device),
                _ if is_full => return Ok(page),
                _ => page.push(device),
            }
        }
    }
    Ok(page)
}

/// A row as it lies in the table.
pub(super) const DEVICE_ROW: &str =
    "SELECT id, kind, ip, name, first_seen_ms, last_seen_ms, sightings, sources, flags FROM";

/// A row with the times that are believed until it is dated.
const DEVICE_SEEN: &str = "SELECT id, kind, ip, name, first_seen_ms + believed_ms, last_seen_ms + believed_ms,
                           sightings, sources, flags FROM device";

pub(super) fn device_of(row: &Row<'_>, site: &SiteId) -> rusqlite::Result<Device> {
    Ok(Device {
        site: site.clone(),
        id: row.get(0)?,
        kind: coded(row, 1, &DEVICE_KINDS)?,
        ip: row.get(2)?,
        name: row.get(3)?,
        first_seen_ms: row.get(4)?,
        last_seen_ms: row.get(5)?,
        sightings: row.get(6)?,
        sources: row.get(7)?,
        flags: row.get(8)?,
    })
}

/// The two columns that say whether a row is dated.
pub(super) fn dating(undated: Option<crate::store::projections::Undated>) -> (BootColumn, i64) {
    (BootColumn(undated.map(|undated| undated.boot)), undated.map_or(0, |undated| undated.believed_ms))
}

/// A body that does not decode, as an error of its column.
pub(super) fn unreadable(error: frame::FrameError) -> rusqlite::Error {
    rusqlite::types::FromSqlError::other(error).into()
}
