//! What collectors see. Facts that the hub reasons about are typed here; times are relative to the record's
//! stamp, so that correcting the stamp corrects them all.

mod alarm;
mod clock;
mod local;
mod machine;
mod media;
mod punch;
mod software;
mod terminal;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::pseudonym::Pseudonym;
use crate::wire::command::CommandOutcome;
use crate::wire::delivery::Lane;

pub use self::alarm::{AlarmKind, BoxAlarm};
pub use self::clock::{ClockAnchor, TimeSource};
pub use self::local::{LocalLine, LocalLines};
pub use self::machine::{
    Battery, BatteryState, MachineDisk, MachineFacts, MachineReach, MachineRow, MachineSystem, Machines, MemoryPressure,
};
pub use self::media::{MediaFile, MediaStretch};
pub use self::punch::Punch;
pub use self::software::{SoftwareList, SoftwareVersion};
pub use self::terminal::{
    LogOrigin, LogRow, Standing, TerminalHardware, TerminalLog, TerminalRoom, TerminalState, TerminalUser,
    TerminalUsers, UserStretch,
};

/// One reading. New kinds are appended at the end, never inserted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// The box's own pulse.
    Host(HostSample),
    /// Devices whose presence on the LAN was confirmed.
    Sightings(Sightings),
    /// When a source was able to see, or why it was blind.
    Coverage(Coverage),
    /// The true time of a moment of this boot: earlier readings of the boot are re-dated by it.
    ClockAnchor(ClockAnchor),
    /// Something about the box that somebody should know.
    Alarm(BoxAlarm),
    /// A single punch on a time clock, of a program that has no log to tell.
    Punch(Punch),
    /// How a command ended.
    Outcome(CommandOutcome),
    /// What lies in a stretch of the box's videos.
    Media(MediaStretch),
    /// What local programs left for the hub.
    Local(LocalLines),
    /// What is installed on the box.
    Software(SoftwareList),
    /// Rows of a time clock's log.
    TerminalLog(TerminalLog),
    /// Who is enrolled on a time clock.
    TerminalUsers(TerminalUsers),
    /// How a time clock is.
    TerminalState(TerminalState),
    /// How the owner's Macs and PCs are.
    Machines(Machines),
}

impl Reading {
    /// The lane that carries this kind of reading.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Punch(_) | Self::Outcome(_) | Self::TerminalLog(_) | Self::TerminalUsers(_) => Lane::Ledger,
            Self::Sightings(_)
            | Self::Coverage(_)
            | Self::ClockAnchor(_)
            | Self::Alarm(_)
            | Self::Media(_)
            | Self::Local(_)
            | Self::Software(_)
            | Self::TerminalState(_)
            | Self::Machines(_) => Lane::Observations,
            Self::Host(_) => Lane::Telemetry,
        }
    }

    /// The kind as one word, for metrics and listings.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Sightings(_) => "sightings",
            Self::Coverage(_) => "coverage",
            Self::ClockAnchor(_) => "clock_anchor",
            Self::Alarm(_) => "alarm",
            Self::Punch(_) => "punch",
            Self::Outcome(_) => "outcome",
            Self::Media(_) => "media",
            Self::Local(_) => "local",
            Self::Software(_) => "software",
            Self::TerminalLog(_) => "terminal_log",
            Self::TerminalUsers(_) => "terminal_users",
            Self::TerminalState(_) => "terminal_state",
            Self::Machines(_) => "machines",
        }
    }
}

/// The box's own pulse. Totals count since the machine started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSample {
    /// Use of all processors together, 0 to 1000.
    pub cpu_permille: u16,
    /// Load average of the last minute, times 1000.
    pub load_milli: u32,
    /// Memory of the machine, bytes.
    pub memory_total_bytes: u64,
    /// Memory that programs could still get, bytes.
    pub memory_available_bytes: u64,
    /// Hottest processor sensor in thousandths of a degree Celsius; none if the machine has no sensor.
    pub temperature_milli_c: Option<i32>,
    /// Seconds since the machine started.
    pub uptime_s: u64,
    /// File systems on real disks.
    pub disks: Vec<Disk>,
    /// Network interfaces, without loopback and containers.
    pub links: Vec<Link>,
    /// What the agent itself costs.
    pub agent: AgentUse,
}

