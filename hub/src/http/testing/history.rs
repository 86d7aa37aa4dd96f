//! What a stage can show: a site with its history, a device, a pulse, a box that was just heard.

use std::sync::Arc;

use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::reading::{AgentUse, Disk, HostSample};
use vigie_shared::wire::{Heartbeat, Lane, LaneDepth, Stamp};

use super::{NOW, Stage};
use crate::fleet::{BoxNow, Connection};
use crate::store::diary::{Entry, Level};
use crate::store::facts::{Commit, Gap, GapReason, QueueState};
use crate::store::projections::{Cursor, Derived, Device, DeviceKind, MetricSample, Step};
use crate::store::sites::Site;

impl Stage {
    /// Adds a site with everything that a page can show.
    pub(crate) async fn add_site(&self, id: &str, name: &str) -> SiteId {
        let id: SiteId = id.parse().unwrap();
        let site = Site::new(id.clone(), name.to_owned(), "Europe/Paris".to_owned(), NOW - 86_400_000);
        self.store.add_site(&site).await.unwrap();
        id
    }

    /// Lets a site's box deliver, drop two records, see a device and raise an alarm.
    pub(crate) async fn add_history(&self, site: &SiteId) {
        let (lane, queue) = (Lane::Telemetry, QueueId([1; 16]));
        let state = QueueState { site: site.clone(), lane, queue, through: 10, born_ms: NOW - 7_200_000 };
        let gap = Gap {
            site: site.clone(),
            lane,
            queue,
            from: 4,
            to: 5,
            reason: GapReason::Dropped,
            noticed_ms: NOW - 3_600_000,
        };
        let commit = Commit { gaps: vec![gap], queues: vec![state], received_ms: NOW, ..Commit::default() };
        self.store.commit(Arc::new(commit)).await.unwrap();
        let cursor = Cursor { site: site.clone(), lane, queue, through: 10, complete_ms: Some(NOW - 60_000) };
        let sample = |minutes: i64| {
            let host = HostSample { cpu_permille: 120, ..heartbeat().host };
            dated((site.clone(), MetricSample { at_ms: NOW - minutes * 60_000, is_dated: true, host }))
        };
        let step = Step {
            devices: vec![dated(device(site, "aa"))],
            metrics: vec![sample(11), sample(6), sample(1)],
            cursors: vec![dated(cursor)],
            ..Step::default()
        };
        self.store.apply(step).await.unwrap();
        let entry = Entry {
            at_ms: NOW - 60_000,
            site: Some(site.clone()),
            level: Level::Alarm,
            kind: "lane_dropped".to_owned(),
            text: "The box dropped 2 records. The rest is safe. Enlarge its quota.".to_owned(),
        };
        self.store.write(&entry).await.unwrap();
    }
}

fn dated<T>(value: T) -> Derived<T> {
    Derived { value, undated: None }
}

/// A passing device.
pub(crate) fn device(site: &SiteId, id: &str) -> Device {
    Device {
        site: site.clone(),
        id: id.repeat(16),
        kind: DeviceKind::Passing,
        ip: None,
        name: None,
        first_seen_ms: NOW - 3_600_000,
        last_seen_ms: NOW - 120_000,
        sightings: 12,
        sources: 0b11,
        flags: 1,
    }
}

/// A pulse in which nothing is wrong.
pub(crate) fn heartbeat() -> Heartbeat {
    let host = HostSample {
        cpu_permille: 73,
        load_milli: 420,
        memory_total_bytes: 1 << 30,
        memory_available_bytes: 700 << 20,
        temperature_milli_c: Some(51_300),
        uptime_s: 100_000,
        disks: vec![Disk { mount: "/".to_owned(), total_bytes: 32_000_000_000, available_bytes: 20_000_000_000 }],
        links: Vec::new(),
        agent: AgentUse { pss_bytes: 7_900_000, written_bytes: 1_000_000, cpu_ms: 900 },
    };
    let lane = LaneDepth {
        lane: Lane::Observations,
        queue: QueueId([2; 16]),
        waiting: 3,
        bytes: 4096,
        dropped: 0,
        oldest_s: 12,
    };
    let stamp = Stamp { boot: BootId([7; 16]), uptime_ms: 100_000_000, wall_ms: NOW - 5000, is_synced: true };
    Heartbeat { stamp, host, lanes: vec![lane] }
}

/// A box that was just heard.
pub(crate) fn live() -> BoxNow {
    BoxNow {
        connection: Some(Connection { id: 1, peer: "192.0.2.7:50000".to_owned(), since_ms: NOW - 600_000 }),
        heard_ms: Some(NOW - 5000),
        version: Some("0.1.0".to_owned()),
        heartbeat: Some(heartbeat()),
        is_cloned: false,
    }
}
