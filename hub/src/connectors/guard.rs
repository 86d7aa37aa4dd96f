//! Which hosts connectors may call: nobody on this machine or its networks, unless the owner lists him; pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the owner listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    hosts: BTreeSet<String>,
    networks: Vec<(IpAddr, u8)>,
}

/// An address that must not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} is {address}, on this machine or a private network; if that is meant, list it in hub.toml: \
     connectors.allow = [\"{host}\"]"
)]
pub struct Forbidden {
    host: String,
    address: IpAddr,
}

impl Allowed {
    /// Reads names, addresses and networks such as `10.1.0.0/16`.
    ///
    /// # Errors
    ///
    /// Words on the first that is none of these.
    pub fn read(list: &[String]) -> Result<Self, String> {
        let mut allowed = Self::default();
        for text in list {
            match network(text) {
                Some(network) => allowed.networks.push(network),
                None if is_host(text) => drop(allowed.hosts.insert(text.to_ascii_lowercase())),
                None => {
                    return Err(format!(
                        "`{text}` is no host; write a name, an address or a network such as `10.1.0.0/16`"
                    ));
                }
            }
        }
        Ok(allowed)
    }

    /// Judges the address that a host has.
    ///
    /// # Errors
    ///
    /// [`Forbidden`].
    pub fn judge(&self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let address = plain(address);
        let is_listed = self.hosts.contains(&host.to_ascii_lowercase())
            || self.networks.iter().any(|network| is_in(address, *network));
        if is_listed || is_public(address) { Ok(()) } else { Err(Forbidden { host: host.to_owned(), address }) }
    }

    /// Whether credentials may go to a host without TLS: only where the owner listed it.
    #[must_use]
    pub fn may_be_plain(&self, host: &str) -> bool {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(plain);
        let is_near = |address: IpAddr| self.networks.iter().any(|network| is_in(address, *network));
        self.hosts.contains(&host.to_ascii_lowercase()) || address.is_some_and(is_near)
    }
}

fn is_host(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.len() <= 253 && text.chars().all(is_plain)
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let most = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
    let bits: u8 = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}

fn is_in(address: IpAddr, (network, bits): (IpAddr, u8)) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            same(u128::from(address.to_bits()) << 96, u128::from(network.to_bits()) << 96, bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => same(address.to_bits(), network.to_bits(), bits),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn same(one: u128, other: u128, bits: u8) -> bool {
    (one ^ other).leading_zeros() >= u32::from(bits)
}

/// An IPv4 address that is written as IPv6 is that IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    if let Some(four) = six.to_ipv4_mapped() {
        return four.into();
    }
    match six.segments() {
        // Translators put the IPv4 address last.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

fn is_public_v4(four: Ipv4Addr) -> bool {
    let [a, b, ..] = four.octets();
    let is_special =
        four.is_private() || four.is_loopback() || four.is_link_local() || four.is_broadcast() || four.is_multicast();
    // Carriers' own, benchmarks, protocols, this network and what is reserved.
    let is_reserved = matches!((a, b), (0 | 240..=255, _) | (100, 64..=127) | (198, 18 | 19))
        || four.octets().starts_with(&[192, 0, 0]);
    !is_special && !is_reserved
}

fn is_public_v6(six: Ipv6Addr) -> bool {
    let [first, ..] = six.segments();
    let is_local = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 || first & 0xffc0 == 0xfec0;
    !(six.is_loopback() || six.is_unspecified() || six.is_multicast() || is_local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn this_machine_and_its_networks_are_refused_however_they_are_written() {
        let none = Allowed::default();
        for near in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.9.9",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(none.judge("hr", address(near)).is_err(), "{near}");
        }
        for far in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "100.128.0.1", "172.32.0.1"] {
            assert!(none.judge("hr", address(far)).is_ok(), "{far}");
        }
    }

    #[test]
    fn what_the_owner_lists_may_be_called_and_nothing_beside_it() {
        let list = ["hr.lan", "10.1.0.0/16", "::1"].map(str::to_owned);
        let allowed = Allowed::read(&list).unwrap();
        assert!(allowed.judge("HR.lan", address("192.168.1.1")).is_ok());
        assert!(allowed.judge("x", address("10.1.255.1")).is_ok() && allowed.judge("x", address("10.2.0.1")).is_err());
        assert!(allowed.judge("x", address("::1")).is_ok() && allowed.judge("x", address("127.0.0.1")).is_err());
        assert!(
            allowed.may_be_plain("10.1.2.3") && allowed.may_be_plain("[::1]") && !allowed.may_be_plain("example.org")
        );
        let error = Allowed::default().judge("hr.lan", address("10.0.0.1")).unwrap_err().to_string();
        assert!(error.contains("connectors.allow = [\"hr.lan\"]"), "{error}");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in ["", "10.0.0.0/33", "http://x", "a b"] {
            assert!(Allowed::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_network_of_no_bits_lists_everything_and_one_of_all_bits_itself(four: u32, other: u32) {
            let (four, other) = (IpAddr::V4(Ipv4Addr::from_bits(four)), IpAddr::V4(Ipv4Addr::from_bits(other)));
            prop_assert!(is_in(other, (four, 0)));
            prop_assert_eq!(is_in(other, (four, 32)), four == other);
        }
    }
}
