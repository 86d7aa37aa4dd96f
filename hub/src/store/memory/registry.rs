//! Registered devices, owners, profiles and claims in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;

use super::Memory;
use crate::connectors::job::member_no;
use crate::presence::Ownership;
use crate::store::StoreError;
use crate::store::presence::strips::APP_SITE;
use crate::store::presence::{Claim, Erased, Exclusion, OwnershipFilter, Pairing, Profile, Registered, Registry};

type DeviceKey = (SiteId, String);

/// What people registered.
#[derive(Debug, Clone, Default)]
pub(super) struct RegistryTables {
    devices: BTreeMap<DeviceKey, Registered>,
    exclusions: BTreeMap<DeviceKey, Exclusion>,
    owners: Vec<Ownership>,
    profiles: BTreeMap<String, Profile>,
    claims: Vec<Claim>,
    pairings: Vec<Pairing>,
    erasures: Vec<Erased>,
    erased_devices: BTreeMap<DeviceKey, i64>,
}

impl RegistryTables {
    /// Whether what is of that moment, of a device, must not come back.
    pub(super) fn is_erased(&self, site: &SiteId, device: &str, at_ms: i64) -> bool {
        self.erased_devices.get(&(site.clone(), device.to_owned())).is_some_and(|erased_ms| at_ms < *erased_ms)
    }

    pub(super) fn forget_claims(&mut self, before_ms: i64) -> usize {
        let count = self.claims.len();
        self.claims.retain(|claim| claim.made_ms >= before_ms);
        count - self.claims.len()
    }

    pub(super) fn forget_profile(&mut self, person: &str) {
        self.profiles.remove(person);
    }

    /// Forgets the address of a device and who claims it.
    fn forget_address(&mut self, key: &DeviceKey) -> bool {
        self.claims.retain(|claim| (&claim.site, &claim.device) != (&key.0, &key.1));
        self.devices.remove(key).is_some()
    }

    fn has_owner(&self, wanted: &Ownership, only_later: bool) -> bool {
        let end_ms = wanted.to_ms.unwrap_or(i64::MAX);
        self.owners.iter().any(|one| {
            is_of(one, wanted.site.as_ref(), &wanted.device)
                && one.from_ms < end_ms
                && (one.from_ms > wanted.from_ms || !only_later)
                && one.to_ms.is_none_or(|to_ms| to_ms > wanted.from_ms)
        })
    }

    fn own(&mut self, ownership: &Ownership) -> bool {
        if self.has_owner(ownership, false) {
            return false;
        }
        self.owners.push(ownership.clone());
        self.owners.sort_by(|one, other| order(one).cmp(&order(other)));
        true
    }

    fn end(&mut self, site: Option<&SiteId>, device: &str, at_ms: i64) -> bool {
        let owns = |one: &Ownership| {
            let is_then = one.from_ms <= at_ms && one.to_ms.is_none_or(|to_ms| to_ms > at_ms);
            is_of(one, site, device) && is_then
        };
        let had_owner = self.owners.iter().any(owns);
        for one in self.owners.iter_mut().filter(|one| owns(one)) {
            one.to_ms = Some(at_ms);
        }
        self.owners.retain(|one| !is_of(one, site, device) || one.to_ms != Some(one.from_ms));
        had_owner
    }
}

fn is_of(one: &Ownership, site: Option<&SiteId>, device: &str) -> bool {
    one.site.as_ref() == site && one.device == device
}

fn order(one: &Ownership) -> (&str, &str, i64) {
    (one.site.as_ref().map_or("", SiteId::as_str), &one.device, one.from_ms)
}

#[async_trait]
impl Registry for Memory {
    async fn register_device(&self, device: &Registered) -> Result<(), StoreError> {
        self.write(|state| {
            let key = (device.site.clone(), device.device.clone());
            let devices = &mut state.registry.devices;
            let added_ms = devices.get(&key).map_or(device.added_ms, |known| known.added_ms);
            devices.insert(key, Registered { added_ms, ..device.clone() });
            Ok(())
        })
    }

    async fn registered(&self, site: Option<&SiteId>) -> Result<Vec<Registered>, StoreError> {
        let is_asked = |one: &&Registered| site.is_none_or(|site| one.site == *site);
        Ok(self.read(|state| state.registry.devices.values().filter(is_asked).cloned().collect()))
    }

