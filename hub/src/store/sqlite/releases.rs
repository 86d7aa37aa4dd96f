//! Releases, what boxes run, and pins, in SQLite.

use async_trait::async_trait;
use rusqlite::Row;
use vigie_shared::id::SiteId;
use vigie_shared::package::Manifest;

use super::codes::Column;
use super::{Sqlite, Writing};
use crate::store::StoreError;
use crate::store::releases::{Installed, Pin, Release, Releases, Told};

#[async_trait]
impl Releases for Sqlite {
    async fn put_release(&self, release: &Release) -> Result<(), StoreError> {
        let Release { manifest, added_ms } = release.clone();
        self.write(move |writing| {
            let mut insert =
                writing.sql.prepare_cached("INSERT OR REPLACE INTO release VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            let Manifest { name, version, processor, size_bytes, sha256, signature } = manifest;
            insert.execute((sha256, name, version, processor, size_bytes, signature, added_ms))?;
            Ok(())
        })
        .await
    }

    async fn releases(&self) -> Result<Vec<Release>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT * FROM release ORDER BY added_ms DESC, sha256")?;
            Ok(select.query_map([], release)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn remove_release(&self, sha256: &str) -> Result<bool, StoreError> {
        let sha256 = sha256.to_owned();
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM release WHERE sha256 = ?1")?;
            Ok(delete.execute([sha256])? > 0)
        })
        .await
    }

    async fn installed(&self, software: Option<&str>) -> Result<Vec<Installed>, StoreError> {
        let software = software.map(str::to_owned);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, software, version, processor, since_ms FROM installed JOIN site ON site.no = site_no
                 WHERE ?1 IS NULL OR software = ?1 ORDER BY software, site.id",
            )?;
            Ok(select.query_map([software], installed)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_pin(&self, pin: &Pin) -> Result<(), StoreError> {
        let pin = pin.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &pin.site)?;
            let mut insert =
                writing.sql.prepare_cached("INSERT OR REPLACE INTO pin VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            insert.execute((no, pin.software, pin.version, pin.account, pin.reason, pin.since_ms))?;
            Ok(())
        })
        .await
    }

    async fn remove_pin(&self, site: &SiteId, software: &str) -> Result<bool, StoreError> {
        let (site, software) = (site.clone(), software.to_owned());
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached(
                "DELETE FROM pin WHERE site_no = (SELECT no FROM site WHERE id = ?1) AND software = ?2",
            )?;
            Ok(delete.execute((site.as_str(), software))? > 0)
        })
        .await
    }

    async fn pins(&self, site: Option<&SiteId>) -> Result<Vec<Pin>, StoreError> {
        let site = site.map(|site| site.as_str().to_owned());
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, software, version, account, reason, since_ms FROM pin JOIN site ON site.no = site_no
                 WHERE ?1 IS NULL OR site.id = ?1 ORDER BY site.id, software",
            )?;
            Ok(select.query_map([site], pin)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Replaces what is known of a box's software, unless something newer is known.
pub(super) fn hear(writing: &mut Writing<'_>, told: &Told) -> Result<(), StoreError> {
    let no = writing.keys.site(writing.sql, &told.site)?;
    let mut upsert = writing.sql.prepare_cached(
        "INSERT INTO installed VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO UPDATE SET
             since_ms = iif(version IS excluded.version, since_ms, excluded.since_ms),
             version = excluded.version, processor = excluded.processor, told_ms = excluded.told_ms
         WHERE told_ms <= excluded.told_ms",
    )?;
    for one in &told.list.software {
        upsert.execute((no, &one.name, &one.version, &told.list.processor, told.at_ms))?;
    }
    let mut delete = writing.sql.prepare_cached("DELETE FROM installed WHERE site_no = ?1 AND told_ms < ?2")?;
    delete.execute((no, told.at_ms))?;
    Ok(())
}

fn release(row: &Row<'_>) -> rusqlite::Result<Release> {
    let manifest = Manifest {
        sha256: row.get(0)?,
        name: row.get(1)?,
        version: row.get(2)?,
        processor: row.get(3)?,
        size_bytes: row.get(4)?,
        signature: row.get(5)?,
    };
    Ok(Release { manifest, added_ms: row.get(6)? })
}

fn installed(row: &Row<'_>) -> rusqlite::Result<Installed> {
    let Column(site) = row.get::<_, Column<SiteId>>(0)?;
    let (software, version, processor) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(Installed { site, software, version, processor, since_ms: row.get(4)? })
}

fn pin(row: &Row<'_>) -> rusqlite::Result<Pin> {
    let Column(site) = row.get::<_, Column<SiteId>>(0)?;
    let (software, version, account) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(Pin { site, software, version, account, reason: row.get(4)?, since_ms: row.get(5)? })
}
