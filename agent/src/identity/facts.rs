//! What this machine is, for the hub's list. What the machine does not know of itself is empty, never an error.

use std::fs::read_to_string;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use vigie_shared::enrol::BoxFacts;

/// Longest name that is told, characters.
const CHARS_MAX: usize = 80;

/// An address of nobody, reserved for documentation: the way to it is the way to everybody else.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// What this machine is.
#[must_use]
pub fn box_facts() -> BoxFacts {
    let model = read_to_string("/proc/device-tree/model")
        .or_else(|_no_device_tree| read_to_string("/sys/class/dmi/id/product_name"))
        .unwrap_or_default();
    BoxFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        model: plain(&model),
        os: plain(distribution(&read_to_string("/etc/os-release").unwrap_or_default())),
        lan: own_address(),
    }
}

/// The address that this machine has where it reaches others from.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Nothing is sent: the kernel only chooses the way.
    socket.connect((ELSEWHERE, 9)).ok()?;
    socket.local_addr().ok().map(|own| own.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// The name that a distribution gives itself for people.
fn distribution(os_release: &str) -> &str {
    let pretty = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    pretty.unwrap_or_default().trim_matches('"')
}

fn plain(text: &str) -> String {
    text.trim_matches(['\0', '\n', ' ']).chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_the_machine_writes_them_and_nothing_else() {
        let os = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!((distribution(os), distribution("")), ("Debian GNU/Linux 12 (bookworm)", ""));
        assert_eq!(plain("Raspberry Pi 4 Model B Rev 1.4\0\n"), "Raspberry Pi 4 Model B Rev 1.4");
        assert_eq!(plain(&"x".repeat(500)).len(), CHARS_MAX);
    }

    #[test]
    fn the_own_address_is_one_that_others_can_reach_or_none() {
        assert!(own_address().is_none_or(|ip| !ip.is_loopback() && !ip.is_unspecified() && ip != ELSEWHERE));
    }
}