    async fn forget_device(&self, site: &SiteId, device: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            state.registry.owners.retain(|one| !is_of(one, Some(site), device));
            Ok(state.registry.forget_address(&(site.clone(), device.to_owned())))
        })
    }

    async fn exclude(&self, exclusion: &Exclusion) -> Result<(), StoreError> {
        let Exclusion { site, device, label, made_ms } = exclusion.clone();
        self.write(|state| {
            let registry = &mut state.registry;
            let key = (site.clone(), device.clone());
            registry.forget_address(&key);
            registry.end(Some(&site), &device, made_ms);
            registry.owners.retain(|one| !is_of(one, Some(&site), &device) || one.from_ms <= made_ms);
            registry
                .exclusions
                .entry(key)
                .and_modify(|known| known.label.clone_from(&label))
                .or_insert_with(|| exclusion.clone());
            Ok(())
        })
    }

    async fn include(&self, site: &SiteId, device: &str) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.registry.exclusions.remove(&(site.clone(), device.to_owned())).is_some()))
    }

    async fn exclusions(&self, site: Option<&SiteId>) -> Result<Vec<Exclusion>, StoreError> {
        let is_asked = |one: &&Exclusion| site.is_none_or(|site| one.site == *site);
        Ok(self.read(|state| state.registry.exclusions.values().filter(is_asked).cloned().collect()))
    }

    async fn ownerships(&self, filter: &OwnershipFilter) -> Result<Vec<Ownership>, StoreError> {
        let is_asked = |one: &&Ownership| {
            filter.site.as_ref().is_none_or(|site| one.site.as_ref() == Some(site))
                && filter.device.as_ref().is_none_or(|device| one.device == *device)
                && filter.person.as_ref().is_none_or(|person| one.person == *person)
        };
        Ok(self.read(|state| state.registry.owners.iter().filter(is_asked).cloned().collect()))
    }

    async fn own(&self, ownership: &Ownership) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.registry.own(ownership)))
    }

    async fn hand_over(&self, ownership: &Ownership) -> Result<bool, StoreError> {
        self.write(|state| {
            if state.registry.has_owner(ownership, true) {
                return Ok(false);
            }
            state.registry.end(ownership.site.as_ref(), &ownership.device, ownership.from_ms);
            Ok(state.registry.own(ownership))
        })
    }

    async fn disown(&self, site: Option<&SiteId>, device: &str, at_ms: i64) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.registry.end(site, device, at_ms)))
    }

    async fn profiles(&self) -> Result<Vec<Profile>, StoreError> {
        Ok(self.read(|state| state.registry.profiles.values().cloned().collect()))
    }

    async fn put_profile(&self, profile: &Profile) -> Result<(), StoreError> {
        self.write(|state| {
            let is_same = |one: &Profile| {
                let both = one.email.as_ref().zip(profile.email.as_ref());
                one.person != profile.person && both.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
            };
            if state.registry.profiles.values().any(is_same) {
                return Err(StoreError::Conflict("a person with this e-mail address".to_owned()));
            }
            state.registry.profiles.insert(profile.person.clone(), profile.clone());
            Ok(())
        })
    }

    async fn add_pairing(&self, pairing: &Pairing, now_ms: i64) -> Result<(), StoreError> {
        self.write(|state| {
            state.registry.pairings.retain(|one| one.expires_ms > now_ms);
            state.registry.pairings.push(pairing.clone());
            Ok(())
        })
    }

    async fn pairing(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Option<String>, StoreError> {
        let fits = |one: &&Pairing| one.site == *site && one.secret_sha256 == secret_sha256 && one.expires_ms > now_ms;
        Ok(self.read(|state| state.registry.pairings.iter().find(fits).map(|one| one.person.clone())))
    }

    async fn add_claim(&self, claim: &Claim) -> Result<(), StoreError> {
        self.write(|state| {
            let claims = &mut state.registry.claims;
            let what = |one: &Claim| (one.site.clone(), one.device.clone(), one.person.clone());
            if !claims.iter().any(|one| what(one) == what(claim)) {
                claims.push(claim.clone());
                claims.sort_by(|one, other| (one.made_ms, &one.id).cmp(&(other.made_ms, &other.id)));
            }
            Ok(())
        })
    }

    async fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        Ok(self.read(|state| state.registry.claims.clone()))
    }

    async fn remove_claim(&self, id: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            let count = state.registry.claims.len();
            state.registry.claims.retain(|claim| claim.id != id);
            Ok(state.registry.claims.len() < count)
        })
    }

    async fn erase(&self, erased: &Erased) -> Result<(), StoreError> {
        let app: SiteId = APP_SITE.parse().map_err(|_not_a_site| StoreError::Conflict(APP_SITE.to_owned()))?;
        self.write(|state| {
            let Erased { person, erased_ms, tombstone, devices } = erased;
            let registry = &mut state.registry;
            for (site, device) in devices {
                registry.forget_address(&(site.clone(), device.clone()));
                registry.owners.retain(|one| !is_of(one, Some(site), device));
            }
            for (site, device) in devices.iter().chain(&[(app, person.clone())]) {
                let mark = registry.erased_devices.entry((site.clone(), device.clone())).or_insert(*erased_ms);
                *mark = (*mark).max(*erased_ms);
                state.strips.erase(site, device, *erased_ms);
                state.kept_strips.erase(site, device, *erased_ms);
                state.projections.erase_device(site, device);
                state.kept.erase_device(site, device);
            }
            registry.owners.retain(|one| one.person != *person);
            registry.claims.retain(|one| one.person != *person);
            registry.pairings.retain(|one| one.person != *person);
            registry.forget_profile(person);
            registry.erasures.retain(|one| (one.erased_ms, &one.person) != (*erased_ms, person));
            registry.erasures.push(erased.clone());
            registry.erasures.sort_by_key(|one| (one.erased_ms, one.person.clone()));
            state.timetable.people.remove(person);
            state.days.erase(person, tombstone);
            state.disputes.erase(person);
            state.jobs.jobs.retain(|_, job| job.enrol_id != member_no(person));
            Ok(())
        })
    }

    async fn erasures(&self) -> Result<Vec<Erased>, StoreError> {
        Ok(self.read(|state| state.registry.erasures.clone()))
    }
}
