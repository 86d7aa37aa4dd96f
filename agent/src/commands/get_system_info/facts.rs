//! What the kernel says of the machine. What they do not say is empty, never an error.

use std::collections::BTreeMap;
use std::fs::read_to_string;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use serde::Serialize;

/// One network interface.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Interface {
    name: String,
    is_up: bool,
    /// Its internet addresses.
    addresses: Vec<String>,
}

/// The kernel's version.
pub(super) fn kernel() -> String {
    text("/proc/sys/kernel/osrelease").trim().to_owned()
}

/// The processor's name, as the kernel knows it.
pub(super) fn processor() -> String {
    processor_of(&text("/proc/cpuinfo"))
}

/// How many processors may be used.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

/// Every interface with its addresses, by name.
pub(super) fn interfaces() -> Vec<Interface> {
    let mut found: BTreeMap<String, Interface> = BTreeMap::new();
    for address in getifaddrs().into_iter().flatten() {
        let name = address.interface_name;
        let interface = found.entry(name.clone()).or_insert_with(|| Interface { name, ..Interface::default() });
        interface.is_up |= address.flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING);
        let Some(address) = address.address else { continue };
        let v4 = address.as_sockaddr_in().map(|address| address.ip().to_string());
        let v6 = address.as_sockaddr_in6().map(|address| address.ip().to_string());
        interface.addresses.extend(v4.or(v6));
    }
    found.into_values().collect()
}

fn text(path: &str) -> String {
    read_to_string(path).unwrap_or_default()
}

fn processor_of(cpuinfo: &str) -> String {
    let value = |key: &str| {
        cpuinfo.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    value("model name").or_else(|| value("Model")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_of_a_pi_is_understood() {
        let cpu = "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n";
        assert_eq!(processor_of(cpu), "Raspberry Pi 4 Model B Rev 1.4");
        assert_eq!(processor_of(""), "");
    }
}
