//! What a scan found, and how it is shown: a table for people, JSON for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use vigie_shared::mac::Mac;

use crate::collectors::lan::census::{CANARY, Evidence};
use crate::collectors::lan::claims::Claims;
use crate::collectors::lan::eyes::Method;
use crate::collectors::lan::interface::{self, Interface};
use crate::collectors::lan::neighbour::CONFIRMED_MAX;
use crate::collectors::lan::sweep::Outcome;
use crate::collectors::lan::targets::Target;
use crate::collectors::lan::timeline::Timeline;

/// Addresses shown of one device; a phone uses a handful.
const SHOWN_MAX: usize = 32;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Device {
    /// Its first internet address, IPv4 before IPv6, if it uses one.
    pub(super) ip: Option<IpAddr>,
    /// Its address on the LAN.
    pub(super) mac: Mac,
    /// All its internet addresses, in their order; none of a machine that answers for others.
    pub(super) addresses: BTreeSet<IpAddr>,
    /// The name that it gives itself.
    pub(super) name: Option<String>,
    /// What is special about it.
    pub(super) flags: BTreeSet<&'static str>,
    /// How it was seen.
    pub(super) seen_by: BTreeSet<&'static str>,
    /// Milliseconds from the start of the scan until it was found.
    pub(super) found_ms: u64,
    /// What it claims to be.
    #[serde(skip)]
    claims: Claims,
}

/// What was found on one interface.
#[derive(Debug)]
pub(super) struct Findings {
    own: Device,
    gateways: BTreeSet<Ipv4Addr>,
    devices: BTreeMap<Mac, Device>,
    names: BTreeMap<Mac, String>,
}

impl Findings {
    /// Begins with the box itself, which never answers its own questions, and with names known from elsewhere.
    #[must_use]
    pub(super) fn new(interface: &Interface, names: BTreeMap<Mac, String>) -> Self {
        let mut own = Device::new(interface.mac, 0);
        own.add(interface.address.addr().into());
        own.flags.insert("this box");
        Self { own, gateways: interface::gateways(&interface.name), devices: BTreeMap::new(), names }
    }

    /// Adds one proof.
    pub(super) fn add(&mut self, evidence: Evidence, now: Duration) {
        let Evidence { mac, ip, source, name, .. } = evidence;
        if !mac.is_device() || mac == self.own.mac {
            return;
        }
        if let Some(name) = name {
            self.names.insert(mac, name);
        }
        let device = self.devices.entry(mac).or_insert_with(|| Device::new(mac, millis(now)));
        device.seen_by.insert(source.as_str());
        if let Some(ip) = ip {
            device.add(ip);
        }
    }

    /// How many devices were found, without the box.
    #[must_use]
    pub(super) fn devices(&self) -> usize {
        self.devices.len()
    }

    /// The addresses of devices that have not told their name.
    #[must_use]
    pub(super) fn unnamed(&self) -> Vec<Ipv4Addr> {
        let unnamed = self.devices.values().filter(|device| !self.names.contains_key(&device.mac));
        unnamed.flat_map(|device| &device.addresses).filter_map(v4).collect()
    }

    /// Everything found, the box included.
    fn into_devices(self) -> Vec<Device> {
        let Self { own, gateways, devices, mut names } = self;
        let told = devices.into_values().map(|device| {
            let name = names.remove(&device.mac);
            device.told(name, &gateways)
        });
        let mut devices: Vec<Device> = [own].into_iter().chain(told).collect();
        devices.sort_by_key(|device| (device.ip.is_none(), device.ip, device.mac));
        devices
    }
}

impl Device {
    fn new(mac: Mac, found_ms: u64) -> Self {
        Self {
            ip: None,
            mac,
            addresses: BTreeSet::new(),
            name: None,
            flags: BTreeSet::new(),
            seen_by: BTreeSet::new(),
            found_ms,
            claims: Claims::default(),
        }
    }

    fn add(&mut self, ip: IpAddr) {
        self.claims.add(ip);
        if ip != CANARY && self.addresses.len() < SHOWN_MAX {
            self.addresses.insert(ip);
            self.ip = self.addresses.first().copied();
        }
    }

    /// The device as it is shown. Of a machine that answers for others, only a router's own address is its own.
    fn told(mut self, name: Option<String>, gateways: &BTreeSet<Ipv4Addr>) -> Self {
        self.name = name;
        if self.mac.is_private() {
            self.flags.insert(if self.mac.is_container() { "container" } else { "private address" });
        }
        let as_gateway = self.addresses.iter().copied().find(|ip| v4(ip).is_some_and(|ip| gateways.contains(&ip)));
        if as_gateway.is_some() {
            self.flags.insert("gateway");
        }
        if self.claims.is_of_proxy() {
            self.flags.insert("answers for others");
            self.addresses.clear();
            self.ip = as_gateway;
        }
        self
    }
}

fn v4(ip: &IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(*ip),
        IpAddr::V6(_) => None,
    }
}

/// A whole scan.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    networks: Vec<Network>,
    devices: Vec<Device>,
    duration_ms: u64,
}

#[derive(Debug, Serialize)]
struct Network {
    interface: String,
    ranges: Vec<String>,
    method: String,
    addresses: usize,
    asked: usize,
    refused: u32,
    hint: Option<&'static str>,
}

impl Summary {
    /// Adds one interface.
    pub(super) fn add(&mut self, target: &Target, method: Method, outcome: Outcome, findings: Findings) {
        self.networks.push(Network {
            interface: target.interface.name.clone(),
            ranges: target.ranges.iter().map(ToString::to_string).collect(),
            method: method.to_string(),
            addresses: outcome.addresses,
            asked: outcome.asked,
            refused: outcome.refused,
            hint: method.hint(),
        });
        self.devices.extend(findings.into_devices());
    }

