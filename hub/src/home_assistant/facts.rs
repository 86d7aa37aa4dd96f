//! What is known of the fleet when Home Assistant is told: plain values, so that the list follows from them alone.

use vigie_shared::id::{SiteId, to_hex};

/// The fleet at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Sites whose box may be heard.
    pub(super) sites: Vec<SiteFacts>,
    /// People who agreed to be named.
    pub(super) people: Vec<PersonFacts>,
}

/// A site and its box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SiteFacts {
    /// Its id.
    pub(super) id: SiteId,
    /// Its name.
    pub(super) name: String,
    /// The agent's version.
    pub(super) version: Option<String>,
    /// Whether its box can be reached.
    pub(super) is_reachable: bool,
    /// How its box is: one of [`HEALTHS`].
    pub(super) health: &'static str,
    /// Its box's last pulse.
    pub(super) pulse: Option<Pulse>,
    /// Records that wait on the box.
    pub(super) waiting: u64,
    /// Everything before this moment has arrived, RFC 3339.
    pub(super) complete_through: Option<String>,
    /// How many people are there, where that says not who.
    pub(super) people: Option<u32>,
    /// Alerts that fire.
    pub(super) alerts: usize,
}

/// What a box says of its machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pulse {
    /// Processors in use, percent.
    pub(super) cpu_percent: f64,
    /// Memory in use, percent.
    pub(super) memory_percent: f64,
    /// The fullest disk, percent.
    pub(super) disk_percent: f64,
    /// The hottest sensor, degrees Celsius.
    pub(super) temperature_c: Option<f64>,
}

/// Somebody who agreed to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PersonFacts {
    /// What stands for the person in topics: says nothing about who it is.
    pub(super) key: String,
    /// The name.
    pub(super) name: String,
    /// Whether the person is at a site.
    pub(super) is_home: bool,
}

/// Every health that is told.
pub(super) const HEALTHS: [&str; 4] = ["fine", "attention", "critical", "unknown"];

/// What stands for somebody in topics.
pub(super) fn key_of(hub: &str, person: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, format!("{hub}/{person}").as_bytes());
    to_hex(hash.as_ref().get(..8).unwrap_or_default())
}
