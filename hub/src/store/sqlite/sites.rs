//! Sites, enrolments and certificates in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row, named_params};
use vigie_shared::about::About;
use vigie_shared::id::{SiteId, random_bytes};

use super::codes::Column;
use super::keys::site_no;
use super::{Sqlite, Writing, conflict_is};
use crate::store::StoreError;
use crate::store::sites::{Certificate, Enrolment, Machine, Redeemed, Site, Sites};

const SITE: &str = "SELECT id, name, zone, created_ms, revoked_ms, club, town, region, country, tags, note, model, os,
                    lan FROM site WHERE created_ms IS NOT NULL";

/// Gives a row what people say of the site.
const DESCRIBE: &str = "UPDATE site SET name = :name, zone = :zone, club = :club, town = :town, region = :region,
                        country = :country, tags = :tags, note = :note WHERE id = :id";

/// What separates tags in their column: no tag holds a control character.
const TAG_END: &str = "\n";

const CERTIFICATE: &str = "SELECT serial, site.id, issued_ms, expires_ms, certificate.revoked_ms
                           FROM certificate JOIN site ON site.no = site_no";

#[async_trait]
impl Sites for Sqlite {
    async fn add_site(&self, site: &Site) -> Result<(), StoreError> {
        let site = site.clone();
        self.write(move |writing| {
            let added = writing
                .sql
                .prepare_cached(
                    "INSERT INTO site (id, name, zone, created_ms, revoked_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET name = excluded.name, zone = excluded.zone,
                     created_ms = excluded.created_ms, revoked_ms = excluded.revoked_ms WHERE created_ms IS NULL",
                )?
                .execute((site.id.as_str(), &site.name, &site.zone, site.created_ms, site.revoked_ms))?;
            if added == 0 {
                return Err(StoreError::Conflict(format!("site {}", site.id)));
            }
            writing.describe(&site)?;
            writing.note_machine(&site.id, &site.machine).map(drop)
        })
        .await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(&format!("{SITE} ORDER BY id"))?;
            Ok(select.query_map([], site)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        let id = id.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{SITE} AND id = ?1"))?;
            Ok(select.query_row([id.as_str()], site).optional()?)
        })
        .await
    }

    async fn describe_site(&self, was: &Site, becomes: &Site) -> Result<bool, StoreError> {
        let (was, becomes) = (was.clone(), becomes.clone());
        self.write(move |writing| {
            let mut select = writing.sql.prepare_cached(&format!("{SITE} AND id = ?1"))?;
            let known = select.query_row([was.id.as_str()], site).optional()?;
            let is_same =
                known.is_some_and(|known| (known.name, known.zone, known.about) == (was.name, was.zone, was.about));
            if is_same {
                writing.describe(&becomes)?;
            }
            Ok(is_same)
        })
        .await
    }

    async fn note_machine(&self, id: &SiteId, machine: &Machine) -> Result<bool, StoreError> {
        let (id, machine) = (id.clone(), machine.clone());
        self.write(move |writing| writing.note_machine(&id, &machine)).await
    }

    async fn revoke_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |writing| writing.close_site(&id, Some(now_ms), now_ms)).await
    }

    async fn replace_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |writing| writing.close_site(&id, None, now_ms)).await
    }

    async fn add_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        let Enrolment { site, secret_sha256, created_ms, expires_ms, used_ms } = enrolment.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            writing
                .sql
                .prepare_cached("INSERT INTO enrolment VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute((secret_sha256, no, created_ms, expires_ms, used_ms))
                .map_err(conflict_is(|| "this enrolment".to_owned()))?;
            Ok(())
        })
        .await
    }

    async fn enrolments(&self) -> Result<Vec<Enrolment>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, secret_sha256, enrolment.created_ms, expires_ms, used_ms
                 FROM enrolment JOIN site ON site.no = site_no ORDER BY enrolment.created_ms DESC, secret_sha256",
            )?;
            let rows = select.query_map([], |row| {
                let (Column(site), secret_sha256, created_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Enrolment { site, secret_sha256, created_ms, expires_ms: row.get(3)?, used_ms: row.get(4)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn redeem(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Redeemed, StoreError> {
        let site = site.clone();
        self.write(move |writing| {
            let found: Option<(i64, Option<i64>)> = writing
                .sql
                .prepare_cached(
                    "SELECT expires_ms, used_ms FROM enrolment JOIN site ON site.no = site_no
                     WHERE secret_sha256 = ?1 AND site.id = ?2",
                )?
                .query_row((secret_sha256, site.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let redeemed = Redeemed::judge(found, now_ms);
            if redeemed == Redeemed::Good {
                let mut update =
                    writing.sql.prepare_cached("UPDATE enrolment SET used_ms = ?2 WHERE secret_sha256 = ?1")?;
                update.execute((secret_sha256, now_ms))?;
            }
            Ok(redeemed)
        })
        .await
    }

    async fn add_certificate(&self, certificate: &Certificate) -> Result<(), StoreError> {
        let Certificate { serial, site, issued_ms, expires_ms, revoked_ms } = certificate.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            writing
                .sql
                .prepare_cached("INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute((&serial, no, issued_ms, expires_ms, revoked_ms))
                .map_err(conflict_is(|| format!("certificate {serial}")))?;
            Ok(())
        })
        .await
    }

    async fn certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(&format!("{CERTIFICATE} ORDER BY issued_ms DESC, serial"))?;
            Ok(select.query_map([], certificate)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        let serial = serial.to_owned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{CERTIFICATE} WHERE serial = ?1"))?;
            Ok(select.query_row([serial], certificate).optional()?)
        })
        .await
    }

    async fn pseudonym_secret(&self, site: &SiteId) -> Result<[u8; 32], StoreError> {
        let purpose = format!("pseudonyms of {site}");
        let id = site.clone();
        let sealed = self
            .read(move |sql| {
                let mut select = sql.prepare_cached("SELECT secret FROM site WHERE id = ?1")?;
                Ok(select.query_row([id.as_str()], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?.flatten())
            })
            .await?;
        let sealed = match sealed {
            Some(sealed) => sealed,
            None => {
                let secret = random_bytes::<32>();
                self.keep_secret(site.clone(), self.vault.seal(&purpose, &secret)).await?
            }
        };
        let secret = self.vault.open_sealed(&purpose, &sealed).map_err(StoreError::Failed)?;
        secret.try_into().map_err(|_wrong_length| StoreError::Failed(anyhow::anyhow!("{purpose}: wrong length")))
    }
}

impl Sqlite {
    /// Keeps the first secret that is offered for a site, and returns the one kept.
    async fn keep_secret(&self, site: SiteId, sealed: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            let mut update = writing
                .sql
                .prepare_cached("UPDATE site SET secret = coalesce(secret, ?2) WHERE no = ?1 RETURNING secret")?;
            Ok(update.query_row((no, sealed), |row| row.get(0))?)
        })
        .await
    }
}

impl Writing<'_> {
    fn describe(&mut self, site: &Site) -> Result<(), StoreError> {
        let About { club, town, region, country, tags, note } = &site.about;
        let (id, tags) = (site.id.as_str(), tags.join(TAG_END));
        self.sql.prepare_cached(DESCRIBE)?.execute(named_params! {
            ":id": id, ":name": site.name, ":zone": site.zone, ":club": club, ":town": town, ":region": region,
            ":country": country, ":tags": tags, ":note": note,
        })?;
        Ok(())
    }

    fn note_machine(&mut self, id: &SiteId, machine: &Machine) -> Result<bool, StoreError> {
        let mut update = self
            .sql
            .prepare_cached("UPDATE site SET model = ?2, os = ?3, lan = ?4 WHERE id = ?1 AND created_ms IS NOT NULL")?;
        let lan = machine.lan.map(|lan| lan.to_string()).unwrap_or_default();
        Ok(update.execute((id.as_str(), &machine.model, &machine.os, lan))? > 0)
    }

    /// Revokes a site's certificates and open enrolments; the site itself is revoked, or no longer.
    fn close_site(&mut self, id: &SiteId, revoked_ms: Option<i64>, now_ms: i64) -> Result<bool, StoreError> {
        let mut update =
            self.sql.prepare_cached("UPDATE site SET revoked_ms = ?2 WHERE id = ?1 AND created_ms IS NOT NULL")?;
        if update.execute((id.as_str(), revoked_ms))? == 0 {
            return Ok(false);
        }
        let Some(no) = site_no(self.sql, id)? else { return Ok(false) };
        self.sql
            .prepare_cached("UPDATE certificate SET revoked_ms = ?2 WHERE site_no = ?1 AND revoked_ms IS NULL")?
            .execute((no, now_ms))?;
        self.sql
            .prepare_cached(
                "UPDATE enrolment SET expires_ms = min(expires_ms, ?2) WHERE site_no = ?1 AND used_ms IS NULL",
            )?
            .execute((no, now_ms))?;
        Ok(true)
    }
}

fn site(row: &Row<'_>) -> rusqlite::Result<Site> {
    let Column(id) = row.get(0)?;
    let tags: String = row.get(9)?;
    let about = About {
        club: row.get(5)?,
        town: row.get(6)?,
        region: row.get(7)?,
        country: row.get(8)?,
        tags: tags.split(TAG_END).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        note: row.get(10)?,
    };
    let lan: String = row.get(13)?;
    let machine = Machine { model: row.get(11)?, os: row.get(12)?, lan: lan.parse().ok() };
    let (created_ms, revoked_ms) = (row.get(3)?, row.get(4)?);
    Ok(Site { id, name: row.get(1)?, zone: row.get(2)?, about, machine, created_ms, revoked_ms })
}

fn certificate(row: &Row<'_>) -> rusqlite::Result<Certificate> {
    let (serial, Column(site), issued_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Certificate { serial, site, issued_ms, expires_ms: row.get(3)?, revoked_ms: row.get(4)? })
}
