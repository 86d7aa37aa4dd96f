//! Applies one step of the projector, and dates what an anchor allows.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension as _;
use vigie_shared::id::{BootId, SiteId};
use vigie_shared::wire::frame;

use super::codes::{DEVICE_KINDS, code};
use super::projections::{DEVICE_ROW, dating, device_of};
use super::punches::Side;
use super::{Writing, commands, diary, media, releases};
use crate::store::StoreError;
use crate::store::projections::{CoverageSpan, Cursor, Derived, Device, MetricSample, Step, Undated};

/// The table of how far the projector has followed each queue.
pub(super) const LIVE_CURSOR: &str = "cursor";

/// The table of how far each queue's records are settled.
pub(super) const KEPT_CURSOR: &str = "kept_cursor";

/// A table of devices.
#[derive(Clone, Copy)]
pub(super) struct DeviceTable(&'static str);

impl DeviceTable {
    /// What people see.
    pub(super) const LIVE: Self = Self("device");

    /// What settled records amount to.
    pub(super) const KEPT: Self = Self("kept_device");
}

/// Adds the step's rows, then dates those whose boot has an anchor.
pub(super) fn apply(writing: &mut Writing<'_>, step: &Step) -> Result<(), StoreError> {
    let mut boots: BTreeSet<(&SiteId, BootId)> = BTreeSet::new();
    let mut waits = |site, undated: Option<Undated>| {
        boots.extend(undated.map(|undated| (site, undated.boot)));
    };
    for device in &step.devices {
        waits(&device.value.site, device.undated);
        writing.merge_device(DeviceTable::LIVE, &device.value, device.undated)?;
    }
    for Derived { value: (site, sample), undated } in &step.metrics {
        waits(site, *undated);
        writing.add_sample(site, sample, *undated)?;
    }
    for Derived { value: (site, span), undated } in &step.coverage {
        waits(site, *undated);
        writing.add_coverage(site, span, *undated)?;
    }
    for Derived { value: cursor, undated } in &step.cursors {
        waits(&cursor.site, *undated);
        writing.move_cursor(LIVE_CURSOR, cursor, *undated)?;
    }
    for Derived { value: told, undated } in &step.media {
        waits(&told.site, *undated);
        media::hear(writing, told, *undated)?;
    }
    for Derived { value: sights, undated } in &step.sights {
        waits(&sights.site, *undated);
        writing.merge_sights(Side::LIVE, sights, *undated)?;
    }
    for Derived { value: told, undated } in &step.punches {
        waits(&told.punch.site, *undated);
        writing.merge_punch(Side::LIVE, told, *undated)?;
    }
    step.terminals.iter().try_for_each(|told| writing.merge_terminal(Side::LIVE, told))?;
    step.enrolled.iter().try_for_each(|told| writing.hear_enrolled(Side::LIVE, told))?;
    step.machines.iter().try_for_each(|told| writing.hear_machine(Side::LIVE, told))?;
    for anchor in &step.anchors {
        boots.insert((&anchor.site, anchor.boot));
        let no = writing.keys.site(writing.sql, &anchor.site)?;
        let mut insert = writing.sql.prepare_cached("INSERT INTO anchor VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
        insert.execute((no, anchor.boot.0, anchor.began_ms))?;
    }
    for (site, boot) in boots {
        writing.date(site, boot)?;
    }
    step.software.iter().try_for_each(|told| releases::hear(writing, told))?;
    step.outcomes.iter().try_for_each(|told| commands::hear(writing, told))?;
    step.entries.iter().try_for_each(|origin| diary::write(writing, &origin.entry, Some((origin.queue, origin.seq))))
}

impl Writing<'_> {
    pub(super) fn merge_device(
        &mut self,
        DeviceTable(table): DeviceTable,
        device: &Device,
        undated: Option<Undated>,
    ) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, &device.site)?;
        let (boot, believed_ms) = dating(undated);
        let mut merged = device.clone();
        if self.erased_ms(no, &merged.id)?.is_some_and(|erased_ms| merged.last_seen_ms < erased_ms) {
            return Ok(());
        }
        // Rows that wait count from the boot's beginning.
        merged.shift(-believed_ms);
        let known = self
            .sql
            .prepare_cached(&format!("{DEVICE_ROW} {table} WHERE site_no = ?1 AND id = ?2 AND boot = ?3"))?
            .query_row((no, &device.id, boot), |row| device_of(row, &device.site))
            .optional()?;
        if let Some(mut known) = known {
            known.merge(&merged);
            merged = known;
        }
        let mut replace = self.sql.prepare_cached(&format!(
            "INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ))?;
        let Device { id, kind, ip, name, first_seen_ms, last_seen_ms, sightings, sources, flags, .. } = merged;
        let kind = code(&DEVICE_KINDS, &kind);
        replace.execute(rusqlite::params![
            no,
            id,
            boot,
            believed_ms,
            kind,
            ip,
            name,
            first_seen_ms,
            last_seen_ms,
            sightings,
            sources,
            flags
        ])?;
        Ok(())
    }

    fn add_sample(&mut self, site: &SiteId, sample: &MetricSample, undated: Option<Undated>) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let (boot, believed_ms) = dating(undated);
        self.sql
            .prepare_cached(
                "INSERT INTO metric VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET body = max(body, excluded.body), believed_ms = excluded.believed_ms",
            )?
            .execute((no, boot, sample.at_ms - believed_ms, believed_ms, frame::seal(1, &sample.host)))?;
        Ok(())
    }

    fn add_coverage(&mut self, site: &SiteId, span: &CoverageSpan, undated: Option<Undated>) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let (boot, believed_ms) = dating(undated);
        let CoverageSpan { network, from_ms, to_ms, blind } = span;
        self.sql
            .prepare_cached(&format!("INSERT INTO coverage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) {GREATER_SPAN}"))?
            .execute((no, boot, from_ms - believed_ms, network, to_ms - believed_ms, blind, believed_ms))?;
        Ok(())
    }

    pub(super) fn move_cursor(
        &mut self,
        table: &str,
        cursor: &Cursor,
        undated: Option<Undated>,
    ) -> Result<(), StoreError> {
        let no = self.keys.queue(self.sql, &cursor.site, (cursor.lane, cursor.queue, 0))?;
        let (boot, believed_ms) = dating(undated);
        let how = match cursor.complete_ms {
            None => "SET through = excluded.through",
            Some(_) => {
                "SET through = excluded.through, complete_ms = excluded.complete_ms, boot = excluded.boot,
                 believed_ms = excluded.believed_ms"
            }
        };
        let complete_ms = cursor.complete_ms.map(|at_ms| at_ms - believed_ms);
        let put = format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE {how}");
        self.sql.prepare_cached(&put)?.execute((no, cursor.through, complete_ms, boot, believed_ms))?;
        Ok(())
    }

    /// When a boot began, if its anchor is known.
    pub(super) fn anchor(&self, site_no: i64, boot: BootId) -> Result<Option<i64>, StoreError> {
        let mut select = self.sql.prepare_cached("SELECT began_ms FROM anchor WHERE site_no = ?1 AND boot = ?2")?;
        Ok(select.query_row((site_no, boot.0), |row| row.get(0)).optional()?)
    }

    /// Moves everything of a boot to its true time, if an anchor is known.
    pub(super) fn date(&mut self, site: &SiteId, boot: BootId) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let Some(began_ms) = self.anchor(no, boot)? else { return Ok(()) };
        self.date_devices(site, no, (boot, began_ms))?;
        self.date_punches(site, boot, began_ms)?;
        self.date_sights(no, boot, began_ms)?;
        let of_boot = (no, boot.0, began_ms);
        self.sql
            .prepare_cached(
                "INSERT INTO metric SELECT site_no, x'', at_ms + ?3, 0, body FROM metric
                 WHERE site_no = ?1 AND boot = ?2 ON CONFLICT DO UPDATE SET body = max(body, excluded.body)",
            )?
            .execute(of_boot)?;
        self.sql
            .prepare_cached(&format!(
                "INSERT INTO coverage SELECT site_no, x'', from_ms + ?3, network, to_ms + ?3, blind, 0 FROM coverage
                 WHERE site_no = ?1 AND boot = ?2 {GREATER_SPAN}"
            ))?
            .execute(of_boot)?;
        self.sql
            .prepare_cached(
                "UPDATE cursor SET complete_ms = complete_ms + ?3, boot = x'', believed_ms = 0
                 WHERE boot = ?2 AND queue_no IN (SELECT no FROM queue WHERE site_no = ?1)",
            )?
            .execute(of_boot)?;
        self.sql
            .prepare_cached(
                "UPDATE holding SET told_ms = told_ms + ?3, boot = x'', believed_ms = 0
                 WHERE site_no = ?1 AND boot = ?2",
            )?
            .execute(of_boot)?;
        for table in ["device", "metric", "coverage"] {
            let delete = format!("DELETE FROM {table} WHERE site_no = ?1 AND boot = ?2 AND boot <> x''");
            self.sql.prepare_cached(&delete)?.execute((no, boot.0))?;
        }
        Ok(())
    }

    fn date_devices(&mut self, site: &SiteId, no: i64, (boot, began_ms): (BootId, i64)) -> Result<(), StoreError> {
        let waiting: Vec<Device> = self
            .sql
            .prepare_cached(&format!("{DEVICE_ROW} device WHERE site_no = ?1 AND boot = ?2 AND boot <> x''"))?
            .query_map((no, boot.0), |row| device_of(row, site))?
            .collect::<Result<_, _>>()?;
        for mut device in waiting {
            device.shift(began_ms);
            self.merge_device(DeviceTable::LIVE, &device, None)?;
        }
        Ok(())
    }
}

/// Of two spans of one network that begin together, the later and then the greater one stays.
const GREATER_SPAN: &str = "ON CONFLICT DO UPDATE SET to_ms = excluded.to_ms, blind = excluded.blind,
    believed_ms = excluded.believed_ms
    WHERE (excluded.to_ms, coalesce(excluded.blind, '')) > (to_ms, coalesce(blind, ''))";
