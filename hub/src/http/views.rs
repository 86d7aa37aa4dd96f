//! What the API shows: one form per thing, apart from the forms of wire and store, which may change alone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::wire::Heartbeat;
use vigie_shared::wire::reading::{HostSample, Source};

use super::completeness::Line;
use super::reach::{Health, Reach, health, reach};
use super::time::Time;
use crate::fleet::BoxNow;
use crate::store::diary::Entry;
use crate::store::facts::Gap;
use crate::store::projections::{CoverageSpan, Device, MetricSample};
use crate::store::sites::Site;

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins: pass it as `after`. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A site and its box at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteView {
    /// Its id, in topics and certificates.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Its IANA time zone.
    pub zone: String,
    /// When it was added.
    pub created: Time,
    /// When it was revoked.
    pub revoked: Option<Time>,
    /// Whether its box can be reached.
    pub reach: Reach,
    /// How its box is.
    pub health: Health,
    /// When the present connection began.
    pub connected_since: Option<Time>,
    /// When the box was last heard.
    pub heard: Option<Time>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// The last pulse.
    pub pulse: Option<PulseView>,
    /// What waits on the box.
    pub waiting: Vec<WaitingView>,
}

impl SiteView {
    /// A site, what is known of its box, and the moment it is looked at.
    #[must_use]
    pub fn new(site: &Site, live: &BoxNow, now_ms: i64) -> Self {
        let reach = reach(live, site.revoked_ms.is_some(), now_ms);
        Self {
            id: site.id.to_string(),
            name: site.name.clone(),
            zone: site.zone.clone(),
            created: Time(site.created_ms),
            revoked: site.revoked_ms.map(Time),
            reach,
            health: health(live, reach),
            connected_since: live.connection.as_ref().map(|connection| Time(connection.since_ms)),
            heard: live.heard_ms.map(Time),
            agent_version: live.version.clone(),
            pulse: live.heartbeat.as_ref().map(|pulse| PulseView::new(&pulse.host)),
            waiting: live.heartbeat.as_ref().map(waiting).unwrap_or_default(),
        }
    }
}

/// How a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PulseView {
    /// Use of all processors together, thousandths.
    pub cpu_permille: u16,
    /// Load average of the last minute, thousandths.
    pub load_milli: u32,
    /// Memory, bytes.
    pub memory_total_bytes: u64,
    /// Memory that programs can still get, bytes.
    pub memory_available_bytes: u64,
    /// Hottest sensor, thousandths of a degree Celsius.
    pub temperature_milli_c: Option<i32>,
    /// Seconds since the machine started.
    pub uptime_s: u64,
    /// File systems.
    pub disks: Vec<DiskView>,
    /// Memory of the agent's process, bytes.
    pub agent_pss_bytes: u64,
    /// Bytes that the agent caused to be written since it started.
    pub agent_written_bytes: u64,
}

impl PulseView {
    fn new(host: &HostSample) -> Self {
        let disk = |disk: &vigie_shared::wire::reading::Disk| DiskView {
            mount: disk.mount.clone(),
            total_bytes: disk.total_bytes,
            available_bytes: disk.available_bytes,
        };
        Self {
            cpu_permille: host.cpu_permille,
            load_milli: host.load_milli,
            memory_total_bytes: host.memory_total_bytes,
            memory_available_bytes: host.memory_available_bytes,
            temperature_milli_c: host.temperature_milli_c,
            uptime_s: host.uptime_s,
            disks: host.disks.iter().map(disk).collect(),
            agent_pss_bytes: host.agent.pss_bytes,
            agent_written_bytes: host.agent.written_bytes,
        }
    }
}

/// One file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskView {
    /// Where it is mounted.
    pub mount: String,
    /// Its size.
    pub total_bytes: u64,
    /// What can still be written.
    pub available_bytes: u64,
}

/// What waits in one lane of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The lane.
    pub lane: String,
    /// Records without a receipt.
    pub records: u64,
    /// Bytes of the lane's folder.
    pub size_bytes: u64,
    /// Records dropped unsent since the queue was born.
    pub dropped: u64,
    /// Age of the oldest, seconds.
    pub oldest_s: u64,
}

fn waiting(pulse: &Heartbeat) -> Vec<WaitingView> {
    let lanes = pulse.lanes.iter().map(|lane| WaitingView {
        lane: lane.lane.to_string(),
        records: lane.waiting,
        size_bytes: lane.bytes,
        dropped: lane.dropped,
        oldest_s: lane.oldest_s,
    });
    lanes.collect()
}

