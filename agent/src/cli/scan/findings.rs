//! What a scan found, and how it is shown: a table for people, JSON for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use vigie_shared::mac::Mac;

use super::targets::Target;
use crate::collectors::lan::census::{ADDRESSES_MAX, CANARY, Evidence};
use crate::collectors::lan::eyes::Method;
use crate::collectors::lan::interface::{self, Interface};
use crate::collectors::lan::neighbour::CONFIRMED_MAX;
use crate::collectors::lan::sweep::Outcome;
use crate::collectors::lan::timeline::Timeline;

/// One device at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Device {
    /// Its internet address, if it uses one.
    pub(super) ip: Option<Ipv4Addr>,
    /// Its address on the LAN.
    pub(super) mac: Mac,
    /// The name that it gives itself.
    pub(super) name: Option<String>,
    /// What is special about it.
    pub(super) flags: BTreeSet<&'static str>,
    /// How it was seen.
    pub(super) seen_by: BTreeSet<&'static str>,
    /// Milliseconds from the start of the scan until it was found.
    pub(super) found_ms: u64,
}

/// What was found on one interface.
#[derive(Debug)]
pub(super) struct Findings {
    own: Device,
    gateways: BTreeSet<Ipv4Addr>,
    devices: BTreeMap<(Option<Ipv4Addr>, Mac), Device>,
    addresses: BTreeMap<Mac, BTreeSet<Ipv4Addr>>,
    names: BTreeMap<Mac, String>,
}

impl Findings {
    /// Begins with the box itself, which never answers its own questions, and with names known from elsewhere.
    #[must_use]
    pub(super) fn new(interface: &Interface, names: BTreeMap<Mac, String>) -> Self {
        let own = Device {
            ip: Some(interface.address.addr()),
            mac: interface.mac,
            name: None,
            flags: BTreeSet::from(["this box"]),
            seen_by: BTreeSet::new(),
            found_ms: 0,
        };
        Self {
            own,
            gateways: interface::gateways(&interface.name),
            devices: BTreeMap::new(),
            addresses: BTreeMap::new(),
            names,
        }
    }

    /// Adds one proof.
    pub(super) fn add(&mut self, evidence: Evidence, now: Duration) {
        let Evidence { mac, ip, source, name, .. } = evidence;
        if !mac.is_device() || mac == self.own.mac {
            return;
        }
        if let Some(ip) = ip {
            self.addresses.entry(mac).or_default().insert(ip);
        }
        if let Some(name) = name {
            self.names.insert(mac, name);
        }
        let device = self.devices.entry((ip, mac)).or_insert_with(|| Device {
            ip,
            mac,
            name: None,
            flags: self.gateways.iter().filter(|gateway| Some(**gateway) == ip).map(|_gateway| "gateway").collect(),
            seen_by: BTreeSet::new(),
            found_ms: millis(now),
        });
        device.seen_by.insert(source.as_str());
    }

    /// How many devices were found, without the box.
    #[must_use]
    pub(super) fn devices(&self) -> usize {
        self.devices.keys().map(|(_, mac)| mac).collect::<BTreeSet<_>>().len()
    }

    /// The addresses of devices that have not told their name.
    #[must_use]
    pub(super) fn unnamed(&self) -> Vec<Ipv4Addr> {
        let is_unnamed = |(ip, mac): &(Option<Ipv4Addr>, Mac)| (*ip).filter(|_ip| !self.names.contains_key(mac));
        self.devices.keys().filter_map(is_unnamed).filter(|ip| *ip != CANARY).collect()
    }

    /// Everything found, the box included; a machine that answers for others is one line.
    fn into_devices(self) -> Vec<Device> {
        let is_proxy =
            |mac: &Mac| self.addresses.get(mac).is_some_and(|ips| ips.len() > ADDRESSES_MAX || ips.contains(&CANARY));
        let mut proxies: BTreeMap<Mac, Device> = BTreeMap::new();
        let mut devices = vec![self.own];
        for ((ip, mac), mut device) in self.devices {
            device.name = self.names.get(&mac).cloned();
            if mac.is_private() {
                device.flags.insert(if mac.is_container() { "container" } else { "private address" });
            }
            if is_proxy(&mac) {
                device.flags.insert("answers for others");
                let is_own_address = ip.is_some_and(|ip| self.gateways.contains(&ip));
                let known = proxies.entry(mac).or_insert_with(|| Device { ip: None, ..device.clone() });
                if is_own_address {
                    *known = device;
                }
            } else if ip.is_some() || !self.addresses.contains_key(&mac) {
                devices.push(device);
            }
        }
        devices.extend(proxies.into_values());
        devices.sort_by_key(|device| (device.ip.is_none(), device.ip, device.mac));
        devices
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
                device.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
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
        Evidence { mac, ip: Some([10, 0, 0, n].into()), at: CONFIRMED_MAX, source: Source::ArpReply, name: None }
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
