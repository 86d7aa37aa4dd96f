//! One shape for the leases of every server, the bounds of what is read, and the format of a file by its look.

use std::fmt;
use std::net::IpAddr;

use vigie_shared::mac::Mac;

use super::{dnsmasq, isc, kea};

/// Most leases of one file that are kept; the address space of a /18.
pub const LEASES_MAX: usize = 16_384;

/// Most malformed lines of one file that are listed one by one.
pub const PROBLEMS_MAX: usize = 100;

/// Said at the first lease that finds no room.
const FULL: &str = "more leases than this program keeps; the rest is left out";

/// Below this, a dnsmasq "expiry" is a duration: no server ran before September 2001.
const EPOCH_S_MIN: i64 = 1_000_000_000;

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// dnsmasq: one lease per line, rewritten at each change.
    Dnsmasq,
    /// Kea's memfile: comma-separated with a header, appended to.
    Kea,
    /// ISC dhcpd: blocks, appended to.
    Isc,
}

/// A promise of an address to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The device.
    pub mac: Mac,
    /// The address.
    pub ip: IpAddr,
    /// The name that the device gave itself.
    pub name: Option<String>,
    /// When the promise ends.
    pub expiry: Expiry,
    /// When the device last spoke to the server, seconds since 1970 UTC, if the file tells.
    pub contact_s: Option<i64>,
}

/// When a lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It does not.
    Never,
    /// At this second since 1970 UTC.
    At(i64),
    /// This many seconds after a moment that only the server knows: it was built for boxes without a clock.
    Lasts(u32),
}

impl Expiry {
    /// Reads dnsmasq's first field; none if it is negative.
    pub(super) fn of_dnsmasq(seconds: i64) -> Option<Self> {
        match seconds {
            ..0 => None,
            0 => Some(Self::Never),
            1..EPOCH_S_MIN => u32::try_from(seconds).ok().map(Self::Lasts),
            EPOCH_S_MIN.. => Some(Self::At(seconds)),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leases {
    /// Valid leases of devices, one per address, in the order of the file or of their addresses. Leases that
    /// name no MAC address (`DHCPv6`) are left out.
    pub rows: Vec<Lease>,
    /// What could not be read, at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
}

/// A line that could not be read. It never repeats the line: that may hold a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl Leases {
    pub(super) fn problem(&mut self, line: usize, reason: &'static str) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { line, reason });
        }
    }

    /// Keeps a lease while there is room; says once when there is none.
    pub(super) fn keep(&mut self, line: usize, lease: Lease) {
        match self.rows.len() {
            ..LEASES_MAX => self.rows.push(lease),
            _ if self.problems.iter().any(|problem| problem.reason == FULL) => {}
            _ => self.problem(line, FULL),
        }
    }
}

/// Reads a lease file. Never fails: what cannot be read is in [`Leases::problems`], the rest counts.
#[must_use]
pub fn parse(format: Format, bytes: &[u8]) -> Leases {
    let text = String::from_utf8_lossy(bytes);
    match format {
        Format::Dnsmasq => dnsmasq::parse(&text),
        Format::Kea => kea::parse(&text),
        Format::Isc => isc::parse(&text),
    }
}

/// Who wrote the file; none if it is empty or of no known kind.
#[must_use]
pub fn detect(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..bytes.len().min(16 * 1024)).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines().find(|line| !line.starts_with('#'))?;
    let word = first.split(char::is_whitespace).next().unwrap_or_default();
    if first.starts_with("address,") {
        return Some(Format::Kea);
    }
    if word == "duid" || word.parse::<i64>().is_ok() {
        return Some(Format::Dnsmasq);
    }
    let is_isc = |line: &str| line.starts_with("lease ") || line.starts_with("server-duid ");
    let is_isc_option = word == "authoring-byte-order" || word == "failover";
    (is_isc_option || lines().any(is_isc)).then_some(Format::Isc)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_is_known_by_its_look() {
        for (text, expected) in [
            ("1795219047 8e:1b:7c:00:11:22 192.168.77.62 * *\n", Some(Format::Dnsmasq)),
            ("duid 00:01\n", Some(Format::Dnsmasq)),
            ("address,hwaddr,client_id\n", Some(Format::Kea)),
            ("# The format of this file is documented in the manual.\n\nlease 10.0.0.1 {\n}\n", Some(Format::Isc)),
            ("authoring-byte-order little-endian;\n\n", Some(Format::Isc)),
            ("server-duid \"\\000\\001\";\n", Some(Format::Isc)),
            ("", None),
            ("\n\n# nothing yet\n", None),
            ("<html>", None),
        ] {
            assert_eq!(detect(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn too_many_leases_are_cut_and_said_once() {
        let mut text = String::new();
        for number in 0..LEASES_MAX + 10 {
            text.push_str(&format!(
                "0 8e:1b:7c:00:{:02x}:{:02x} 10.0.{}.{} * *\n",
                number >> 8 & 0xff,
                number & 0xff,
                number >> 8 & 0xff,
                number & 0xff
            ));
        }
        let leases = parse(Format::Dnsmasq, text.as_bytes());
        assert_eq!((leases.rows.len(), leases.problems.len()), (LEASES_MAX, 1));
    }

    #[test]
    fn a_file_of_nonsense_does_not_fill_the_memory_with_complaints() {
        let leases = parse(Format::Dnsmasq, "nonsense\n".repeat(10_000).as_bytes());
        assert_eq!((leases.rows.len(), leases.problems.len()), (0, PROBLEMS_MAX));
    }

    /// Text made of the pieces that lease files are made of, in any order.
    fn plausible() -> impl Strategy<Value = String> {
        let pieces = vec![
            "lease ",
            "10.0.0.1",
            " {\n",
            "}\n",
            "ends ",
            "never",
            ";",
            "\n",
            ",",
            "\"",
            "\\",
            "\\303",
            "&#x",
            "&#x2c",
            "binding state ",
            "active",
            "hardware ethernet ",
            "8e:1b:7c:00:11:22",
            " ",
            "0",
            "1795219047",
            "duid ",
            "*",
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n",
            "é",
            "-1",
            "2026/11/20 21:57:27",
            "epoch ",
            "#",
            "99999999999999999999",
            "fe80::1",
            "client-hostname ",
            "\r\n",
        ];
        proptest::collection::vec(proptest::sample::select(pieces), 0..80).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>, text in plausible()) {
            for format in [Format::Dnsmasq, Format::Kea, Format::Isc] {
                for bytes in [bytes.as_slice(), text.as_bytes()] {
                    let lines = String::from_utf8_lossy(bytes).lines().count();
                    let leases = parse(format, bytes);
                    prop_assert!(leases.problems.iter().all(|p| (1..=lines).contains(&p.line)), "{leases:?}");
                }
            }
            prop_assert_eq!(detect(&bytes), detect(&bytes));
            prop_assert_eq!(detect(text.as_bytes()), detect(text.as_bytes()));
        }
    }
}
