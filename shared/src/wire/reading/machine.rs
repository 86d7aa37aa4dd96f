//! What a look at the site's Macs and PCs found: equipment of the owner, so named openly.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;

/// Machines of one round, or a part of them: what does not fit one record goes into the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machines {
    /// One row per machine.
    pub rows: Vec<MachineRow>,
}

/// One machine as it was met on the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRow {
    /// Where it answered.
    pub ip: IpAddr,
    /// Its address on the LAN, if the box shares one with it.
    pub mac: Option<Mac>,
    /// The name it announces on the network, without its domain.
    pub name: Option<String>,
    /// Who made its network card, by the address.
    pub vendor: Option<String>,
    /// Whether it could be read, and why not.
    pub reach: MachineReach,
    /// What it said of itself; none unless it could be read.
    pub facts: Option<MachineFacts>,
}

/// How far the box came with a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineReach {
    /// It was read.
    Read,
    /// Nothing listens for SSH.
    NoSsh,
    /// It knows neither our key nor our password.
    Refused,
    /// It closes the connection before it says who it is: a filter, or its penalty for earlier refusals.
    Shut,
    /// Its host key is not pinned, and nobody said that new ones may be. The fingerprint, `SHA256:…`.
    Unpinned(String),
    /// Its host key is another than the pinned one. The fingerprint that it showed, `SHA256:…`.
    OtherKey(String),
    /// It did not answer in time.
    Silent,
    /// Something else, for people.
    Failed(String),
}

/// What a machine says of itself. What it does not know is none, never zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineFacts {
    /// Which family of system: decides which facts there are.
    pub system: MachineSystem,
    /// The maker's serial number.
    pub serial: Option<String>,
    /// The name its user gave it.
    pub computer_name: Option<String>,
    /// The name it has on networks.
    pub host_name: Option<String>,
    /// The model as it is sold: `MacBook Pro (14-inch, 2021)`.
    pub model_name: Option<String>,
    /// The model as the maker numbers it: `MacBookPro18,3`.
    pub model_id: Option<String>,
    /// Processor: `Apple M1 Pro`.
    pub chip: Option<String>,
    /// The system's version: `26.1`, or `Debian GNU/Linux 12`.
    pub os_version: Option<String>,
    /// The system's build: `25B78`.
    pub os_build: Option<String>,
    /// Memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Memory in use as the system's own monitor shows it, bytes.
    pub memory_used_bytes: Option<u64>,
    /// How short of memory it is.
    pub memory_pressure: Option<MemoryPressure>,
    /// The disk that the users' files lie on.
    pub disk: Option<MachineDisk>,
    /// Its battery; none if it has none.
    pub battery: Option<Battery>,
    /// Seconds from its last start to the record's stamp.
    pub booted_ago_s: Option<u64>,
    /// Who is logged in at the screen; none if nobody is.
    pub console_user: Option<String>,
    /// Seconds since somebody touched it.
    pub idle_s: Option<u64>,
    /// Whether the screen is locked.
    pub is_locked: Option<bool>,
}

/// Families of systems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineSystem {
    /// macOS.
    MacOs,
    /// Linux.
    Linux,
    /// Any other that answers as a shell does.
    #[default]
    Other,
}

/// How short of memory a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MemoryPressure {
    /// It has enough.
    Normal,
    /// It is short.
    Warning,
    /// Programs suffer.
    Critical,
}

/// The disk that the users' files lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineDisk {
    /// Size in bytes.
    pub total_bytes: u64,
    /// Bytes that are free.
    pub free_bytes: u64,
    /// Free bytes and those that the system would clear for what matters: what a Mac's Finder shows.
    pub available_bytes: Option<u64>,
}

/// A battery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Battery {
    /// Charge, 0 to 100.
    pub percent: u8,
    /// Whether the machine hangs on the mains.
    pub is_plugged: bool,
    /// What it does.
    pub state: BatteryState,
    /// Minutes until it is empty or full; none if the system cannot tell.
    pub minutes_left: Option<u16>,
    /// What it can still hold of what it held when new, in thousandths.
    pub health_permille: Option<u16>,
    /// Charge cycles.
    pub cycles: Option<u32>,
    /// The system's own word for its condition: `Normal`, `Service Recommended`.
    pub condition: Option<String>,
}

/// What a battery does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatteryState {
    /// It feeds the machine.
    Discharging,
    /// It is being charged.
    Charging,
    /// Plugged in and left as it is, below full: the system spares it.
    Held,
    /// It is full.
    Full,
}
