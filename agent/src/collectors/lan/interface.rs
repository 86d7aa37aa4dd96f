//! The box's networks: which interfaces lead to a LAN, what is on them, and which addresses may be swept.
//!
//! Loopback, tunnels and what container engines and virtual machines create are no LAN. Without configuration
//! only private ranges up to [`PREFIX_MIN`] are swept: a larger one must be asked for by its owner.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use vigie_shared::mac::Mac;

/// The largest range that is swept unasked: a /22, 1 022 addresses.
pub const PREFIX_MIN: u8 = 22;

/// The largest range that is swept at all: a /16, 65 534 addresses.
pub const PREFIX_MIN_CONFIGURED: u8 = 16;

/// Beginnings of the names of interfaces that lead to no LAN.
const FOREIGN: [&str; 20] = [
    "docker",
    "veth",
    "virbr",
    "vnet",
    "vmnet",
    "vboxnet",
    "lxc",
    "lxdbr",
    "cni",
    "flannel",
    "cali",
    "podman",
    "tun",
    "tap",
    "wg",
    "tailscale",
    "zt",
    "ppp",
    "ifb",
    "dummy",
];

/// An interface that leads to a LAN and is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's name.
    pub name: String,
    /// The kernel's number.
    pub index: u32,
    /// Its address on the LAN.
    pub mac: Mac,
    /// Its first IPv4 address and network.
    pub address: Ipv4Net,
}

/// Why an interface cannot be used; the text fits after its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It does not exist.
    #[error("does not exist")]
    Missing,
    /// An administrator switched it off.
    #[error("is switched off")]
    Down,
    /// Nothing is connected.
    #[error("has no carrier: is the cable in, is the wireless network joined?")]
    NoCarrier,
    /// Nobody gave it an address.
    #[error("has no IPv4 address")]
    NoAddress,
    /// It is no Ethernet.
    #[error("is no LAN: it has no hardware address")]
    NotEthernet,
}

/// Why a range may not be swept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It is not private: its devices may be anybody's.
    #[error("{0} is not a private range; name what to sweep, for example `{1}`")]
    Public(Ipv4Net, Ipv4Net),
    /// It is larger than what is swept unasked.
    #[error("{0} is larger than a /{PREFIX_MIN}; name what to sweep, for example `{1}`")]
    Large(Ipv4Net, Ipv4Net),
    /// It is larger than what is swept at all.
    #[error("{0} is larger than a /{PREFIX_MIN_CONFIGURED}; name smaller ranges")]
    TooLarge(Ipv4Net),
}

impl Interface {
    /// The ranges to sweep: the configured ones that this network contains or, if none are configured, all of it.
    ///
    /// # Errors
    ///
    /// If the network is too large or too public to be swept unasked, or a configured range is too large.
    pub fn ranges(&self, configured: &[Ipv4Net]) -> Result<Vec<Ipv4Net>, RangeError> {
        if configured.is_empty() {
            return Ok(vec![unasked(self.address)?]);
        }
        let own = self.address.trunc();
        let ranges = configured.iter().map(Ipv4Net::trunc).filter(|range| own.contains(range) || range.contains(&own));
        ranges
            .map(
                |range| {
                    if range.prefix_len() < PREFIX_MIN_CONFIGURED {
                        Err(RangeError::TooLarge(range))
                    } else {
                        Ok(range)
                    }
                },
            )
            .collect()
    }
}

fn unasked(address: Ipv4Net) -> Result<Ipv4Net, RangeError> {
    let range = address.trunc();
    let smaller = Ipv4Net::new(address.addr(), range.prefix_len().max(24)).map_or(range, |net| net.trunc());
    let is_private = |ip: Ipv4Addr| ip.is_private() || ip.is_link_local() || is_carrier_grade(ip);
    if !(is_private(range.network()) && is_private(range.broadcast())) {
        return Err(RangeError::Public(range, smaller));
    }
    if range.prefix_len() < PREFIX_MIN {
        return Err(RangeError::Large(range, smaller));
    }
    Ok(range)
}

/// 100.64.0.0/10, which providers use behind their own translation (RFC 6598).
fn is_carrier_grade(ip: Ipv4Addr) -> bool {
    matches!(ip.octets(), [100, 64..=127, ..])
}

/// Every address of the ranges once, without network and broadcast addresses and without the box's own.
#[must_use]
pub fn addresses(ranges: &[Ipv4Net], own: Ipv4Addr) -> Vec<Ipv4Addr> {
    let all: BTreeSet<Ipv4Addr> = ranges.iter().flat_map(Ipv4Net::hosts).filter(|ip| *ip != own).collect();
    all.into_iter().collect()
}

/// Whether an interface of this name may lead to a LAN.
#[must_use]
pub fn is_lan_name(name: &str) -> bool {
    let is_docker_bridge =
        name.strip_prefix("br-").is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    name != "lo" && !is_docker_bridge && !FOREIGN.iter().any(|prefix| name.starts_with(prefix))
}

/// Every interface that may lead to a LAN: ready, or its name and why not. In the order of their names.
///
/// # Errors
///
/// If the kernel does not list its interfaces.
pub fn discover() -> io::Result<Vec<Result<Interface, (String, Unusable)>>> {
    let rows: Vec<InterfaceAddress> = getifaddrs()?.collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.interface_name.as_str()).collect();
    let judge = |name: &str| judge(name, &rows).map_err(|reason| (name.to_owned(), reason));
    Ok(names.into_iter().filter(|name| is_lan_name(name)).map(judge).collect())
}

/// The interface of this name.
///
/// # Errors
///
/// [`Unusable`] if it is not ready; a kernel that lists no interfaces counts as "does not exist".
pub fn find(name: &str) -> Result<Interface, Unusable> {
    let rows: Vec<InterfaceAddress> = getifaddrs().map_err(|_unlisted| Unusable::Missing)?.collect();
    judge(name, &rows)
}

