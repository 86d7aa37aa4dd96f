//! Who is on the LAN, on a real LAN in namespaces.

mod collector;
mod pairing;
mod reach;
mod scan;

use vigie_tests::netns::Lan;

/// A LAN of so many hosts; none, and noted as not run, where namespaces cannot be made.
fn network(hosts: u16, prefix: u8) -> Option<Lan> {
    Lan::new(hosts, prefix).unwrap()
}
