//! Sites in memory: the store's part that the hub's border needs, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use vigie_hub::store::StoreError;
use vigie_hub::store::sites::{Certificate, Enrolment, Redeemed, Site, Sites};
use vigie_shared::id::SiteId;

/// Everything that [`Sites`] keeps.
#[derive(Default)]
pub struct MemorySites(Mutex<State>);

#[derive(Default)]
struct State {
    sites: BTreeMap<SiteId, Site>,
    enrolments: Vec<Enrolment>,
    certificates: Vec<Certificate>,
}

impl MemorySites {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn revoke(&mut self, id: &SiteId, now_ms: i64) {
        self.enrolments.retain(|enrolment| enrolment.site != *id || enrolment.used_ms.is_some());
        for certificate in self.certificates.iter_mut().filter(|certificate| certificate.site == *id) {
            certificate.revoked_ms.get_or_insert(now_ms);
        }
    }
}

#[async_trait]
impl Sites for MemorySites {
    async fn add_site(&self, site: &Site) -> Result<(), StoreError> {
        if self.state().sites.contains_key(&site.id) {
            return Err(StoreError::Conflict(format!("site {}", site.id)));
        }
        self.state().sites.insert(site.id.clone(), site.clone());
        Ok(())
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        Ok(self.state().sites.values().cloned().collect())
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.state().sites.get(id).cloned())
    }

    async fn revoke_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        let mut state = self.state();
        state.revoke(id, now_ms);
        Ok(state.sites.get_mut(id).map(|site| site.revoked_ms = Some(now_ms)).is_some())
    }

    async fn replace_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError> {
        let mut state = self.state();
        state.revoke(id, now_ms);
        Ok(state.sites.get_mut(id).map(|site| site.revoked_ms = None).is_some())
    }

    async fn add_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        self.state().enrolments.push(enrolment.clone());
        Ok(())
    }

    async fn enrolments(&self) -> Result<Vec<Enrolment>, StoreError> {
        Ok(self.state().enrolments.iter().rev().cloned().collect())
    }

    async fn redeem(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Redeemed, StoreError> {
        let mut state = self.state();
        let is_meant = |enrolment: &&mut Enrolment| enrolment.site == *site && enrolment.secret_sha256 == secret_sha256;
        let Some(enrolment) = state.enrolments.iter_mut().find(is_meant) else { return Ok(Redeemed::Unknown) };
        if let Some(used_ms) = enrolment.used_ms {
            return Ok(Redeemed::Used(used_ms));
        }
        if enrolment.expires_ms <= now_ms {
            return Ok(Redeemed::Expired(enrolment.expires_ms));
        }
        enrolment.used_ms = Some(now_ms);
        Ok(Redeemed::Good)
    }

    async fn add_certificate(&self, certificate: &Certificate) -> Result<(), StoreError> {
        self.state().certificates.push(certificate.clone());
        Ok(())
    }

    async fn certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        Ok(self.state().certificates.iter().rev().cloned().collect())
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        Ok(self.state().certificates.iter().find(|certificate| certificate.serial == serial).cloned())
    }

    async fn pseudonym_secret(&self, site: &SiteId) -> Result<[u8; 32], StoreError> {
        let digest = site.as_str().bytes().fold(7u8, u8::wrapping_add);
        Ok([digest; 32])
    }
}
