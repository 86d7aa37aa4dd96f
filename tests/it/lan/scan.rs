//! The scan as root and as nobody, beside stale neighbours, proxies and a missing cable.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use vigie_shared::mac::Mac;
use vigie_tests::netns::{self, Host, Lan};
use vigie_tests::processes::binary;

use super::network;

pub(super) fn scan(mut command: Command) -> Value {
    let output = netns::run(command.args(["scan", "--json"])).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The devices of a scan that carry no such flag.
fn hosts_without(scan: &Value, flag: &str) -> BTreeSet<Host> {
    let devices = scan["devices"].as_array().unwrap().iter();
    let others = devices.filter(|device| !device["flags"].as_array().unwrap().iter().any(|own| own == flag));
    others
        .map(|device| Host {
            ip: device["ip"].as_str().unwrap().parse().unwrap(),
            mac: device["mac"].as_str().unwrap().parse().unwrap(),
        })
        .collect()
}

fn all(lan: &Lan) -> BTreeSet<Host> {
    lan.hosts().iter().copied().collect()
}

#[test]
fn every_host_of_a_24_is_found_by_root_and_by_nobody() {
    let Some(lan) = network(60, 24) else { return };
    let agent = binary("vigie-agent").unwrap();

    let by_root = scan(lan.on_box(&agent));
    lan.forget_neighbours().unwrap();
    let by_nobody = scan(lan.on_box_as_nobody(&agent).unwrap());

    assert_eq!(hosts_without(&by_root, "this box"), all(&lan));
    assert_eq!(hosts_without(&by_nobody, "this box"), all(&lan));
    assert_eq!(by_root["networks"][0]["method"], "ARP");
    assert!(by_nobody["networks"][0]["hint"].as_str().unwrap().contains("CAP_NET_RAW"));
}

#[test]
fn every_host_of_a_22_is_found_by_root_and_by_nobody() {
    let Some(lan) = network(160, 22) else { return };
    let agent = binary("vigie-agent").unwrap();

    let by_root = scan(lan.on_box(&agent));
    lan.forget_neighbours().unwrap();
    let by_nobody = scan(lan.on_box_as_nobody(&agent).unwrap());

    assert_eq!(hosts_without(&by_root, "this box"), all(&lan));
    assert_eq!(hosts_without(&by_nobody, "this box"), all(&lan));
}

#[test]
fn whom_the_kernel_knew_before_is_asked_anew_and_waited_for() {
    let Some(lan) = network(10, 24) else { return };
    lan.age_neighbours().unwrap();
    let scan = scan(lan.on_box_as_nobody(&binary("vigie-agent").unwrap()).unwrap());
    assert_eq!(hosts_without(&scan, "this box"), all(&lan));
}

#[test]
fn the_scan_lists_the_box_itself() {
    let Some(lan) = network(1, 24) else { return };
    let scan = scan(lan.on_box(&binary("vigie-agent").unwrap()));
    let own: Vec<_> =
        scan["devices"].as_array().unwrap().iter().filter(|device| device["flags"][0] == "this box").collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["ip"], "10.77.0.1");
}

#[test]
fn a_machine_that_answers_for_everybody_hides_nobody_from_the_scan() {
    let Some(lan) = network(5, 24) else { return };
    let proxy = lan.add_proxy().unwrap();

    let scan = scan(lan.on_box(&binary("vigie-agent").unwrap()));

    let devices = scan["devices"].as_array().unwrap();
    let macs: BTreeSet<Mac> = devices.iter().map(|device| device["mac"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(devices.len(), 5 + 2, "the hosts, the box, and one line for the proxy: {scan}");
    assert!(macs.contains(&proxy) && lan.hosts().iter().all(|host| macs.contains(&host.mac)));
    let line = devices.iter().find(|device| device["mac"] == proxy.to_string()).unwrap();
    assert_eq!(line["flags"][0], "answers for others");
}

#[test]
fn a_scan_without_a_network_says_why_and_what_to_do() {
    let Some(lan) = network(0, 24) else { return };
    lan.set_cable(false).unwrap();
    let output = lan.on_box(&binary("vigie-agent").unwrap()).arg("scan").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("lan0 has no carrier") && text.contains("cable"), "{text}");
}