/// One file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// Size in bytes.
    pub total_bytes: u64,
    /// Bytes that an ordinary user can still write.
    pub available_bytes: u64,
}

/// One network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The kernel's name.
    pub name: String,
    /// Bytes received since the machine started.
    pub received_bytes: u64,
    /// Bytes sent since the machine started.
    pub sent_bytes: u64,
}

/// What the agent's process costs the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentUse {
    /// Proportional set size in bytes.
    pub pss_bytes: u64,
    /// Bytes that the process has caused to be written to disk since it started.
    pub written_bytes: u64,
    /// Processor time used since it started, milliseconds.
    pub cpu_ms: u64,
}

/// Devices seen in one interval of at most five minutes, one row per device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// The network that was watched, in the owner's words or as the interface's name.
    pub network: String,
    /// One row per device.
    pub rows: Vec<Sighting>,
}

/// One device in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Which device.
    pub device: DeviceRef,
    /// Seconds from its first confirmation in the interval to the record's stamp.
    pub first_ago_s: u32,
    /// Seconds from its last confirmation to the record's stamp; at most `first_ago_s`.
    pub last_ago_s: u32,
    /// Confirmations in the interval.
    pub count: u16,
    /// The sources that confirmed it, a sum of [`Source::bit`].
    pub sources: u16,
    /// A sum of [`Sighting::PRIVATE_ADDRESS`] and [`Sighting::INFRASTRUCTURE`].
    pub flags: u8,
}

impl Sighting {
    /// The address is locally administered: it may change.
    pub const PRIVATE_ADDRESS: u8 = 1;
    /// The box itself, or a gateway: present by nature, never a person.
    pub const INFRASTRUCTURE: u8 = 2;
}

/// How a device is named outside its site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeviceRef {
    /// A registered device: its name is stable.
    Known(Pseudonym),
    /// Any other device: its name dies with the day's key.
    Passing(Pseudonym),
    /// Equipment that the owner declares his own: named openly.
    Owned(OwnedDevice),
}

/// A device named openly because its owner declared the network's equipment his own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnedDevice {
    /// Its address on the LAN.
    pub mac: Mac,
    /// Its last internet address, if known.
    pub ip: Option<IpAddr>,
    /// The name it gave itself, if any.
    pub name: Option<String>,
}

/// A way to see devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// It answered our ARP request.
    ArpReply,
    /// The kernel's neighbour table confirmed it.
    Neighbour,
    /// It answered a ping.
    Icmp,
    /// It sent ARP on its own.
    ArpHeard,
    /// It asked for an address.
    Dhcp,
    /// It announced itself by multicast DNS.
    Mdns,
    /// A DHCP server's lease file names it (name and arrival, never departure).
    Lease,
}

impl Source {
    /// Every source, in the order of their bits.
    pub const ALL: [Self; 7] =
        [Self::ArpReply, Self::Neighbour, Self::Icmp, Self::ArpHeard, Self::Dhcp, Self::Mdns, Self::Lease];

    /// The source's bit in [`Sighting::sources`].
    #[must_use]
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The source as one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArpReply => "arp",
            Self::Neighbour => "neighbour",
            Self::Icmp => "icmp",
            Self::ArpHeard => "arp_heard",
            Self::Dhcp => "dhcp",
            Self::Mdns => "mdns",
            Self::Lease => "lease",
        }
    }
}

/// An interval in which a source was able to see, or was blind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The network that was watched.
    pub network: String,
    /// Seconds from the beginning of the interval to the record's stamp.
    pub from_ago_s: u32,
    /// Seconds from its end to the record's stamp; at most `from_ago_s`.
    pub to_ago_s: u32,
    /// Addresses asked in the interval.
    pub asked: u32,
    /// Devices confirmed in the interval.
    pub answered: u32,
    /// Able to see, or why not.
    pub sight: Sight,
}

/// Whether an observer could see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    /// It could.
    Clear,
    /// It could not, for this reason; nobody may be called absent because of it.
    Blind(String),
}