fn judge(name: &str, rows: &[InterfaceAddress]) -> Result<Interface, Unusable> {
    let own: Vec<_> = rows.iter().filter(|row| row.interface_name == name).collect();
    let flags = own.first().ok_or(Unusable::Missing)?.flags;
    if !flags.contains(InterfaceFlags::IFF_UP) {
        return Err(Unusable::Down);
    }
    let link = own.iter().find_map(|row| row.address.as_ref()?.as_link_addr().copied());
    let link = link.ok_or(Unusable::NotEthernet)?;
    let mac = link.addr().map(Mac).filter(|mac| mac.is_device()).ok_or(Unusable::NotEthernet)?;
    if flags.intersects(InterfaceFlags::IFF_LOOPBACK | InterfaceFlags::IFF_POINTOPOINT | InterfaceFlags::IFF_NOARP) {
        return Err(Unusable::NotEthernet);
    }
    if !flags.contains(InterfaceFlags::IFF_RUNNING) {
        return Err(Unusable::NoCarrier);
    }
    let address = own.iter().find_map(|row| network(row)).ok_or(Unusable::NoAddress)?;
    let index = u32::try_from(link.ifindex()).unwrap_or_default();
    Ok(Interface { name: name.to_owned(), index, mac, address })
}

fn network(row: &InterfaceAddress) -> Option<Ipv4Net> {
    let ip = row.address.as_ref()?.as_sockaddr_in()?.ip();
    let mask = row.netmask.as_ref()?.as_sockaddr_in()?.ip();
    Ipv4Net::with_netmask(ip, mask).ok()
}

/// The routers of an interface, from the kernel's routing table; none if it cannot be read.
#[must_use]
pub fn gateways(interface: &str) -> BTreeSet<Ipv4Addr> {
    std::fs::read_to_string("/proc/thread-self/net/route")
        .map_or_else(|_unreadable| BTreeSet::new(), |text| gateways_in(&text, interface))
}

/// Reads `/proc/net/route`: interface, destination, gateway… as hexadecimal digits in the machine's byte order.
fn gateways_in(text: &str, interface: &str) -> BTreeSet<Ipv4Addr> {
    let gateway = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let name = fields.next()?;
        let gateway = u32::from_str_radix(fields.nth(1)?, 16).ok()?;
        let ip = Ipv4Addr::from(gateway.to_ne_bytes());
        (name == interface && !ip.is_unspecified()).then_some(ip)
    };
    text.lines().skip(1).filter_map(gateway).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interface(address: &str) -> Interface {
        Interface {
            name: "eth0".to_owned(),
            index: 2,
            mac: Mac([0xb8, 0, 0, 0, 0, 1]),
            address: address.parse().unwrap(),
        }
    }

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn private_networks_up_to_a_22_are_swept_unasked() {
        for (address, range) in [
            ("192.168.1.7/24", "192.168.1.0/24"),
            ("10.1.2.3/22", "10.1.0.0/22"),
            ("172.31.0.1/30", "172.31.0.0/30"),
            ("100.64.3.1/24", "100.64.3.0/24"),
        ] {
            assert_eq!(interface(address).ranges(&[]), Ok(vec![net(range)]));
        }
    }

    #[test]
    fn larger_and_public_networks_wait_for_their_owner() {
        assert_eq!(
            interface("10.1.2.3/21").ranges(&[]),
            Err(RangeError::Large(net("10.1.0.0/21"), net("10.1.2.0/24")))
        );
        assert_eq!(interface("8.8.8.8/24").ranges(&[]), Err(RangeError::Public(net("8.8.8.0/24"), net("8.8.8.0/24"))));
        let asked = [net("10.1.2.0/23"), net("192.168.0.0/24")];
        assert_eq!(interface("10.1.2.3/16").ranges(&asked), Ok(vec![net("10.1.2.0/23")]));
        assert_eq!(interface("10.1.2.3/8").ranges(&[net("10.0.0.0/9")]), Err(RangeError::TooLarge(net("10.0.0.0/9"))));
    }

    #[test]
    fn what_containers_and_tunnels_create_is_no_lan() {
        for name in ["lo", "docker0", "veth12ab34c", "br-0123456789ab", "wg0", "tailscale0", "virbr0", "tun0"] {
            assert!(!is_lan_name(name), "{name}");
        }
        for name in ["eth0", "wlan0", "enp3s0", "br0", "br-lan", "end0", "eth0.20"] {
            assert!(is_lan_name(name), "{name}");
        }
    }

    #[test]
    fn the_own_network_and_broadcast_addresses_are_never_asked() {
        let asked = addresses(&[net("10.0.0.0/29"), net("10.0.0.0/30")], Ipv4Addr::new(10, 0, 0, 3));
        assert_eq!(asked.len(), 5);
        assert!(asked.iter().all(|ip| ![0, 3, 7].contains(&ip.octets()[3])));
    }

    #[test]
    fn the_router_is_read_from_the_routing_table() {
        let gateway = u32::from_ne_bytes([10, 0, 0, 1]);
        let text = format!(
            "Iface\tDestination\tGateway\neth0\t00000000\t{gateway:08X}\t0003\neth0\t0000000A\t00000000\t0001\n"
        );
        assert_eq!(gateways_in(&text, "eth0"), BTreeSet::from([Ipv4Addr::new(10, 0, 0, 1)]));
        assert_eq!(gateways_in(&text, "eth1"), BTreeSet::new());
    }

    proptest! {
        #[test]
        fn reading_a_routing_table_never_panics(text: String) {
            drop(gateways_in(&text, "eth0"));
        }
    }
}
