//! Strips in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::civil::Date;
use vigie_shared::id::{BootId, SiteId};

use super::Memory;
use super::registry::RegistryTables;
use crate::presence::Strip;
use crate::presence::span::{Span, union};
use crate::store::StoreError;
use crate::store::presence::{Sights, StripFilter, StripPlace, Strips, Trace, by_day, utc_day};
use crate::store::projections::Derived;

/// Whose boot a sight waits for, and of what it is.
type Waits = (SiteId, BootId, Trace, String);

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct StripTables {
    strips: BTreeMap<(Trace, StripPlace), Vec<Span>>,
    /// Times count from the boot's beginning; the newest arrival says when they end.
    waiting: BTreeMap<Waits, (BTreeSet<Span>, i64)>,
}

impl StripTables {
    /// Unites what a step tells.
    pub(super) fn hear(&mut self, sights: &[Derived<Sights>], registry: &RegistryTables) {
        for Derived { value, undated } in sights {
            let Sights { trace, site, device, spans, received_ms } = value;
            match undated {
                None => self.merge((*trace, site, device), spans, registry),
                Some(_) if registry.is_erased(site, device, *received_ms) => {}
                Some(undated) => {
                    let key = (site.clone(), undated.boot, *trace, device.clone());
                    let (waiting, newest_ms) = self.waiting.entry(key).or_default();
                    let believed_ms = undated.believed_ms;
                    waiting.extend(spans.iter().map(|span| moved(*span, -believed_ms)));
                    *newest_ms = (*newest_ms).max(*received_ms);
                }
            }
        }
    }

    fn merge(&mut self, (trace, site, device): (Trace, &SiteId, &str), spans: &[Span], registry: &RegistryTables) {
        let stays = |span: &&Span| !registry.is_erased(site, device, span.from_ms);
        let spans: Vec<Span> = spans.iter().filter(stays).copied().collect();
        for (date, spans) in by_day(&spans) {
            let place = StripPlace { date, device: device.to_owned(), site: site.clone() };
            let known = self.strips.entry((trace, place)).or_default();
            known.extend(spans);
            *known = union(std::mem::take(known));
        }
    }

    /// Moves what waited for anchors to the strips of its days.
    pub(super) fn date(&mut self, anchors: &BTreeMap<(SiteId, BootId), i64>, registry: &RegistryTables) {
        for (key, (spans, newest_ms)) in std::mem::take(&mut self.waiting) {
            let (site, boot, trace, device) = &key;
            let Some(began_ms) = anchors.get(&(site.clone(), *boot)) else {
                self.waiting.insert(key, (spans, newest_ms));
                continue;
            };
            let spans: Vec<Span> = spans.into_iter().map(|span| moved(span, *began_ms)).collect();
            self.merge((*trace, site, device), &spans, registry);
        }
    }

    pub(super) fn forget(&mut self, before_ms: i64) -> usize {
        let (count, first) = (self.strips.len() + self.waiting.len(), utc_day(before_ms));
        self.strips.retain(|(_, place), _| first.is_none_or(|first| place.date >= first));
        self.waiting.retain(|_, (_, newest_ms)| *newest_ms >= before_ms);
        count - self.strips.len() - self.waiting.len()
    }

    /// Removes every trace of a device of before a moment.
    pub(super) fn erase(&mut self, site: &SiteId, device: &str, before_ms: i64) {
        self.waiting.retain(|(owner, _, _, one), _| owner != site || one != device);
        for ((trace, place), spans) in &mut self.strips {
            if *trace == Trace::Device && place.site == *site && place.device == device {
                spans.retain(|span| span.from_ms >= before_ms);
            }
        }
        self.strips.retain(|_, spans| !spans.is_empty());
    }
}

fn moved(span: Span, by_ms: i64) -> Span {
    Span { from_ms: span.from_ms.saturating_add(by_ms), to_ms: span.to_ms.saturating_add(by_ms), ..span }
}

#[async_trait]
impl Strips for Memory {
    async fn strips(
        &self,
        filter: &StripFilter,
        after: Option<&StripPlace>,
        limit: usize,
    ) -> Result<Vec<Strip>, StoreError> {
        let is_asked = |trace: Trace, place: &StripPlace| {
            let is_within = |date: Date| date >= filter.from && date <= filter.through;
            trace == filter.trace
                && is_within(place.date)
                && filter.site.as_ref().is_none_or(|site| place.site == *site)
                && filter.device.as_ref().is_none_or(|device| place.device == *device)
                && after.is_none_or(|after| place > after)
        };
        let strip = |((_, place), spans): (&(Trace, StripPlace), &Vec<Span>)| {
            let StripPlace { date, device, site } = place.clone();
            Strip { site, device, date, spans: spans.clone() }
        };
        Ok(self.read(|state| {
            let all = state.strips.strips.iter().filter(|((trace, place), _)| is_asked(*trace, place));
            all.map(strip).take(limit).collect()
        }))
    }

    async fn add_sights(&self, sights: &[Sights]) -> Result<(), StoreError> {
        let dated: Vec<Derived<Sights>> =
            sights.iter().map(|one| Derived { value: one.clone(), undated: None }).collect();
        self.write(|state| {
            state.strips.hear(&dated, &state.registry);
            state.kept_strips.hear(&dated, &state.registry);
            Ok(())
        })
    }
}
