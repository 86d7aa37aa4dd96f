//! Terminals, and who is enrolled on them, in SQLite.

use async_trait::async_trait;
use rusqlite::OptionalExtension as _;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::Standing;

use super::codes::Column;
use super::punches::{Side, number};
use super::{Sqlite, Writing, failed};
use crate::store::StoreError;
use crate::store::terminals::{Enrolled, Terminal, Terminals, Told};

#[async_trait]
impl Terminals for Sqlite {
    async fn terminals(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Terminal>, StoreError> {
        let site = site.cloned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT body FROM terminal JOIN site ON site.no = site_no WHERE ?1 IS NULL OR site.id = ?1
                 ORDER BY site.id, serial LIMIT ?2",
            )?;
            let bodies = select.query_map((site.as_ref().map(SiteId::as_str), limit), |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }

    async fn enrolled(
        &self,
        terminal: &str,
        after: Option<(u64, i32)>,
        limit: usize,
    ) -> Result<Vec<Enrolled>, StoreError> {
        let terminal = terminal.to_owned();
        self.read(move |sql| {
            let (after_id, after_slot) = after.map_or((-1, i32::MIN), |(id, slot)| (number(id), slot));
            let mut select = sql.prepare_cached(
                "SELECT site.id, enrol_id, slot, enrolled.name, admin, told_ms FROM enrolled
                 JOIN site ON site.no = site_no WHERE terminal = ?1 AND (enrol_id, slot) > (?2, ?3)
                 ORDER BY enrol_id, slot, site.id LIMIT ?4",
            )?;
            let rows = select.query_map((&terminal, after_id, after_slot, limit), |row| {
                let Column(site) = row.get::<_, Column<SiteId>>(0)?;
                let (enrol_id, slot, name) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let terminal = terminal.clone();
                Ok(Enrolled { site, terminal, enrol_id, slot, name, admin: row.get(4)?, told_ms: row.get(5)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

impl Writing<'_> {
    /// Adds a word of a terminal.
    pub(super) fn merge_terminal(&mut self, Side(side): Side, told: &Terminal) -> Result<(), StoreError> {
        let (no, serial) = (self.keys.site(self.sql, &told.site)?, &told.state.terminal);
        let known: Option<String> = self
            .sql
            .prepare_cached(&format!("SELECT body FROM {side}terminal WHERE site_no = ?1 AND serial = ?2"))?
            .query_row((no, serial), |row| row.get(0))
            .optional()?;
        let mut merged = told.clone();
        if let Some(known) = known {
            merged = serde_json::from_str(&known).map_err(failed)?;
            merged.merge(told.clone());
        }
        let is_pending = merged.state.standing != Standing::Admitted;
        let body = serde_json::to_string(&merged).map_err(failed)?;
        let mut put =
            self.sql.prepare_cached(&format!("INSERT OR REPLACE INTO {side}terminal VALUES (?1, ?2, ?3, ?4, ?5)"))?;
        put.execute((no, serial, merged.told_ms, is_pending, body))?;
        Ok(())
    }

    /// Takes in who is enrolled: a stretch replaces what was told of it before, and nothing later.
    pub(super) fn hear_enrolled(&mut self, Side(side): Side, told: &Told) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, &told.site)?;
        if let Some(stretch) = told.stretch {
            let mut delete = self.sql.prepare_cached(&format!(
                "DELETE FROM {side}enrolled WHERE site_no = ?1 AND terminal = ?2 AND enrol_id BETWEEN ?3 AND ?4
                 AND told_ms <= ?5"
            ))?;
            delete.execute((no, &told.terminal, number(stretch.from), number(stretch.through), told.told_ms))?;
        }
        let mut put = self.sql.prepare_cached(&format!(
            "INSERT INTO {side}enrolled VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE
             SET name = coalesce(excluded.name, name), admin = coalesce(excluded.admin, admin),
             told_ms = excluded.told_ms WHERE excluded.told_ms >= told_ms"
        ))?;
        for row in &told.rows {
            let enrol_id = number(row.enrol_id);
            put.execute((no, &told.terminal, enrol_id, row.slot, &row.name, row.admin, told.told_ms))?;
        }
        Ok(())
    }
}
