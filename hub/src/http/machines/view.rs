//! A machine as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;
use vigie_shared::wire::reading::{Battery, BatteryState, MachineDisk, MachineReach, MachineSystem, MemoryPressure};

use crate::csv;
use crate::http::time::Time;
use crate::store::machines::{Card, Machine, Place, Read, name};

/// A machine. What it does not know is missing, never zero.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MachineOverview {
    /// Its name here: its serial number, else its network card, else site and address.
    id: String,
    /// What people call it.
    name: String,
    /// Where it was last met.
    site: String,
    /// Under which address.
    ip: String,
    /// The network card that it used last.
    mac: Option<String>,
    /// Who made that card.
    vendor: Option<String>,
    /// The name that it announces on the network.
    network_name: Option<String>,
    /// When it was first met.
    first: Time,
    /// When it was last met.
    met: Time,
    /// How far the box came then: `read`, `no_ssh`, `refused`, `shut`, `unpinned`, `other_key`, `silent` or `failed`.
    reach: &'static str,
    /// The fingerprint of the key that it showed, or why it failed.
    reach_detail: Option<String>,
    /// When it last told of itself: the age of what follows.
    read: Option<Time>,
    /// What it said of itself then.
    facts: Option<FactsView>,
    /// Its network cards, those used last first.
    cards: Vec<CardView>,
    /// Where it was, the last places first.
    places: Vec<PlaceView>,
    /// Other names of it.
    also: Vec<String>,
}

/// What a machine said of itself.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct FactsView {
    /// `macos`, `linux` or `other`.
    system: &'static str,
    /// The maker's serial number.
    serial: Option<String>,
    /// The name its user gave it.
    computer_name: Option<String>,
    /// The name it has on networks.
    host_name: Option<String>,
    /// The model as it is sold.
    model: Option<String>,
    /// The model as the maker numbers it.
    model_id: Option<String>,
    /// Its processor.
    chip: Option<String>,
    /// The system's version.
    os_version: Option<String>,
    /// The system's build.
    os_build: Option<String>,
    /// Memory.
    memory_bytes: Option<u64>,
    /// Memory in use.
    memory_used_bytes: Option<u64>,
    /// `normal`, `warning` or `critical`.
    memory_pressure: Option<&'static str>,
    /// Its disk.
    disk: Option<MachineDiskView>,
    /// Its battery; none if it has none.
    battery: Option<BatteryView>,
    /// When it started.
    booted: Option<Time>,
    /// Who was logged in at the screen.
    console_user: Option<String>,
    /// Seconds since somebody had touched it.
    idle_s: Option<u64>,
    /// Whether the screen was locked.
    is_locked: Option<bool>,
}

/// The disk that the users' files lie on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MachineDiskView {
    /// Its size.
    total_bytes: u64,
    /// What is free.
    free_bytes: u64,
    /// What is free, and what the system would clear for what matters: what a Mac's Finder shows.
    available_bytes: Option<u64>,
}

/// A battery.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct BatteryView {
    /// Charge, 0 to 100.
    percent: u8,
    /// Whether the machine hangs on the mains.
    is_plugged: bool,
    /// `discharging`, `charging`, `held` or `full`.
    state: &'static str,
    /// Minutes until it is empty or full.
    minutes_left: Option<u16>,
    /// What it can still hold of what it held when new, thousandths.
    health_permille: Option<u16>,
    /// Charge cycles.
    cycles: Option<u32>,
    /// The system's word for its condition.
    condition: Option<String>,
}

/// A network card.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CardView {
    /// Its address.
    mac: String,
    /// When the machine last used it.
    last: Time,
}

/// Where a machine was.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PlaceView {
    /// At which site.
    site: String,
    /// Under which address.
    ip: String,
    /// When it was last there.
    last: Time,
}

impl From<&Machine> for MachineOverview {
    fn from(machine: &Machine) -> Self {
        let met = &machine.met;
        let (reach, reach_detail) = words_of(&met.reach);
        Self {
            id: machine.id.clone(),
            name: machine.title().to_owned(),
            site: met.site.to_string(),
            ip: met.ip.to_string(),
            mac: machine.mac().map(|mac| mac.to_string()),
            vendor: met.vendor.clone(),
            network_name: met.name.clone(),
            first: Time(machine.first_ms),
            met: Time(met.at_ms),
            reach,
            reach_detail: reach_detail.map(str::to_owned),
            read: machine.read.as_ref().map(|read| Time(read.at_ms)),
            facts: machine.read.as_ref().map(FactsView::from),
            cards: machine.cards.iter().map(CardView::from).collect(),
            places: machine.places.iter().map(PlaceView::from).collect(),
            also: machine.also.clone(),
        }
    }
}

