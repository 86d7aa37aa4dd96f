//! Registered devices, owners, profiles and claims in SQLite. Addresses are sealed.

use async_trait::async_trait;
use rusqlite::OptionalExtension as _;
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;

use super::codes::Column;
use super::{Sqlite, conflict_is, failed};
use crate::presence::Ownership;
use crate::store::StoreError;
use crate::store::presence::{Claim, Erased, Exclusion, OwnershipFilter, Pairing, Profile, Registered, Registry};
use crate::store::vault::Vault;

mod erase;
mod owners;

use owners::ownerships;

/// A registered device, its address still sealed.
type Sealed<T> = (T, Vec<u8>);

/// What a sealed address is for: it opens nowhere else.
fn purpose(site: &SiteId, device: &str) -> String {
    format!("address {site} {device}")
}

fn open(vault: &Vault, site: &SiteId, device: &str, sealed: &[u8]) -> Result<Mac, StoreError> {
    let opened = vault.open_sealed(&purpose(site, device), sealed).map_err(StoreError::Failed)?;
    let bytes = opened.try_into();
    bytes.map(Mac).map_err(|_wrong_length| StoreError::Failed(anyhow::anyhow!("a sealed address has another length")))
}

#[async_trait]
impl Registry for Sqlite {
    async fn register_device(&self, device: &Registered) -> Result<(), StoreError> {
        let Registered { site, device, mac, label, added_ms } = device.clone();
        let sealed = self.vault.seal(&purpose(&site, &device), &mac.0);
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            writing
                .sql
                .prepare_cached(
                    "INSERT INTO registered VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET sealed = excluded.sealed, label = excluded.label",
                )?
                .execute((no, device, sealed, label, added_ms))?;
            Ok(())
        })
        .await
    }

    async fn registered(&self, site: Option<&SiteId>) -> Result<Vec<Registered>, StoreError> {
        let site = site.map(SiteId::to_string);
        let all: Vec<Sealed<Registered>> = self
            .read(move |sql| {
                let mut select = sql.prepare_cached(
                    "SELECT site.id, device, sealed, label, added_ms FROM registered JOIN site ON site.no = site_no
                     WHERE ?1 IS NULL OR site.id = ?1 ORDER BY site.id, device",
                )?;
                let rows = select.query_map([site], |row| {
                    let (Column(site), device, mac) = (row.get(0)?, row.get(1)?, Mac([0; 6]));
                    let device = Registered { site, device, mac, label: row.get(3)?, added_ms: row.get(4)? };
                    Ok((device, row.get(2)?))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let opened = all.into_iter().map(|(device, sealed)| {
            Ok(Registered { mac: open(&self.vault, &device.site, &device.device, &sealed)?, ..device })
        });
        opened.collect()
    }

    async fn forget_device(&self, site: &SiteId, device: &str) -> Result<bool, StoreError> {
        let (site, device) = (site.clone(), device.to_owned());
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            let delete = |table| format!("DELETE FROM {table} WHERE site_no = ?1 AND device = ?2");
            writing.sql.prepare_cached(&delete("claim"))?.execute((no, &device))?;
            let mut owners = writing.sql.prepare_cached("DELETE FROM ownership WHERE site = ?1 AND device = ?2")?;
            owners.execute((site.as_str(), &device))?;
            Ok(writing.sql.prepare_cached(&delete("registered"))?.execute((no, &device))? > 0)
        })
        .await
    }

    async fn exclude(&self, exclusion: &Exclusion) -> Result<(), StoreError> {
        let Exclusion { site, device, label, made_ms } = exclusion.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            for table in ["registered", "claim"] {
                let delete = format!("DELETE FROM {table} WHERE site_no = ?1 AND device = ?2");
                writing.sql.prepare_cached(&delete)?.execute((no, &device))?;
            }
            writing.end_ownership(Some(&site), &device, made_ms)?;
            let mut later =
                writing.sql.prepare_cached("DELETE FROM ownership WHERE site = ?1 AND device = ?2 AND from_ms > ?3")?;
            later.execute((site.as_str(), &device, made_ms))?;
            let mut put = writing.sql.prepare_cached(
                "INSERT INTO exclusion VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET label = excluded.label",
            )?;
            put.execute((no, device, label, made_ms))?;
            Ok(())
        })
        .await
    }

    async fn include(&self, site: &SiteId, device: &str) -> Result<bool, StoreError> {
        let (site, device) = (site.clone(), device.to_owned());
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            let mut delete = writing.sql.prepare_cached("DELETE FROM exclusion WHERE site_no = ?1 AND device = ?2")?;
            Ok(delete.execute((no, device))? > 0)
        })
        .await
    }

    async fn exclusions(&self, site: Option<&SiteId>) -> Result<Vec<Exclusion>, StoreError> {
        let site = site.map(SiteId::to_string);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, device, label, made_ms FROM exclusion JOIN site ON site.no = site_no
                 WHERE ?1 IS NULL OR site.id = ?1 ORDER BY site.id, device",
            )?;
            let rows = select.query_map([site], |row| {
                let Column(site) = row.get(0)?;
                Ok(Exclusion { site, device: row.get(1)?, label: row.get(2)?, made_ms: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn ownerships(&self, filter: &OwnershipFilter) -> Result<Vec<Ownership>, StoreError> {
        let filter = filter.clone();
        self.read(move |sql| ownerships(sql, &filter)).await
    }

    async fn own(&self, ownership: &Ownership) -> Result<bool, StoreError> {
        let ownership = ownership.clone();
        self.write(move |writing| writing.own(&ownership)).await
    }

    async fn hand_over(&self, ownership: &Ownership) -> Result<bool, StoreError> {
        let ownership = ownership.clone();
        self.write(move |writing| {
            let Ownership { site, device, from_ms, .. } = &ownership;
            if writing.has_owner(&ownership, true)? {
                return Ok(false);
            }
            writing.end_ownership(site.as_ref(), device, *from_ms)?;
            writing.own(&ownership)
        })
        .await
    }

    async fn disown(&self, site: Option<&SiteId>, device: &str, at_ms: i64) -> Result<bool, StoreError> {
        let (site, device) = (site.cloned(), device.to_owned());
        self.write(move |writing| writing.end_ownership(site.as_ref(), &device, at_ms)).await
    }

    async fn profiles(&self) -> Result<Vec<Profile>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT person, email, shows_name FROM profile ORDER BY person")?;
            let rows = select.query_map([], |row| {
                Ok(Profile { person: row.get(0)?, email: row.get(1)?, shows_name: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_profile(&self, profile: &Profile) -> Result<(), StoreError> {
        let Profile { person, email, shows_name } = profile.clone();
        self.write(move |writing| {
            let put = "INSERT INTO profile VALUES (?1, ?2, ?3)
                 ON CONFLICT (person) DO UPDATE SET email = excluded.email, shows_name = excluded.shows_name";
            let put = writing.sql.prepare_cached(put)?.execute((person, email, shows_name));
            put.map(drop).map_err(conflict_is(|| "a person with this e-mail address".to_owned()))
        })
        .await
    }

    async fn add_pairing(&self, pairing: &Pairing, now_ms: i64) -> Result<(), StoreError> {
        let Pairing { secret_sha256, site, person, expires_ms } = pairing.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            writing.sql.prepare_cached("DELETE FROM pairing WHERE expires_ms <= ?1")?.execute([now_ms])?;
            let mut insert = writing.sql.prepare_cached("INSERT INTO pairing VALUES (?1, ?2, ?3, ?4)")?;
            insert.execute((secret_sha256, no, person, expires_ms))?;
            Ok(())
        })
        .await
    }

    async fn pairing(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Option<String>, StoreError> {
        let site = site.to_string();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT person FROM pairing JOIN site ON site.no = site_no
                 WHERE secret_sha256 = ?1 AND site.id = ?2 AND expires_ms > ?3",
            )?;
            Ok(select.query_row((secret_sha256, site, now_ms), |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn add_claim(&self, claim: &Claim) -> Result<(), StoreError> {
        let Claim { id, site, device, mac, person, made_ms } = claim.clone();
        let sealed = self.vault.seal(&purpose(&site, &device), &mac.0);
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &site)?;
            writing
                .sql
                .prepare_cached("INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING")?
                .execute((id, no, device, sealed, person, made_ms))?;
            Ok(())
        })
        .await
    }

    async fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        let all: Vec<Sealed<Claim>> = self
            .read(move |sql| {
                let mut select = sql.prepare_cached(
                    "SELECT claim.id, site.id, device, sealed, person, made_ms FROM claim
                     JOIN site ON site.no = site_no ORDER BY made_ms, claim.id",
                )?;
                let rows = select.query_map([], |row| {
                    let (Column(site), device, mac) = (row.get(1)?, row.get(2)?, Mac([0; 6]));
                    let (id, person, made_ms) = (row.get(0)?, row.get(4)?, row.get(5)?);
                    Ok((Claim { id, site, device, mac, person, made_ms }, row.get(3)?))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let opened = all
            .into_iter()
            .map(|(claim, sealed)| Ok(Claim { mac: open(&self.vault, &claim.site, &claim.device, &sealed)?, ..claim }));
        opened.collect()
    }

    async fn remove_claim(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |writing| Ok(writing.sql.prepare_cached("DELETE FROM claim WHERE id = ?1")?.execute([id])? > 0))
            .await
    }

    async fn erase(&self, erased: &Erased) -> Result<(), StoreError> {
        let erased = erased.clone();
        self.write(move |writing| writing.erase(&erased)).await
    }

    async fn erasures(&self) -> Result<Vec<Erased>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT body FROM erasure ORDER BY erased_ms, person")?;
            let bodies = select.query_map([], |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }
}
