//! What the API shows: one form per thing, apart from the forms of wire and store, which may change alone.

mod facts;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::wire::Heartbeat;
use vigie_shared::wire::reading::HostSample;

pub use self::facts::{CompletenessView, CoverageView, DeviceView, EntryView, GapView, SampleView};
use super::about::{AboutView, MachineView};
use super::reach::{Health, Hearing, Reach, health, reach};
use super::time::Time;
use crate::fleet::BoxNow;
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
    /// What people say of it.
    pub about: AboutView,
    /// What its box said last of itself.
    pub machine: MachineView,
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
    pub fn new(site: &Site, live: &BoxNow, hearing: Hearing) -> Self {
        let reach = reach(live, site.revoked_ms.is_some(), hearing);
        Self {
            id: site.id.to_string(),
            name: site.name.clone(),
            zone: site.zone.clone(),
            about: AboutView::from(&site.about),
            machine: MachineView::from(&site.machine),
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

/// The word by which an enum without content is written.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}
