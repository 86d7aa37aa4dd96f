//! The words of the census: what goes in and what comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::Source;

use crate::collectors::lan::coverage::Stretch;

/// A proof that a device is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The device.
    pub mac: Mac,
    /// The internet address that it used, if known.
    pub ip: Option<IpAddr>,
    /// When it was there.
    pub at: Duration,
    /// How it was seen.
    pub source: Source,
    /// The name that it gave itself, if any.
    pub name: Option<String>,
}

/// What the census is told about the network.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The box's own addresses on this network.
    pub own: BTreeMap<Mac, Ipv4Addr>,
    /// Addresses of routers.
    pub gateways: BTreeSet<Ipv4Addr>,
    /// Silence after which a device believed present is asked.
    pub check_after: Duration,
}

/// One device in one interval.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The device.
    pub mac: Mac,
    /// Its latest internet address, if known: over IPv4, or else over IPv6.
    pub ip: Option<IpAddr>,
    /// First confirmation in the interval.
    pub first: Duration,
    /// Last confirmation in the interval.
    pub last: Duration,
    /// Seconds of the interval in which it was confirmed.
    pub count: u16,
    /// A sum of [`Source::bit`]; nothing for the box itself.
    pub sources: u16,
    /// As `flags` of a [`Sighting`](vigie_shared::wire::reading::Sighting).
    pub flags: u8,
}

/// A question that is due to one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The device.
    pub mac: Mac,
    /// Where it was last: over IPv4, or else over IPv6.
    pub ip: IpAddr,
}

/// One interval, closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// One row per device, in the order of their addresses.
    pub rows: Vec<Row>,
    /// When the observer could see.
    pub coverage: Vec<Stretch>,
    /// Machines found to answer for others that were not suspected before.
    pub new_proxies: Vec<Mac>,
}
