//! Who owned what when, in SQLite.

use rusqlite::{Connection, Row};
use vigie_shared::id::SiteId;

use super::super::Writing;
use super::super::codes::{COUNTS, code, coded};
use crate::presence::Ownership;
use crate::store::StoreError;
use crate::store::presence::OwnershipFilter;

pub(super) fn ownerships(sql: &Connection, filter: &OwnershipFilter) -> Result<Vec<Ownership>, StoreError> {
    let mut select = sql.prepare_cached(
        "SELECT site, device, from_ms, to_ms, person, counts, grace_min FROM ownership
         WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR device = ?2) AND (?3 IS NULL OR person = ?3)
         ORDER BY site, device, from_ms",
    )?;
    let rows =
        select.query_map((filter.site.as_ref().map(SiteId::as_str), &filter.device, &filter.person), ownership)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn ownership(row: &Row<'_>) -> rusqlite::Result<Ownership> {
    // An empty site is none.
    let site = row.get::<_, String>(0)?.parse().ok();
    Ok(Ownership {
        site,
        device: row.get(1)?,
        from_ms: row.get(2)?,
        to_ms: row.get(3)?,
        person: row.get(4)?,
        counts: coded(row, 5, &COUNTS)?,
        grace_min: row.get(6)?,
    })
}

impl Writing<'_> {
    /// Whether the device has an owner at any time of this ownership; `only_later` does not count who owns it when it
    /// begins.
    pub(super) fn has_owner(&self, wanted: &Ownership, only_later: bool) -> Result<bool, StoreError> {
        let Ownership { site, device, from_ms, to_ms, .. } = wanted;
        let mut select = self.sql.prepare_cached(
            "SELECT count(*) FROM ownership WHERE site = ?1 AND device = ?2 AND from_ms < ?4
             AND (from_ms > ?3 OR ?5 = 0) AND (to_ms IS NULL OR to_ms > ?3)",
        )?;
        let site = site.as_ref().map_or("", SiteId::as_str);
        let params = (site, device, from_ms, to_ms.unwrap_or(i64::MAX), only_later);
        Ok(select.query_row(params, |row| row.get::<_, i64>(0))? > 0)
    }

    pub(super) fn own(&mut self, ownership: &Ownership) -> Result<bool, StoreError> {
        if self.has_owner(ownership, false)? {
            return Ok(false);
        }
        let Ownership { site, device, from_ms, to_ms, person, counts, grace_min } = ownership;
        self.sql.prepare_cached("INSERT INTO ownership VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
            site.as_ref().map_or("", SiteId::as_str),
            device,
            from_ms,
            to_ms,
            person,
            code(&COUNTS, counts),
            grace_min,
        ))?;
        Ok(true)
    }

    /// Ends who owns a device at a moment.
    pub(super) fn end_ownership(
        &mut self,
        site: Option<&SiteId>,
        device: &str,
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let key = (site.map_or("", SiteId::as_str), device, at_ms);
        let mut remove =
            self.sql.prepare_cached("DELETE FROM ownership WHERE site = ?1 AND device = ?2 AND from_ms = ?3")?;
        let mut end = self.sql.prepare_cached(
            "UPDATE ownership SET to_ms = ?3 WHERE site = ?1 AND device = ?2 AND from_ms < ?3
             AND (to_ms IS NULL OR to_ms > ?3)",
        )?;
        Ok(remove.execute(key)? + end.execute(key)? > 0)
    }
}
