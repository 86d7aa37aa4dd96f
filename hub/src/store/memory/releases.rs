//! Releases, what boxes run, and pins, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;

use super::Memory;
use crate::store::StoreError;
use crate::store::releases::{Installed, Pin, Release, Releases, Told};

#[derive(Debug, Clone, Default)]
pub(super) struct ReleaseTables {
    releases: BTreeMap<String, Release>,
    /// By software and site, with the moment of the last word.
    installed: BTreeMap<(String, SiteId), (Installed, i64)>,
    pins: BTreeMap<(SiteId, String), Pin>,
}

impl ReleaseTables {
    /// Replaces what is known of a box's software, unless something newer is known.
    pub(super) fn hear(&mut self, Told { site, at_ms, list }: Told) {
        for one in list.software {
            let key = (one.name.clone(), site.clone());
            let known = self.installed.get(&key);
            if known.is_some_and(|(_, told_ms)| *told_ms > at_ms) {
                continue;
            }
            let same = known.filter(|(known, _)| known.version == one.version);
            let since_ms = same.map_or(at_ms, |(known, _)| known.since_ms);
            let processor = list.processor.clone();
            let row = Installed { site: site.clone(), software: one.name, version: one.version, processor, since_ms };
            self.installed.insert(key, (row, at_ms));
        }
        self.installed.retain(|(_, owner), (_, told_ms)| *owner != site || *told_ms >= at_ms);
    }
}

#[async_trait]
impl Releases for Memory {
    async fn put_release(&self, release: &Release) -> Result<(), StoreError> {
        self.write(|state| {
            state.releases.releases.insert(release.manifest.sha256.clone(), release.clone());
            Ok(())
        })
    }

    async fn releases(&self) -> Result<Vec<Release>, StoreError> {
        let mut releases: Vec<Release> = self.read(|state| state.releases.releases.values().cloned().collect());
        releases.sort_by_key(|release| std::cmp::Reverse(release.added_ms));
        Ok(releases)
    }

    async fn remove_release(&self, sha256: &str) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.releases.releases.remove(sha256).is_some()))
    }

    async fn installed(&self, software: Option<&str>) -> Result<Vec<Installed>, StoreError> {
        let is_asked = |row: &&Installed| software.is_none_or(|name| row.software == name);
        Ok(self.read(|state| state.releases.installed.values().map(|(row, _)| row).filter(is_asked).cloned().collect()))
    }

    async fn put_pin(&self, pin: &Pin) -> Result<(), StoreError> {
        self.write(|state| {
            state.releases.pins.insert((pin.site.clone(), pin.software.clone()), pin.clone());
            Ok(())
        })
    }

    async fn remove_pin(&self, site: &SiteId, software: &str) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.releases.pins.remove(&(site.clone(), software.to_owned())).is_some()))
    }

    async fn pins(&self, site: Option<&SiteId>) -> Result<Vec<Pin>, StoreError> {
        let is_asked = |pin: &&Pin| site.is_none_or(|site| pin.site == *site);
        Ok(self.read(|state| state.releases.pins.values().filter(is_asked).cloned().collect()))
    }
}
