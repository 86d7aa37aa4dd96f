//! Projections in memory. What waits for an anchor is kept with its boot and counts from its beginning.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::frame;
use vigie_shared::wire::reading::HostSample;

use super::Memory;
use super::registry::RegistryTables;
use crate::store::StoreError;
use crate::store::projections::{
    CoverageSpan, Cursor, Derived, Device, DeviceKind, MetricSample, Projections, Step, Undated,
};

type Boot = Option<BootId>;

/// Where a span of coverage begins, and in which network.
type SpanKey = (SiteId, Boot, i64, String);

/// When it ends, and why it was blind.
type SpanEnd = (i64, Option<String>);

/// A value, and when the box believed that its boot began; 0 for what is dated.
#[derive(Debug, Clone)]
struct Row<T> {
    value: T,
    believed_ms: i64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ProjectionTables {
    devices: BTreeMap<(SiteId, String, Boot), Row<Device>>,
    metrics: BTreeMap<(SiteId, Boot, i64), Row<HostSample>>,
    coverage: BTreeMap<SpanKey, Row<SpanEnd>>,
    cursors: BTreeMap<(SiteId, QueueId), (Cursor, Option<Undated>)>,
    pub(super) anchors: BTreeMap<(SiteId, BootId), i64>,
    /// Records whose entry is in the diary; not forgotten with the projections.
    pub(super) told: BTreeSet<(SiteId, QueueId, u64)>,
}

#[async_trait]
impl Projections for Memory {
    async fn cursors(&self) -> Result<Vec<Cursor>, StoreError> {
        Ok(self.read(|state| state.projections.cursors.values().map(|(cursor, _)| cursor.clone()).collect()))
    }

    async fn apply(&self, step: Step) -> Result<(), StoreError> {
        self.write(|state| {
            state.apply(step);
            Ok(())
        })
    }

    async fn forget_projections(&self) -> Result<(), StoreError> {
        self.write(|state| {
            let told = std::mem::take(&mut state.projections.told);
            state.projections = ProjectionTables { told, ..state.kept.clone() };
            state.projections.date_all();
            state.strips = state.kept_strips.clone();
            state.strips.date(&state.projections.anchors, &state.registry);
            state.machines = state.kept_machines.clone();
            state.media.forget_holdings();
            state.attendance = state.kept_attendance.renumbered(&mut state.places);
            state.attendance.date(&state.projections.anchors);
            state.put_reviewed_again();
            Ok(())
        })
    }

    async fn anchors(&self, site: &SiteId) -> Result<Vec<(BootId, i64)>, StoreError> {
        let of_site = |all: &BTreeMap<(SiteId, BootId), i64>| {
            all.iter().filter(|((owner, _), _)| owner == site).map(|((_, boot), at_ms)| (*boot, *at_ms)).collect()
        };
        Ok(self.read(|state| of_site(&state.projections.anchors)))
    }

    async fn devices(
        &self,
        site: Option<&SiteId>,
        after: Option<(SiteId, String)>,
        limit: usize,
    ) -> Result<Vec<Device>, StoreError> {
        let mut all: BTreeMap<(SiteId, String), Device> = BTreeMap::new();
        self.read(|state| {
            for ((owner, id, _), row) in &state.projections.devices {
                let mut device = row.value.clone();
                device.shift(row.believed_ms);
                let key = (owner.clone(), id.clone());
                all.entry(key).and_modify(|known| known.merge(&device)).or_insert(device);
            }
        });
        let is_asked = |device: &Device| site.is_none_or(|site| device.site == *site);
        let is_after = |key: &(SiteId, String)| after.as_ref().is_none_or(|after| key > after);
        let page = all.into_iter().filter(|(key, device)| is_after(key) && is_asked(device));
        Ok(page.map(|(_, device)| device).take(limit).collect())
    }

