//! Gathers what rules look at. What changes slowly is read once a minute, and hours of disks once an hour.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::HostSample;

use super::super::alert::Mark;
use super::super::facts::{
    Alarm, ConnectorFacts, DiskHour, Facts, MachineFacts, NetworkFacts, SiteFacts, TerminalFacts, UndoneUpdate,
};
use super::read;
use crate::fleet::BoxNow;
use crate::fleet::completeness::Delivered;
use crate::store::facts::Gap;
use crate::store::sites::Site;
use crate::store::{Store, StoreError, deliveries};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How far back disks are looked at, and how often.
const DISK_HISTORY_MS: i64 = 7 * DAY_MS;
const DISK_STEP_MS: i64 = 3 * HOUR_MS;

/// How far back coverage is looked at: what was said of a network longer ago says nothing of it.
const COVERAGE_MS: i64 = 2 * HOUR_MS;

/// Stretches of coverage within that time: every five minutes of some thirty networks.
const SPANS_MAX: usize = 1_000;

/// What was read of the store.
pub(super) struct Ground {
    listening_since_ms: i64,
    zone: TimeZone,
    read_ms: Option<i64>,
    disks_read_ms: Option<i64>,
    sites: Vec<Site>,
    gaps: BTreeMap<SiteId, Vec<Gap>>,
    certificates: BTreeMap<SiteId, i64>,
    networks: BTreeMap<SiteId, Vec<NetworkFacts>>,
    terminals: BTreeMap<SiteId, Vec<TerminalFacts>>,
    disks: BTreeMap<SiteId, Vec<DiskHour>>,
    undone: BTreeMap<SiteId, Vec<UndoneUpdate>>,
    alarms: BTreeMap<SiteId, Vec<Alarm>>,
    machines: BTreeMap<SiteId, Vec<MachineFacts>>,
    connectors: Vec<ConnectorFacts>,
}

impl Ground {
    /// Nothing was read yet.
    pub(super) fn new(listening_since_ms: i64) -> Self {
        Self {
            listening_since_ms,
            zone: TimeZone::system(),
            read_ms: None,
            disks_read_ms: None,
            sites: Vec::new(),
            gaps: BTreeMap::new(),
            certificates: BTreeMap::new(),
            networks: BTreeMap::new(),
            terminals: BTreeMap::new(),
            disks: BTreeMap::new(),
            undone: BTreeMap::new(),
            alarms: BTreeMap::new(),
            machines: BTreeMap::new(),
            connectors: Vec::new(),
        }
    }

    /// Reads anew what was read too long ago, or at once if that is urgent.
    pub(super) async fn read(&mut self, store: &dyn Store, (now_ms, is_urgent): (i64, bool)) -> Result<(), StoreError> {
        let is_due = |read_ms: Option<i64>, every_ms| {
            read_ms.is_none_or(|read_ms| !(0..every_ms).contains(&now_ms.saturating_sub(read_ms)))
        };
        // Each time: a site that was just added can fall silent, and one that was revoked is not looked at.
        self.sites = store.sites().await?.into_iter().filter(|site| site.revoked_ms.is_none()).collect();
        if !is_urgent && !is_due(self.read_ms, MINUTE_MS) {
            return Ok(());
        }
        if is_due(self.disks_read_ms, HOUR_MS) {
            self.read_disks(store, now_ms).await?;
            self.disks_read_ms = Some(now_ms);
        }
        (self.gaps, self.networks) = (BTreeMap::new(), BTreeMap::new());
        for Site { id, .. } in &self.sites {
            self.gaps.insert(id.clone(), store.gaps(id).await?);
            let spans =
                store.coverage(id, now_ms.saturating_sub(COVERAGE_MS), now_ms.saturating_add(1), SPANS_MAX).await?;
            self.networks.insert(id.clone(), read::networks(&spans));
        }
        self.certificates = read::certificates(store).await?;
        self.terminals = read::terminals(store).await?;
        self.undone = read::undone(store, now_ms).await?;
        self.alarms = read::alarms(store, now_ms).await?;
        self.machines = read::machines(store).await?;
        self.connectors = read::connectors(store).await?;
        self.read_ms = Some(now_ms);
        Ok(())
    }