/// How far one lane's facts are complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletenessView {
    /// The lane.
    pub lane: String,
    /// The queue that the box fills at present.
    pub queue: String,
    /// The newest position held without a break.
    pub through: u64,
    /// Everything before this moment has arrived, but for the gaps.
    pub complete_through: Option<Time>,
    /// Records that will never arrive.
    pub missing: u64,
}

impl From<&Line> for CompletenessView {
    fn from(line: &Line) -> Self {
        Self {
            lane: line.lane.to_string(),
            queue: line.queue.to_string(),
            through: line.through,
            complete_through: line.complete_ms.map(Time),
            missing: line.missing,
        }
    }
}

/// Positions that will never arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapView {
    /// The lane.
    pub lane: String,
    /// The queue.
    pub queue: String,
    /// First missing position.
    pub from: u64,
    /// Last missing position.
    pub to: u64,
    /// `dropped`, `damaged` or `hub_restored`.
    pub reason: String,
    /// When the hub noticed.
    pub noticed: Time,
}

impl From<&Gap> for GapView {
    fn from(gap: &Gap) -> Self {
        Self {
            lane: gap.lane.to_string(),
            queue: gap.queue.to_string(),
            from: gap.from,
            to: gap.to,
            reason: word(gap.reason),
            noticed: Time(gap.noticed_ms),
        }
    }
}

/// An interval in which a network was watched, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageView {
    /// The network.
    pub network: String,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
    /// Why it could not be watched; missing if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind: Option<String>,
}

impl From<&CoverageSpan> for CoverageView {
    fn from(span: &CoverageSpan) -> Self {
        Self {
            network: span.network.clone(),
            from: Time(span.from_ms),
            to: Time(span.to_ms),
            blind: span.blind.clone(),
        }
    }
}

/// One sample of a box's pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SampleView {
    /// When.
    pub at: Time,
    /// Whether that is sure.
    pub is_dated: bool,
    /// The pulse.
    #[serde(flatten)]
    pub pulse: PulseView,
}

impl From<&MetricSample> for SampleView {
    fn from(sample: &MetricSample) -> Self {
        Self { at: Time(sample.at_ms), is_dated: sample.is_dated, pulse: PulseView::new(&sample.host) }
    }
}

/// A device that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    /// Where.
    pub site: String,
    /// Its pseudonym; its MAC if the owner declares the equipment his own.
    pub id: String,
    /// `known`, `passing` or `owned`.
    pub kind: String,
    /// Its last internet address; only for owned equipment.
    pub ip: Option<String>,
    /// The name it gave itself; only for owned equipment.
    pub name: Option<String>,
    /// First confirmation.
    pub first_seen: Time,
    /// Last confirmation.
    pub last_seen: Time,
    /// Confirmations in all.
    pub sightings: u64,
    /// What confirmed it.
    pub sources: Vec<String>,
    /// Whether its address may change.
    pub is_private_address: bool,
    /// Whether it is the box itself or a gateway.
    pub is_infrastructure: bool,
}

impl From<&Device> for DeviceView {
    fn from(device: &Device) -> Self {
        use vigie_shared::wire::reading::Sighting;
        let sources = Source::ALL.iter().filter(|source| device.sources & source.bit() != 0);
        Self {
            site: device.site.to_string(),
            id: device.id.clone(),
            kind: word(device.kind),
            ip: device.ip.clone(),
            name: device.name.clone(),
            first_seen: Time(device.first_seen_ms),
            last_seen: Time(device.last_seen_ms),
            sightings: device.sightings,
            sources: sources.map(|source| source.as_str().to_owned()).collect(),
            is_private_address: device.flags & Sighting::PRIVATE_ADDRESS != 0,
            is_infrastructure: device.flags & Sighting::INFRASTRUCTURE != 0,
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryView {
    /// When.
    pub at: Time,
    /// Where, if at one site.
    pub site: Option<String>,
    /// `note` or `alarm`.
    pub level: String,
    /// One stable word.
    pub kind: String,
    /// What happened, what is safe, what to do.
    pub text: String,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        Self {
            at: Time(entry.at_ms),
            site: entry.site.as_ref().map(ToString::to_string),
            level: word(entry.level),
            kind: entry.kind.clone(),
            text: entry.text.clone(),
        }
    }
}

/// The word by which an enum without content is written.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}