impl MachineOverview {
    /// A row of the CSV: the order is that of its head.
    pub(super) fn cells(self) -> Vec<String> {
        let serial = if name::is_serial(&self.id) { self.id.clone() } else { String::new() };
        let head = [Some(self.name), Some(serial), Some(self.site), Some(self.ip), self.mac];
        let times = [Some(self.reach.to_owned()), Some(self.met.to_string()), self.read.map(|read| read.to_string())];
        let facts = serde_json::to_value(self.facts).unwrap_or_default();
        let of = |pointer: &str| facts.pointer(pointer).map_or_else(String::new, csv::of);
        let told = [
            "/system",
            "/os_version",
            "/model",
            "/model_id",
            "/chip",
            "/memory_bytes",
            "/memory_pressure",
            "/disk/total_bytes",
            "/disk/free_bytes",
            "/battery/percent",
            "/battery/is_plugged",
            "/battery/health_permille",
            "/battery/cycles",
            "/console_user",
        ];
        let known = head.into_iter().chain(times).map(Option::unwrap_or_default);
        known.chain(told.into_iter().map(of)).collect()
    }
}

impl From<&Read> for FactsView {
    fn from(read: &Read) -> Self {
        let facts = read.facts.clone();
        let booted_ago_ms =
            facts.booted_ago_s.map(|ago_s| i64::try_from(ago_s.saturating_mul(1000)).unwrap_or(i64::MAX));
        Self {
            system: match facts.system {
                MachineSystem::MacOs => "macos",
                MachineSystem::Linux => "linux",
                MachineSystem::Other => "other",
            },
            serial: facts.serial,
            computer_name: facts.computer_name,
            host_name: facts.host_name,
            model: facts.model_name,
            model_id: facts.model_id,
            chip: facts.chip,
            os_version: facts.os_version,
            os_build: facts.os_build,
            memory_bytes: facts.memory_bytes,
            memory_used_bytes: facts.memory_used_bytes,
            memory_pressure: facts.memory_pressure.map(pressure),
            disk: facts.disk.map(MachineDiskView::from),
            battery: facts.battery.map(BatteryView::from),
            booted: booted_ago_ms.map(|ago_ms| Time(read.at_ms.saturating_sub(ago_ms))),
            console_user: facts.console_user,
            idle_s: facts.idle_s,
            is_locked: facts.is_locked,
        }
    }
}

impl From<MachineDisk> for MachineDiskView {
    fn from(disk: MachineDisk) -> Self {
        let MachineDisk { total_bytes, free_bytes, available_bytes } = disk;
        Self { total_bytes, free_bytes, available_bytes }
    }
}

impl From<Battery> for BatteryView {
    fn from(battery: Battery) -> Self {
        let Battery { percent, is_plugged, state, minutes_left, health_permille, cycles, condition } = battery;
        let state = match state {
            BatteryState::Discharging => "discharging",
            BatteryState::Charging => "charging",
            BatteryState::Held => "held",
            BatteryState::Full => "full",
        };
        Self { percent, is_plugged, state, minutes_left, health_permille, cycles, condition }
    }
}

impl From<&Card> for CardView {
    fn from(card: &Card) -> Self {
        Self { mac: card.mac.to_string(), last: Time(card.last_ms) }
    }
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> Self {
        Self { site: place.site.to_string(), ip: place.ip.to_string(), last: Time(place.last_ms) }
    }
}

/// How short of memory, as a word.
pub(super) fn pressure(pressure: MemoryPressure) -> &'static str {
    match pressure {
        MemoryPressure::Normal => "normal",
        MemoryPressure::Warning => "warning",
        MemoryPressure::Critical => "critical",
    }
}

/// How far a box came, as a word, and what more there is to say of it.
fn words_of(reach: &MachineReach) -> (&'static str, Option<&str>) {
    match reach {
        MachineReach::Read => ("read", None),
        MachineReach::NoSsh => ("no_ssh", None),
        MachineReach::Refused => ("refused", None),
        MachineReach::Shut => ("shut", None),
        MachineReach::Unpinned(key) => ("unpinned", Some(key)),
        MachineReach::OtherKey(key) => ("other_key", Some(key)),
        MachineReach::Silent => ("silent", None),
        MachineReach::Failed(why) => ("failed", Some(why)),
    }
}