    /// Notes the end.
    pub(super) fn end(&mut self, timeline: Timeline) {
        self.duration_ms = millis(timeline.now());
    }

    /// Whether everybody was asked.
    #[must_use]
    pub(super) fn is_complete(&self) -> bool {
        self.networks.iter().all(|network| network.asked == network.addresses)
    }

    /// The scan as JSON, with a line end.
    ///
    /// # Errors
    ///
    /// None that can happen; the encoder's signature has one.
    pub(super) fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The scan as a table and a closing line.
    #[must_use]
    pub(super) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(["ADDRESS", "MAC", "NAME", "NOTES", "SEEN BY", "MS"]);
        for device in &self.devices {
            table.add_row([
                addresses(device),
                device.mac.to_string(),
                device.name.clone().unwrap_or_default(),
                join(&device.flags),
                join(&device.seen_by),
                device.found_ms.to_string(),
            ]);
        }
        if let Some(column) = table.column_mut(5) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect::<String>() + "\n" + &self.closing_lines()
    }

    fn closing_lines(&self) -> String {
        let own = self.devices.iter().filter(|device| device.flags.contains("this box")).count();
        let macs: BTreeSet<Mac> = self.devices.iter().map(|device| device.mac).collect();
        let found = macs.len().saturating_sub(own);
        let seconds = Duration::from_millis(self.duration_ms).as_secs_f32();
        let mut text = format!("{found} devices besides this box, in {seconds:.1} s.\n");
        for network in &self.networks {
            let Network { interface, ranges, method, addresses, asked, .. } = network;
            // Writing to a string cannot fail.
            let _is_written = writeln!(
                text,
                "{interface}: {} by {method}, {asked} of {addresses} addresses asked.",
                ranges.join(", ")
            )
            .is_ok();
        }
        if let Some(hint) = self.networks.iter().find_map(|network| network.hint) {
            text += &format!("Hint: {hint}.\n");
        }
        if !self.is_complete() {
            text += "Not everybody could be asked in time: give a larger --timeout or a smaller --range.\n";
        }
        text
    }
}

/// Every address on a line of its own.
fn addresses(device: &Device) -> String {
    let first = device.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let others = device.addresses.iter().filter(|ip| Some(**ip) != device.ip).map(ToString::to_string);
    [first].into_iter().chain(others).collect::<Vec<_>>().join("\n")
}

fn join(words: &BTreeSet<&'static str>) -> String {
    words.iter().copied().collect::<Vec<_>>().join(", ")
}

/// Milliseconds since the start of the scan.
fn millis(at: Duration) -> u64 {
    u64::try_from(at.saturating_sub(CONFIRMED_MAX).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use vigie_shared::wire::reading::Source;

    use super::*;

    const BOX: Mac = Mac([0xb8, 0x27, 0xeb, 1, 2, 3]);
    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
    const ACCESS_POINT: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0, 9]);

    fn findings() -> Findings {
        let address = "10.0.0.2/24".parse().unwrap();
        let interface = Interface { name: "none0".to_owned(), index: 2, mac: BOX, address };
        Findings::new(&interface, BTreeMap::new())
    }

    fn seen(mac: Mac, n: u8) -> Evidence {
        Evidence { mac, ip: Some(IpAddr::from([10, 0, 0, n])), at: CONFIRMED_MAX, source: Source::ArpReply, name: None }
    }

    #[test]
    fn the_box_is_listed_and_a_private_address_is_marked() {
        let mut findings = findings();
        findings.add(seen(PHONE, 7), CONFIRMED_MAX + Duration::from_millis(42));
        findings.add(Evidence { name: Some("Marie-iPhone".to_owned()), ..seen(PHONE, 7) }, CONFIRMED_MAX);
        findings.add(seen(BOX, 2), CONFIRMED_MAX);

        let devices = findings.into_devices();

        assert_eq!(devices.len(), 2);
        assert_eq!(devices[0].flags, BTreeSet::from(["this box"]));
        assert_eq!(devices[1].flags, BTreeSet::from(["private address"]));
        assert_eq!((devices[1].found_ms, devices[1].name.as_deref()), (42, Some("Marie-iPhone")));
    }

    #[test]
    fn a_device_is_one_row_with_all_its_addresses_and_the_first_is_ipv4() {
        let mut findings = findings();
        let local: IpAddr = "fe80::8c1b:7cff:fe00:1122".parse().unwrap();
        findings.add(Evidence { ip: Some(local), source: Source::Neighbour, ..seen(PHONE, 0) }, CONFIRMED_MAX);
        findings.add(seen(PHONE, 7), CONFIRMED_MAX + Duration::from_millis(42));

        let summary = Summary { devices: findings.into_devices(), ..Summary::default() };

        let device = &summary.devices[1];
        assert_eq!((device.ip, device.found_ms), (Some([10, 0, 0, 7].into()), 0));
        assert_eq!(device.addresses, BTreeSet::from([[10, 0, 0, 7].into(), local]));
        assert_eq!(device.seen_by, BTreeSet::from(["arp", "neighbour"]));
        assert!(summary.text().lines().any(|line| line.trim() == local.to_string()), "{}", summary.text());
    }

    #[test]
    fn a_machine_that_answers_for_others_is_one_line_and_hides_nobody() {
        let mut findings = findings();
        (10..200).for_each(|n| findings.add(seen(ACCESS_POINT, n), CONFIRMED_MAX));
        findings.add(seen(PHONE, 50), CONFIRMED_MAX);

        let devices = findings.into_devices();

        let macs: Vec<Mac> = devices.iter().map(|device| device.mac).collect();
        assert_eq!(macs, [BOX, PHONE, ACCESS_POINT]);
        assert!(devices[2].flags.contains("answers for others"));
    }
}
