//! Sites, enrolments and certificates in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{SiteId, random_bytes};

use super::Memory;
use crate::store::StoreError;
use crate::store::sites::{Certificate, Enrolment, Machine, Redeemed, Site, Sites};

#[derive(Debug, Clone, Default)]
pub(super) struct SiteTables {
    sites: BTreeMap<SiteId, Site>,
    enrolments: BTreeMap<[u8; 32], Enrolment>,
    certificates: BTreeMap<String, Certificate>,
    secrets: BTreeMap<SiteId, [u8; 32]>,
}

impl SiteTables {
    fn close(&mut self, id: &SiteId, revoked_ms: Option<i64>, now_ms: i64) -> bool {
        let Some(site) = self.sites.get_mut(id) else { return false };
        site.revoked_ms = revoked_ms;
        for certificate in self.certificates.values_mut().filter(|certificate| certificate.site == *id) {
            certificate.revoked_ms.get_or_insert(now_ms);
        }
        for enrolment in self.enrolments.values_mut().filter(|open| open.site == *id && open.used_ms.is_none()) {
            enrolment.expires_ms = enrolment.expires_ms.min(now_ms);
        }
        true
    }

    pub(super) fn forget_enrolments(&mut self, before_ms: i64) -> usize {
        let count = self.enrolments.len();
        self.enrolments.retain(|_, enrolment| enrolment.expires_ms >= before_ms);
        count - self.enrolments.len()
    }
}

#[async_trait]
impl Sites for Memory {
    async fn add_site(&self, site: &Site) -> Result<(), StoreError> {
        self.write(|state| {
            if state.sites.sites.contains_key(&site.id) {
                return Err(StoreError::Conflict(format!("site {}", site.id)));
            }
            state.sites.sites.insert(site.id.clone(), site.clone());
            Ok(())
        })
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        Ok(self.read(|state| state.sites.sites.values().cloned().collect()))
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.read(|state| state.sites.sites.get(id).cloned()))
    }

    async fn describe_site(&self, was: &Site, becomes: &Site) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(site) = state.sites.sites.get_mut(&was.id) else { return Ok(false) };
            if (&site.name, &site.zone, &site.about) != (&was.name, &was.zone, &was.about) {
                return Ok(false);
            }
            site.name.clone_from(&becomes.name);
            site.zone.clone_from(&becomes.zone);
            site.about.clone_from(&becomes.about);
            Ok(true)
        })
    }

    async fn note_machine(&self, id: &SiteId, machine: &Machine) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(site) = state.sites.sites.get_mut(id) else { return Ok(false) };
            site.machine.clone_from(machine);
            Ok(true)
        })
    }

    async fn revoke_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.sites.close(id, Some(now_ms), now_ms)))
    }

    async fn replace_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.sites.close(id, None, now_ms)))
    }

    async fn add_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        self.write(|state| {
            if state.sites.enrolments.contains_key(&enrolment.secret_sha256) {
                return Err(StoreError::Conflict("this enrolment".to_owned()));
            }
            state.sites.enrolments.insert(enrolment.secret_sha256, enrolment.clone());
            Ok(())
        })
    }

    async fn enrolments(&self) -> Result<Vec<Enrolment>, StoreError> {
        let mut all: Vec<Enrolment> = self.read(|state| state.sites.enrolments.values().cloned().collect());
        all.sort_by_key(|enrolment| std::cmp::Reverse(enrolment.created_ms));
        Ok(all)
    }

    async fn redeem(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Redeemed, StoreError> {
        self.write(|state| {
            let found = state.sites.enrolments.get_mut(&secret_sha256).filter(|enrolment| enrolment.site == *site);
            let times = found.as_ref().map(|enrolment| (enrolment.expires_ms, enrolment.used_ms));
            let redeemed = Redeemed::judge(times, now_ms);
            if let (Redeemed::Good, Some(enrolment)) = (redeemed, found) {
                enrolment.used_ms = Some(now_ms);
            }
            Ok(redeemed)
        })
    }

    async fn add_certificate(&self, certificate: &Certificate) -> Result<(), StoreError> {
        self.write(|state| {
            if state.sites.certificates.contains_key(&certificate.serial) {
                return Err(StoreError::Conflict(format!("certificate {}", certificate.serial)));
            }
            state.sites.certificates.insert(certificate.serial.clone(), certificate.clone());
            Ok(())
        })
    }

    async fn certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        let mut all: Vec<Certificate> = self.read(|state| state.sites.certificates.values().cloned().collect());
        all.sort_by_key(|certificate| std::cmp::Reverse(certificate.issued_ms));
        Ok(all)
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        Ok(self.read(|state| state.sites.certificates.get(serial).cloned()))
    }

    async fn pseudonym_secret(&self, site: &SiteId) -> Result<[u8; 32], StoreError> {
        self.write(|state| Ok(*state.sites.secrets.entry(site.clone()).or_insert_with(random_bytes)))
    }
}
