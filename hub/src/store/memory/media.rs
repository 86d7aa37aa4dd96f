//! Media and what lies on the boxes' disks, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{BootId, SiteId};

use super::Memory;
use crate::shelf::Sha256;
use crate::store::StoreError;
use crate::store::media::{Holding, Media, Medium, Told};
use crate::store::projections::{Derived, Undated};

#[derive(Debug, Clone, Default)]
pub(super) struct MediaTables {
    media: BTreeMap<Sha256, Medium>,
    holdings: BTreeMap<(SiteId, String), (Holding, Option<Undated>)>,
}

impl MediaTables {
    /// Takes in what was told, in its order, and dates what an anchor allows.
    pub(super) fn hear_all(&mut self, told: Vec<Derived<Told>>, anchors: &BTreeMap<(SiteId, BootId), i64>) {
        told.into_iter().for_each(|told| self.hear(told));
        self.date(anchors);
    }

    /// Replaces a stretch by what was told of it.
    fn hear(&mut self, Derived { value: told, undated }: Derived<Told>) {
        let Told { site, at_ms, stretch } = told;
        self.holdings.retain(|(owner, path), _| *owner != site || !stretch.covers(path));
        for file in stretch.files {
            let holding = Holding {
                site: site.clone(),
                path: file.path.clone(),
                sha256: file.sha256,
                size_bytes: file.size_bytes,
                told_ms: at_ms,
            };
            self.holdings.insert((site.clone(), file.path), (holding, undated));
        }
    }

    /// Moves what was told in a boot to its true time.
    fn date(&mut self, anchors: &BTreeMap<(SiteId, BootId), i64>) {
        for (holding, undated) in self.holdings.values_mut() {
            let Some(waits) = *undated else { continue };
            let Some(began_ms) = anchors.get(&(holding.site.clone(), waits.boot)) else { continue };
            holding.told_ms = holding.told_ms - waits.believed_ms + began_ms;
            *undated = None;
        }
    }

    pub(super) fn forget_holdings(&mut self) {
        self.holdings.clear();
    }
}

#[async_trait]
impl Media for Memory {
    async fn add_medium(&self, medium: &Medium) -> Result<bool, StoreError> {
        self.write(|state| {
            let is_new = !state.media.media.contains_key(&medium.sha256);
            state.media.media.entry(medium.sha256).or_insert_with(|| medium.clone());
            Ok(is_new)
        })
    }

    async fn medium(&self, sha256: &Sha256) -> Result<Option<Medium>, StoreError> {
        Ok(self.read(|state| state.media.media.get(sha256).cloned()))
    }

    async fn media(&self, limit: usize) -> Result<Vec<Medium>, StoreError> {
        let mut media: Vec<Medium> = self.read(|state| state.media.media.values().cloned().collect());
        media.sort_by_key(|medium| std::cmp::Reverse(medium.added_ms));
        media.truncate(limit);
        Ok(media)
    }

    async fn remove_medium(&self, sha256: &Sha256) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.media.media.remove(sha256).is_some()))
    }

    async fn holdings(&self, site: &SiteId, after: &str, limit: usize) -> Result<Vec<Holding>, StoreError> {
        let is_asked = |holding: &&Holding| holding.site == *site && holding.path.as_str() > after;
        Ok(self.read(|state| {
            state.media.holdings.values().map(|(holding, _)| holding).filter(is_asked).take(limit).cloned().collect()
        }))
    }

    async fn holders(&self, sha256: &Sha256, limit: usize) -> Result<Vec<Holding>, StoreError> {
        let is_it = |holding: &&Holding| holding.sha256 == *sha256;
        Ok(self.read(|state| {
            state.media.holdings.values().map(|(holding, _)| holding).filter(is_it).take(limit).cloned().collect()
        }))
    }
}
