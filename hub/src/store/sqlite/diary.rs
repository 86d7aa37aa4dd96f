//! The diary in SQLite.

use async_trait::async_trait;
use rusqlite::Row;
use vigie_shared::id::{QueueId, SiteId};

use super::codes::{Column, LEVELS, code, coded};
use super::{Sqlite, Writing};
use crate::store::StoreError;
use crate::store::diary::{Diary, Entry};

#[async_trait]
impl Diary for Sqlite {
    async fn write(&self, entry: &Entry) -> Result<(), StoreError> {
        let entry = entry.clone();
        Sqlite::write(self, move |writing| write(writing, &entry, None)).await
    }

    async fn entries(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let site = site.cloned();
        self.read(move |sql| {
            let columns = "SELECT entry.at_ms, site.id, entry.level, entry.kind, entry.text
                           FROM entry LEFT JOIN site ON site.no = entry.site_no";
            let newest = "ORDER BY entry.at_ms DESC, entry.no DESC LIMIT ?1";
            let entries = match site {
                None => sql
                    .prepare_cached(&format!("{columns} {newest}"))?
                    .query_map([limit], entry)?
                    .collect::<Result<_, _>>()?,
                Some(site) => sql
                    .prepare_cached(&format!(
                        "{columns} WHERE entry.site_no = (SELECT no FROM site WHERE id = ?2) {newest}"
                    ))?
                    .query_map((limit, site.as_str()), entry)?
                    .collect::<Result<_, _>>()?,
            };
            Ok(entries)
        })
        .await
    }
}

/// Adds an entry; one that came from a record only once.
pub(super) fn write(
    writing: &mut Writing<'_>,
    entry: &Entry,
    origin: Option<(QueueId, u64)>,
) -> Result<(), StoreError> {
    let site_no = entry.site.as_ref().map(|site| writing.keys.site(writing.sql, site)).transpose()?;
    let (queue, seq) = origin.unzip();
    writing
        .sql
        .prepare_cached(
            "INSERT INTO entry (at_ms, site_no, level, kind, text, queue_no, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, (SELECT no FROM queue WHERE site_no = ?2 AND id = ?6), ?7)
             ON CONFLICT (queue_no, seq) DO NOTHING",
        )?
        .execute((
            entry.at_ms,
            site_no,
            code(&LEVELS, &entry.level),
            &entry.kind,
            &entry.text,
            queue.map(|queue| queue.0),
            seq,
        ))?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let site = row.get::<_, Option<Column<SiteId>>>(1)?.map(|Column(site)| site);
    Ok(Entry { at_ms: row.get(0)?, site, level: coded(row, 2, &LEVELS)?, kind: row.get(3)?, text: row.get(4)? })
}