    /// What is known at this moment.
    pub(super) async fn facts(
        &self,
        store: &dyn Store,
        fleet: &BTreeMap<SiteId, BoxNow>,
        now_ms: i64,
    ) -> Result<Facts, StoreError> {
        let deliveries = deliveries(store).await?;
        let nothing = Delivered::default();
        let sites = self.sites.iter().map(|site| {
            let live = fleet.get(&site.id).cloned().unwrap_or_default();
            (site.id.clone(), self.site(site, live, deliveries.site(&site.id).unwrap_or(&nothing)))
        });
        Ok(Facts {
            now_ms,
            listening_since_ms: self.listening_since_ms,
            sites: sites.collect(),
            connectors: self.connectors.clone(),
            zone: self.zone.clone(),
        })
    }

    fn site(&self, site: &Site, live: BoxNow, delivered: &Delivered) -> SiteFacts {
        let id = &site.id;
        let gaps = self.gaps.get(id).map(Vec::as_slice).unwrap_or_default();
        let lines = delivered.lines(gaps, live.heartbeat.as_ref());
        let complete: Option<Vec<i64>> = lines.iter().map(|line| line.complete_ms).collect();
        let mark = Mark {
            through: delivered.queues.iter().map(|queue| queue.through).sum(),
            missing: gaps.iter().map(|gap| gap.to.saturating_sub(gap.from) + 1).sum(),
        };
        SiteFacts {
            name: site.name.clone(),
            zone: TimeZone::get(&site.zone).unwrap_or(TimeZone::UTC),
            has_delivered: !delivered.queues.is_empty(),
            heard_ms: live.heard_ms,
            newest_ms: delivered.cursors.iter().filter_map(|cursor| cursor.complete_ms).max(),
            complete_ms: complete.and_then(|complete| complete.into_iter().min()),
            mark,
            is_cloned: live.is_cloned,
            pulse: live.heartbeat,
            certificate_ends_ms: self.certificates.get(id).copied(),
            disk_hours: of(&self.disks, id),
            networks: of(&self.networks, id),
            terminals: of(&self.terminals, id),
            machines: of(&self.machines, id),
            undone: of(&self.undone, id),
            alarms: of(&self.alarms, id),
        }
    }

    /// Adds a point to what is known of each disk: the first time many, from what boxes told before.
    async fn read_disks(&mut self, store: &dyn Store, now_ms: i64) -> Result<(), StoreError> {
        let first_ms = now_ms.saturating_sub(DISK_HISTORY_MS);
        for Site { id, .. } in &self.sites {
            let known = self.disks.entry(id.clone()).or_default();
            known.retain(|hour| hour.at_ms >= first_ms);
            let mut from_ms = known.last().map_or(first_ms, |last| last.at_ms.saturating_add(DISK_STEP_MS));
            while from_ms < now_ms {
                let to_ms = from_ms.saturating_add(DISK_STEP_MS);
                let sample = store.metrics(id, from_ms, to_ms, 1).await?.pop();
                let free_bytes = sample.as_ref().and_then(|sample| least_free(&sample.host));
                known.extend(free_bytes.map(|free_bytes| DiskHour { at_ms: from_ms, free_bytes }));
                from_ms = to_ms;
            }
        }
        let known: Vec<&SiteId> = self.sites.iter().map(|site| &site.id).collect();
        self.disks.retain(|id, _| known.contains(&id));
        Ok(())
    }
}

/// The least that any disk has left, bytes.
fn least_free(host: &HostSample) -> Option<u64> {
    host.disks.iter().map(|disk| disk.available_bytes).min()
}

fn of<T: Clone>(all: &BTreeMap<SiteId, Vec<T>>, site: &SiteId) -> Vec<T> {
    all.get(site).cloned().unwrap_or_default()
}
