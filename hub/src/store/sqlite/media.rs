//! Media and what lies on the boxes' disks, in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row};
use vigie_shared::id::SiteId;

use super::codes::Column;
use super::projections::dating;
use super::{Sqlite, Writing};
use crate::shelf::Sha256;
use crate::store::StoreError;
use crate::store::media::{Holding, Media, Medium, Told};
use crate::store::projections::Undated;

/// A time that still counts from its boot is shown as the box believed.
const HOLDING: &str = "SELECT site.id, path, sha256, size_bytes, told_ms + believed_ms
                       FROM holding JOIN site ON site.no = site_no";

#[async_trait]
impl Media for Sqlite {
    async fn add_medium(&self, medium: &Medium) -> Result<bool, StoreError> {
        let Medium { sha256, name, size_bytes, added_ms, account } = medium.clone();
        self.write(move |writing| {
            let mut insert =
                writing.sql.prepare_cached("INSERT INTO medium VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?;
            Ok(insert.execute((sha256, name, size_bytes, added_ms, account))? > 0)
        })
        .await
    }

    async fn medium(&self, sha256: &Sha256) -> Result<Option<Medium>, StoreError> {
        let sha256 = *sha256;
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM medium WHERE sha256 = ?1")?;
            Ok(select.query_row([sha256], medium).optional()?)
        })
        .await
    }

    async fn media(&self, limit: usize) -> Result<Vec<Medium>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT * FROM medium ORDER BY added_ms DESC, sha256 LIMIT ?1")?;
            Ok(select.query_map([limit], medium)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn remove_medium(&self, sha256: &Sha256) -> Result<bool, StoreError> {
        let sha256 = *sha256;
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM medium WHERE sha256 = ?1")?;
            Ok(delete.execute([sha256])? > 0)
        })
        .await
    }

    async fn holdings(&self, site: &SiteId, after: &str, limit: usize) -> Result<Vec<Holding>, StoreError> {
        let (site, after) = (site.clone(), after.to_owned());
        self.read(move |sql| {
            let order = "WHERE site.id = ?1 AND path > ?2 ORDER BY path LIMIT ?3";
            let mut select = sql.prepare_cached(&format!("{HOLDING} {order}"))?;
            Ok(select.query_map((site.as_str(), after, limit), holding)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn holders(&self, sha256: &Sha256, limit: usize) -> Result<Vec<Holding>, StoreError> {
        let sha256 = *sha256;
        self.read(move |sql| {
            let order = "WHERE sha256 = ?1 ORDER BY site.id, path LIMIT ?2";
            let mut select = sql.prepare_cached(&format!("{HOLDING} {order}"))?;
            Ok(select.query_map((sha256, limit), holding)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Replaces a stretch by what was told of it.
pub(super) fn hear(writing: &mut Writing<'_>, told: &Told, undated: Option<Undated>) -> Result<(), StoreError> {
    let no = writing.keys.site(writing.sql, &told.site)?;
    let (boot, believed_ms) = dating(undated);
    let stretch = &told.stretch;
    writing
        .sql
        .prepare_cached(
            "DELETE FROM holding WHERE site_no = ?1 AND (?2 = '' OR path > ?2) AND (?3 IS NULL OR path <= ?3)",
        )?
        .execute((no, &stretch.after, &stretch.through))?;
    let mut insert =
        writing.sql.prepare_cached("INSERT OR REPLACE INTO holding VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for file in &stretch.files {
        insert.execute((no, &file.path, file.sha256, file.size_bytes, told.at_ms - believed_ms, boot, believed_ms))?;
    }
    Ok(())
}

fn medium(row: &Row<'_>) -> rusqlite::Result<Medium> {
    Ok(Medium {
        sha256: row.get(0)?,
        name: row.get(1)?,
        size_bytes: row.get(2)?,
        added_ms: row.get(3)?,
        account: row.get(4)?,
    })
}

fn holding(row: &Row<'_>) -> rusqlite::Result<Holding> {
    let Column(site) = row.get::<_, Column<SiteId>>(0)?;
    Ok(Holding { site, path: row.get(1)?, sha256: row.get(2)?, size_bytes: row.get(3)?, told_ms: row.get(4)? })
}
