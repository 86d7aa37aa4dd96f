//! What pings and IPv6 add to a scan, as root and as nobody, and what they must not: an answer is no device.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::process::Command;

use serde_json::Value;
use vigie_shared::mac::Mac;
use vigie_tests::netns::Lan;
use vigie_tests::processes::binary;

use super::network;
use super::scan::scan;

/// The scan as somebody with every privilege, and as somebody with none who may ping.
fn by_both(lan: &Lan, before_each: impl Fn()) -> [BTreeMap<Mac, Value>; 2] {
    let agent = binary("vigie-agent").unwrap();
    before_each();
    let by_root = others(&scan(lan.on_box(&agent)));
    lan.allow_pings().unwrap();
    lan.forget_neighbours().unwrap();
    before_each();
    [by_root, others(&scan(lan.on_box_as_nobody(&agent).unwrap()))]
}

/// The devices of a scan without the box; each has one row.
fn others(scan: &Value) -> BTreeMap<Mac, Value> {
    let rows = scan["devices"].as_array().unwrap().iter().filter(|device| device["flags"][0] != "this box");
    let by_mac = |device: &Value| (device["mac"].as_str().unwrap().parse().unwrap(), device.clone());
    let devices: Vec<(Mac, Value)> = rows.map(by_mac).collect();
    let count = devices.len();
    let devices: BTreeMap<_, _> = devices.into_iter().collect();
    assert_eq!(devices.len(), count, "a device has two rows: {scan}");
    devices
}

fn addresses(device: &Value) -> Vec<IpAddr> {
    device["addresses"].as_array().unwrap().iter().map(|ip| ip.as_str().unwrap().parse().unwrap()).collect()
}

fn macs(lan: &Lan) -> BTreeSet<Mac> {
    lan.hosts().iter().map(|host| host.mac).collect()
}

#[test]
fn an_answer_to_a_ping_counts_once_arp_or_the_kernel_says_whose_it_is() {
    let Some(lan) = network(5, 24) else { return };
    lan.answer_pings().unwrap();

    for devices in by_both(&lan, || lan.age_neighbours().unwrap()) {
        assert_eq!(devices.keys().copied().collect::<BTreeSet<_>>(), macs(&lan));
        for device in devices.values() {
            assert!(device["seen_by"].as_array().unwrap().iter().any(|source| source == "icmp"), "{device}");
        }
    }
}

#[test]
fn an_answer_to_a_ping_alone_is_no_sighting() {
    let Some(lan) = network(2, 24) else { return };
    lan.answer_pings().unwrap();
    let unproven = lan.add_unproven_host().unwrap();
    let ping = |lan: &Lan| {
        let mut command = lan.on_box("ping".as_ref());
        command.args(["-c", "1", "-W", "5", &unproven.ip.to_string()]).output().is_ok_and(|out| out.status.success())
    };
    if Command::new("ping").arg("-V").output().is_ok() {
        assert!(ping(&lan), "the host does not answer: the test would prove nothing");
    }

    for devices in by_both(&lan, || lan.remember(unproven.ip.into(), unproven.mac).unwrap()) {
        assert_eq!(devices.into_keys().collect::<BTreeSet<_>>(), macs(&lan));
    }
}

#[test]
fn hosts_that_speak_only_ipv6_are_found_and_others_gain_addresses_not_rows() {
    let Some(lan) = network(3, 24) else { return };
    let v6_hosts = lan.add_v6_hosts(3).unwrap();
    let all: BTreeSet<Mac> = macs(&lan).into_iter().chain(v6_hosts.iter().copied()).collect();

    for devices in by_both(&lan, || ()) {
        assert_eq!(devices.keys().copied().collect::<BTreeSet<_>>(), all);
        for mac in &v6_hosts {
            assert!(addresses(&devices[mac]).iter().all(IpAddr::is_ipv6), "{}", devices[mac]);
        }
        for host in lan.hosts() {
            assert_eq!(addresses(&devices[&host.mac])[0], host.ip);
        }
    }
}

#[test]
fn an_ipv6_neighbour_that_the_kernel_only_remembers_is_not_there() {
    let Some(lan) = network(2, 24) else { return };
    let gone: Mac = "3c:22:fb:ff:07:01".parse().unwrap();

    for devices in by_both(&lan, || lan.remember("fe80::77".parse().unwrap(), gone).unwrap()) {
        assert_eq!(devices.into_keys().collect::<BTreeSet<_>>(), macs(&lan));
    }
}
