//! Strips in SQLite: each row is one device's or network's day, its spans in a frame.

use async_trait::async_trait;
use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, named_params};
use vigie_shared::id::{BootId, SiteId};
use vigie_shared::wire::frame;

use super::codes::{Column, TRACES, code, coded};
use super::keys::site_no;
use super::projections::unreadable;
use super::punches::Side;
use super::{Sqlite, Writing};
use crate::presence::Strip;
use crate::presence::span::{Span, union};
use crate::store::StoreError;
use crate::store::presence::{Sights, StripFilter, StripPlace, Strips, Trace, by_day};
use crate::store::projections::Undated;

#[async_trait]
impl Strips for Sqlite {
    async fn strips(
        &self,
        filter: &StripFilter,
        after: Option<&StripPlace>,
        limit: usize,
    ) -> Result<Vec<Strip>, StoreError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.read(move |sql| {
            let site = match &filter.site {
                Some(site) => match site_no(sql, site)? {
                    Some(no) => Some(no),
                    None => return Ok(Vec::new()),
                },
                None => None,
            };
            // Two texts, so that each finds its index.
            let of_device = if filter.device.is_some() { "device = :device AND" } else { ":device IS NULL AND" };
            let mut select = sql.prepare_cached(&format!(
                "SELECT date, device, site.id, spans FROM strip JOIN site ON site.no = site_no
                 WHERE trace = :trace AND {of_device} date >= max(:from, :after_date) AND date <= :through
                 AND (date, device, site.id) > (:after_date, :after_device, :after_site)
                 AND (:site IS NULL OR site_no = :site) ORDER BY date, device, site.id LIMIT :limit"
            ))?;
            let place = after.map(|after| (after.date.to_string(), after.device, after.site.to_string()));
            let (after_date, after_device, after_site) = place.unwrap_or_default();
            let params = named_params! {
                ":trace": code(&TRACES, &filter.trace), ":device": filter.device, ":from": filter.from.to_string(),
                ":through": filter.through.to_string(), ":after_date": after_date, ":after_device": after_device,
                ":after_site": after_site, ":site": site, ":limit": limit,
            };
            let rows = select.query_map(params, |row| {
                let (Column(date), Column(site)) = (row.get(0)?, row.get(2)?);
                let spans = frame::open(row.get_ref(3)?.as_blob()?).map_err(unreadable)?;
                Ok(Strip { site, device: row.get(1)?, date, spans })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn add_sights(&self, sights: &[Sights]) -> Result<(), StoreError> {
        let sights = sights.to_vec();
        self.write(move |writing| {
            for one in &sights {
                writing.merge_sights(Side::LIVE, one, None)?;
                writing.merge_sights(Side::KEPT, one, None)?;
            }
            Ok(())
        })
        .await
    }
}

impl Writing<'_> {
    /// Unites sights with the strips of their days, or lets them wait for their boot's anchor.
    pub(super) fn merge_sights(
        &mut self,
        side: Side,
        sights: &Sights,
        undated: Option<Undated>,
    ) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, &sights.site)?;
        match undated {
            None => self.merge_dated(side, no, (sights.trace, &sights.device), &sights.spans),
            Some(undated) => self.let_wait(side, no, sights, undated),
        }
    }

    fn let_wait(&self, Side(side): Side, no: i64, sights: &Sights, undated: Undated) -> Result<(), StoreError> {
        let Sights { trace, device, spans, received_ms, .. } = sights;
        if self.erased_ms(no, device)?.is_some_and(|erased_ms| *received_ms < erased_ms) {
            return Ok(());
        }
        let mut insert = self.sql.prepare_cached(&format!(
            "INSERT INTO {side}waiting_sight VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"
        ))?;
        for Span { from_ms, to_ms, sources } in spans {
            let (from_ms, to_ms) = (from_ms - undated.believed_ms, to_ms - undated.believed_ms);
            let trace = code(&TRACES, trace);
            insert.execute((no, undated.boot.0, trace, device, from_ms, to_ms, sources, received_ms))?;
        }
        Ok(())
    }

    fn merge_dated(
        &self,
        Side(side): Side,
        no: i64,
        (trace, device): (Trace, &str),
        spans: &[Span],
    ) -> Result<(), StoreError> {
        let erased_ms = self.erased_ms(no, device)?.unwrap_or(i64::MIN);
        let spans: Vec<Span> = spans.iter().filter(|span| span.from_ms >= erased_ms).copied().collect();
        let mut select = self.sql.prepare_cached(&format!(
            "SELECT spans FROM {side}strip WHERE trace = ?1 AND date = ?2 AND device = ?3 AND site_no = ?4"
        ))?;
        let mut put =
            self.sql.prepare_cached(&format!("INSERT OR REPLACE INTO {side}strip VALUES (?1, ?2, ?3, ?4, ?5)"))?;
        for (date, mut spans) in by_day(&spans) {
            let key = (code(&TRACES, &trace), date.to_string(), device, no);
            let known = select
                .query_row(key.clone(), |row| frame::open::<Vec<Span>>(row.get_ref(0)?.as_blob()?).map_err(unreadable));
            spans.extend(known.optional()?.unwrap_or_default());
            put.execute((key.0, key.1, key.2, key.3, frame::seal(1, &union(spans))))?;
        }
        Ok(())
    }

    /// Before when nothing of a device may come back.
    pub(super) fn erased_ms(&self, no: i64, device: &str) -> Result<Option<i64>, StoreError> {
        let mut select =
            self.sql.prepare_cached("SELECT erased_ms FROM erased_device WHERE site_no = ?1 AND device = ?2")?;
        Ok(select.query_row((no, device), |row| row.get(0)).optional()?)
    }

    /// Moves sights that waited for a boot's anchor to the strips of their days.
    pub(super) fn date_sights(&mut self, no: i64, boot: BootId, began_ms: i64) -> Result<(), StoreError> {
        let mut select = self.sql.prepare_cached(
            "SELECT trace, device, from_ms, to_ms, sources FROM waiting_sight WHERE site_no = ?1 AND boot = ?2
             ORDER BY trace, device",
        )?;
        let rows = select.query_map((no, boot.0), |row| {
            let (trace, device): (Trace, String) = (coded(row, 0, &TRACES)?, row.get(1)?);
            let (from_ms, to_ms): (i64, i64) = (row.get(2)?, row.get(3)?);
            let (from_ms, to_ms) = (from_ms.saturating_add(began_ms), to_ms.saturating_add(began_ms));
            Ok(((trace, device), Span { from_ms, to_ms, sources: row.get(4)? }))
        })?;
        let waiting: Vec<((Trace, String), Span)> = rows.collect::<Result<_, _>>()?;
        for same in waiting.chunk_by(|(one, _), (other, _)| one == other) {
            let Some(((trace, device), _)) = same.first() else { continue };
            let spans: Vec<Span> = same.iter().map(|(_, span)| *span).collect();
            self.merge_dated(Side::LIVE, no, (*trace, device), &spans)?;
        }
        let mut delete = self.sql.prepare_cached("DELETE FROM waiting_sight WHERE site_no = ?1 AND boot = ?2")?;
        delete.execute((no, boot.0))?;
        Ok(())
    }

    /// Removes every trace of a device of before a moment, also from what settled records amount to.
    pub(super) fn erase_device(&mut self, site: &SiteId, device: &str, erased_ms: i64) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let mut mark = self.sql.prepare_cached(
            "INSERT INTO erased_device VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET erased_ms = max(erased_ms, excluded.erased_ms)",
        )?;
        mark.execute((no, device, erased_ms))?;
        for Side(side) in [Side::LIVE, Side::KEPT] {
            for table in ["waiting_sight", "device"] {
                let column = if table == "device" { "id" } else { "device" };
                let delete = format!("DELETE FROM {side}{table} WHERE site_no = ?1 AND {column} = ?2");
                self.sql.prepare_cached(&delete)?.execute((no, device))?;
            }
            self.cut_strips(Side(side), (no, device), erased_ms)?;
        }
        Ok(())
    }

