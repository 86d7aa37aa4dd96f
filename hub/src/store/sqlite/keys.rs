//! Integer keys of sites and queues, remembered by the writer; and the check that the key file is the right one.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use super::codes::lane_code;
use crate::store::vault::Vault;

/// Keys that a look-up found, most of all for the ingest.
#[derive(Default)]
pub(super) struct Keys {
    sites: BTreeMap<SiteId, i64>,
    queues: BTreeMap<(i64, QueueId), i64>,
}

impl Keys {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The key of a site, made if it is new.
    pub(super) fn site(&mut self, sql: &Transaction<'_>, site: &SiteId) -> rusqlite::Result<i64> {
        if let Some(no) = self.sites.get(site) {
            return Ok(*no);
        }
        sql.prepare_cached("INSERT INTO site (id) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([site.as_str()])?;
        let no = site_no(sql, site)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.sites.insert(site.clone(), no);
        Ok(no)
    }

    /// The key of a queue, made if it is new.
    pub(super) fn queue(
        &mut self,
        sql: &Transaction<'_>,
        site: &SiteId,
        (lane, queue, born_ms): (Lane, QueueId, i64),
    ) -> rusqlite::Result<i64> {
        let site_no = self.site(sql, site)?;
        if let Some(no) = self.queues.get(&(site_no, queue)) {
            return Ok(*no);
        }
        sql.prepare_cached(
            "INSERT INTO queue (site_no, lane, id, through, born_ms) VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute((site_no, lane_code(lane), queue.0, born_ms))?;
        let no = sql
            .prepare_cached("SELECT no FROM queue WHERE site_no = ?1 AND id = ?2")?
            .query_row((site_no, queue.0), |row| row.get(0))?;
        self.queues.insert((site_no, queue), no);
        Ok(no)
    }
}

/// The key of a site, if the store has heard of it.
pub(super) fn site_no(sql: &Connection, site: &SiteId) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached("SELECT no FROM site WHERE id = ?1")?.query_row([site.as_str()], |row| row.get(0)).optional()
}

const PURPOSE: &str = "key check";

/// Checks that the key file is the one that sealed this database's secrets.
pub(super) fn check(connection: &Connection, vault: &Vault) -> anyhow::Result<()> {
    let sealed: Option<Vec<u8>> =
        connection.query_row("SELECT sealed FROM key_check", [], |row| row.get(0)).optional()?;
    match sealed {
        Some(sealed) => vault.open_sealed(PURPOSE, &sealed).map(drop),
        None => {
            connection.execute("INSERT INTO key_check VALUES (1, ?1)", [vault.seal(PURPOSE, b"vigie")])?;
            Ok(())
        }
    }
}
