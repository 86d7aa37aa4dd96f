//! What the facts amount to: completeness, gaps, coverage, samples, devices, the diary.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::wire::reading::{Sighting, Source};

use super::{PulseView, word};
use crate::fleet::completeness::Line;
use crate::http::time::Time;
use crate::store::diary::Entry;
use crate::store::facts::Gap;
use crate::store::projections::{CoverageSpan, Device, MetricSample};

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