    /// Removes what strips of a device say of before a moment.
    fn cut_strips(&self, Side(side): Side, (no, device): (i64, &str), before_ms: i64) -> Result<(), StoreError> {
        let of_device = format!("FROM {side}strip WHERE trace = 0 AND device = ?1 AND site_no = ?2");
        let mut select = self.sql.prepare_cached(&format!("SELECT date, spans {of_device}"))?;
        let rows = select.query_map((device, no), |row| {
            let (Column(date), spans): (Column<Date>, Vec<Span>) =
                (row.get(0)?, frame::open(row.get_ref(1)?.as_blob()?).map_err(unreadable)?);
            Ok((date, spans))
        })?;
        let strips: Vec<(Date, Vec<Span>)> = rows.collect::<Result<_, _>>()?;
        self.sql.prepare_cached(&format!("DELETE {of_device}"))?.execute((device, no))?;
        let mut put =
            self.sql.prepare_cached(&format!("INSERT OR REPLACE INTO {side}strip VALUES (0, ?1, ?2, ?3, ?4)"))?;
        for (date, mut spans) in strips {
            spans.retain(|span| span.from_ms >= before_ms);
            if !spans.is_empty() {
                put.execute((date.to_string(), device, no, frame::seal(1, &spans)))?;
            }
        }
        Ok(())
    }
}