    async fn metrics(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<MetricSample>, StoreError> {
        let mut samples: Vec<MetricSample> = self.read(|state| {
            let of_site = state.projections.metrics.iter().filter(|((owner, ..), _)| owner == site);
            let sample = |((_, boot, at_ms), row): (&(_, Boot, i64), &Row<HostSample>)| MetricSample {
                at_ms: at_ms + row.believed_ms,
                is_dated: boot.is_none(),
                host: row.value.clone(),
            };
            of_site.map(sample).filter(|sample| (from_ms..to_ms).contains(&sample.at_ms)).collect()
        });
        samples.sort_by_key(|sample| (sample.at_ms, !sample.is_dated, frame::seal(1, &sample.host)));
        samples.truncate(limit);
        Ok(samples)
    }

    async fn coverage(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<CoverageSpan>, StoreError> {
        let mut spans: Vec<CoverageSpan> = self.read(|state| {
            let of_site = state.projections.coverage.iter().filter(|((owner, ..), _)| owner == site);
            let all = of_site.map(|((_, _, from_ms, network), row)| CoverageSpan {
                network: network.clone(),
                from_ms: from_ms + row.believed_ms,
                to_ms: row.value.0 + row.believed_ms,
                blind: row.value.1.clone(),
            });
            all.filter(|span| span.to_ms > from_ms && span.from_ms < to_ms).collect()
        });
        spans.sort_by_key(|span| (span.from_ms, span.network.clone(), span.to_ms, span.blind.clone()));
        spans.truncate(limit);
        Ok(spans)
    }
}

impl ProjectionTables {
    pub(super) fn move_cursor(&mut self, cursor: Cursor, undated: Option<Undated>) {
        let key = (cursor.site.clone(), cursor.queue);
        match self.cursors.get_mut(&key) {
            Some((known, _)) if cursor.complete_ms.is_none() => known.through = cursor.through,
            _ => drop(self.cursors.insert(key, (cursor, undated))),
        }
    }

    pub(super) fn merge_device(&mut self, mut device: Device, undated: Option<Undated>) {
        let (boot, believed_ms) = dating(undated);
        device.shift(-believed_ms);
        let key = (device.site.clone(), device.id.clone(), boot);
        match self.devices.get_mut(&key) {
            Some(row) => {
                row.value.merge(&device);
                row.believed_ms = believed_ms;
            }
            None => drop(self.devices.insert(key, Row { value: device, believed_ms })),
        }
    }

    pub(super) fn add_sample(&mut self, Derived { value: (site, sample), undated }: Derived<(SiteId, MetricSample)>) {
        let (boot, believed_ms) = dating(undated);
        let key = (site, boot, sample.at_ms - believed_ms);
        let row = self.metrics.entry(key).or_insert_with(|| Row { value: sample.host.clone(), believed_ms });
        row.believed_ms = believed_ms;
        if frame::seal(1, &sample.host) > frame::seal(1, &row.value) {
            row.value = sample.host;
        }
    }

    pub(super) fn add_coverage(&mut self, Derived { value: (site, span), undated }: Derived<(SiteId, CoverageSpan)>) {
        let (boot, believed_ms) = dating(undated);
        let new = Row { value: (span.to_ms - believed_ms, span.blind), believed_ms };
        let key = (site, boot, span.from_ms - believed_ms, span.network);
        match self.coverage.get_mut(&key) {
            Some(row) if row.value < new.value => *row = new,
            Some(_) => {}
            None => drop(self.coverage.insert(key, new)),
        }
    }

    /// Moves everything whose boot has an anchor to its true time.
    pub(super) fn date_all(&mut self) {
        let anchors = self.anchors.clone();
        let began = |site: &SiteId, boot: &Boot| boot.and_then(|boot| anchors.get(&(site.clone(), boot)).copied());
        for ((site, id, boot), row) in self.devices.clone() {
            let Some(began_ms) = began(&site, &boot) else { continue };
            self.devices.remove(&(site, id, boot));
            let mut device = row.value;
            device.shift(began_ms);
            self.merge_device(device, None);
        }
        for ((site, boot, at_ms), row) in self.metrics.clone() {
            let Some(began_ms) = began(&site, &boot) else { continue };
            self.metrics.remove(&(site.clone(), boot, at_ms));
            let sample = MetricSample { at_ms: at_ms + began_ms, is_dated: true, host: row.value };
            self.add_sample(Derived { value: (site, sample), undated: None });
        }
        for ((site, boot, from_ms, network), row) in self.coverage.clone() {
            let Some(began_ms) = began(&site, &boot) else { continue };
            self.coverage.remove(&(site.clone(), boot, from_ms, network.clone()));
            let (to_ms, blind) = row.value;
            let span = CoverageSpan { network, from_ms: from_ms + began_ms, to_ms: to_ms + began_ms, blind };
            self.add_coverage(Derived { value: (site, span), undated: None });
        }
        for (cursor, undated) in self.cursors.values_mut() {
            let Some(boot) = *undated else { continue };
            let Some(began_ms) = began(&cursor.site, &Some(boot.boot)) else { continue };
            cursor.complete_ms = cursor.complete_ms.map(|at_ms| at_ms - boot.believed_ms + began_ms);
            *undated = None;
        }
    }

    /// Adds what settled records amount to; these tables are what a rebuild begins with.
    pub(super) fn keep(&mut self, rest: &Step, registry: &RegistryTables) {
        for Derived { value: device, undated } in &rest.devices {
            let is_erased = registry.is_erased(&device.site, &device.id, device.last_seen_ms);
            if device.kind != DeviceKind::Passing && !is_erased {
                self.merge_device(device.clone(), *undated);
            }
        }
        for Derived { value: cursor, undated } in &rest.cursors {
            self.move_cursor(cursor.clone(), *undated);
        }
        for anchor in &rest.anchors {
            self.anchors.entry((anchor.site.clone(), anchor.boot)).or_insert(anchor.began_ms);
        }
    }

    /// Removes one sample and returns the time at which it was shown.
    pub(super) fn take_sample(
        &mut self,
        site: &SiteId,
        sample: &MetricSample,
        undated: Option<Undated>,
    ) -> Option<i64> {
        let (boot, shift_ms) = self.place(site, undated);
        let key = (site.clone(), boot, sample.at_ms + shift_ms);
        self.metrics.get(&key).filter(|row| row.value == sample.host)?;
        let row = self.metrics.remove(&key)?;
        Some(key.2 + row.believed_ms)
    }

    pub(super) fn drop_span(&mut self, site: &SiteId, span: &CoverageSpan, undated: Option<Undated>) {
        let (boot, shift_ms) = self.place(site, undated);
        let key = (site.clone(), boot, span.from_ms + shift_ms, span.network.clone());
        let end = (span.to_ms + shift_ms, span.blind.clone());
        if self.coverage.get(&key).is_some_and(|row| row.value == end) {
            self.coverage.remove(&key);
        }
    }

    /// The boot that a row still waits for, and what its times were moved by.
    fn place(&self, site: &SiteId, undated: Option<Undated>) -> (Boot, i64) {
        let (boot, believed_ms) = dating(undated);
        let began_ms = boot.and_then(|boot| self.anchors.get(&(site.clone(), boot)));
        began_ms.map_or((boot, -believed_ms), |began_ms| (None, began_ms - believed_ms))
    }

    pub(super) fn erase_device(&mut self, site: &SiteId, device: &str) {
        self.devices.retain(|(owner, id, _), _| owner != site || id != device);
    }

    pub(super) fn forget_passing(&mut self, before_ms: i64, limit: usize) -> usize {
        let old = |(_, row): &(_, &Row<Device>)| {
            row.value.kind == DeviceKind::Passing && row.value.last_seen_ms + row.believed_ms < before_ms
        };
        let keys: Vec<_> = self.devices.iter().filter(old).map(|(key, _)| key.clone()).take(limit).collect();
        keys.iter().for_each(|key| drop(self.devices.remove(key)));
        keys.len()
    }

    /// How far a queue has been followed.
    pub(super) fn followed(&self, site: &SiteId, queue: QueueId) -> u64 {
        self.cursors.get(&(site.clone(), queue)).map_or(0, |(cursor, _)| cursor.through)
    }
}

fn dating(undated: Option<Undated>) -> (Boot, i64) {
    (undated.map(|undated| undated.boot), undated.map_or(0, |undated| undated.believed_ms))
}
