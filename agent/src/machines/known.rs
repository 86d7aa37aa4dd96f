//! Pure: which host key is whose. The key is what identifies a machine; addresses move.
//!
//! A key is pinned when the owner trusts it by name, or at first sight while his setting says so. A machine whose place
//! (its address on the LAN, or the internet address if there is none) belongs to another key is refused: somebody stands
//! in for it, or it was installed anew and its owner must say so.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vigie_shared::mac::Mac;

use super::MACHINES_MAX;

/// Where a machine is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its internet address.
    pub ip: IpAddr,
    /// Its address on the LAN, if the box shares one with it.
    pub mac: Option<Mac>,
}

/// What a host key is worth at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It was pinned before: whatever may be told to this machine may be told.
    Pinned,
    /// Nobody pinned it, and nobody else's is expected there.
    New,
    /// Another key is pinned for this place.
    Other,
}

/// A machine whose key is pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Machine {
    /// Its address on the LAN, once met there.
    pub mac: Option<Mac>,
    /// Where it was met last.
    pub ip: Option<IpAddr>,
    /// Its serial number, once read.
    pub serial: Option<String>,
    /// Its name, once read.
    pub name: Option<String>,
    /// When its key was pinned, milliseconds since 1970 UTC.
    pub pinned_ms: i64,
    /// When it was read last, milliseconds since 1970 UTC.
    pub read_ms: Option<i64>,
}

/// Every pinned key, as `SHA256:…`, and its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Known(BTreeMap<String, Machine>);

impl Known {
    /// Judges the key that is shown at a place.
    #[must_use]
    pub fn judge(&self, key: &str, place: Place) -> Trust {
        if self.0.contains_key(key) {
            return Trust::Pinned;
        }
        let is_here = |machine: &Machine| match (place.mac, machine.mac) {
            (Some(here), Some(mac)) => here == mac,
            (None, None) => machine.ip == Some(place.ip),
            _ => false,
        };
        if self.0.values().any(is_here) { Trust::Other } else { Trust::New }
    }

    /// Pins a key; false if there is no room for more.
    pub fn pin(&mut self, key: &str, now_ms: i64) -> bool {
        let has_room = self.0.len() < MACHINES_MAX || self.0.contains_key(key);
        if has_room {
            let fresh = || Machine { pinned_ms: now_ms, ..Machine::default() };
            self.0.entry(key.to_owned()).or_insert_with(fresh);
        }
        has_room
    }

    /// Forgets a key; false if it was not pinned.
    pub fn forget(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }

    /// Notes where a pinned key was met: whoever was there before is elsewhere, and a former key of the same network
    /// card is of no use any more.
    pub fn met(&mut self, key: &str, place: Place) {
        if !self.0.contains_key(key) {
            return;
        }
        let is_replaced = |machine: &Machine| place.mac.is_some() && machine.mac == place.mac;
        self.0.retain(|other, machine| other == key || !is_replaced(machine));
        for (other, machine) in &mut self.0 {
            if other == key {
                machine.ip = Some(place.ip);
                machine.mac = place.mac.or(machine.mac);
            } else if machine.ip == Some(place.ip) {
                machine.ip = None;
            }
        }
    }

    /// Notes what a machine said it is.
    pub fn read(&mut self, key: &str, serial: Option<&str>, name: Option<&str>, now_ms: i64) {
        if let Some(machine) = self.0.get_mut(key) {
            machine.serial = serial.map(str::to_owned).or(machine.serial.take());
            machine.name = name.map(str::to_owned).or(machine.name.take());
            machine.read_ms = Some(now_ms);
        }
    }

    /// Takes out of sight the machines of which nothing may be said any more; their keys stay pinned.
    pub fn hide(&mut self, is_hidden: impl Fn(Mac) -> bool) {
        for machine in self.0.values_mut().filter(|machine| machine.mac.is_some_and(&is_hidden)) {
            *machine = Machine { pinned_ms: machine.pinned_ms, mac: machine.mac, ..Machine::default() };
        }
    }

    /// Every pinned key with its machine, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Machine)> {
        self.0.iter().map(|(key, machine)| (key.as_str(), machine))
    }

    /// The machines of which somebody said the serial number, the name or an address.
    #[must_use]
    pub fn find(&self, word: &str) -> Vec<(&str, &Machine)> {
        let word = word.trim();
        let mac: Option<Mac> = word.parse().ok();
        let ip: Option<IpAddr> = word.parse().ok();
        let same = |said: &Option<String>| said.as_ref().is_some_and(|said| said.eq_ignore_ascii_case(word));
        let is_meant = |machine: &Machine| {
            same(&machine.serial)
                || same(&machine.name)
                || ip.is_some() && machine.ip == ip
                || mac.is_some() && machine.mac == mac
        };
        self.iter().filter(|(_, machine)| is_meant(machine)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARIE: &str = "SHA256:marie";
    const LEO: &str = "SHA256:leo";

    fn place(last: u8, mac: Option<u8>) -> Place {
        Place { ip: [10, 0, 0, last].into(), mac: mac.map(|n| Mac([0x3c, 0x22, 0xfb, 0, 0, n])) }
    }

    fn known() -> Known {
        let mut known = Known::default();
        known.pin(MARIE, 1);
        known.met(MARIE, place(20, Some(1)));
        known
    }

    #[test]
    fn s22_a_key_that_differs_from_the_pin_is_another_and_a_stranger_is_new() {
        let known = known();
        assert_eq!(known.judge(MARIE, place(20, Some(1))), Trust::Pinned);
        assert_eq!(known.judge(LEO, place(20, Some(1))), Trust::Other);
        assert_eq!(known.judge(LEO, place(77, Some(1))), Trust::Other, "the network card is what was pinned");
        assert_eq!(known.judge(LEO, place(21, Some(2))), Trust::New);
    }

    #[test]
    fn a_machine_that_moved_is_known_by_its_key() {
        let mut known = known();
        assert_eq!(known.judge(MARIE, place(99, Some(1))), Trust::Pinned);
        known.met(MARIE, place(99, Some(1)));
        known.pin(LEO, 2);
        known.met(LEO, place(20, Some(2)));
        assert_eq!(known.find("10.0.0.99").len(), 1);
        assert_eq!(known.find("10.0.0.20")[0].0, LEO);
    }

    #[test]
    fn behind_a_router_the_internet_address_is_the_place() {
        let mut known = Known::default();
        known.pin(MARIE, 1);
        known.met(MARIE, place(20, None));
        assert_eq!(known.judge(LEO, place(20, None)), Trust::Other);
        assert_eq!(known.judge(LEO, place(21, None)), Trust::New);
    }

    #[test]
    fn a_machine_installed_anew_takes_the_place_of_its_former_key_once_it_is_trusted() {
        let mut known = known();
        known.pin(LEO, 2);
        assert_eq!(known.judge(LEO, place(20, Some(1))), Trust::Pinned);
        known.met(LEO, place(20, Some(1)));
        assert_eq!(known.iter().map(|(key, _)| key).collect::<Vec<_>>(), [LEO]);
    }

    #[test]
    fn a_machine_is_found_by_serial_name_and_both_addresses() {
        let mut known = known();
        known.read(MARIE, Some("XTEST00417"), Some("Mac de Marie"), 5);
        for word in ["xtest00417", " Mac de Marie ", "10.0.0.20", "3c-22-fb-00-00-01"] {
            assert_eq!(known.find(word).len(), 1, "{word}");
        }
        for word in ["", "Mac", "10.0.0.2"] {
            assert!(known.find(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn of_an_excluded_machine_nothing_stays_but_its_key() {
        let mut known = known();
        known.read(MARIE, Some("XTEST00417"), Some("Mac de Marie"), 5);
        known.hide(|_| true);
        assert!(known.find("XTEST00417").is_empty() && known.find("10.0.0.20").is_empty());
        assert_eq!(known.judge(MARIE, place(20, Some(1))), Trust::Pinned);
    }

    #[test]
    fn pins_are_bounded() {
        let mut crowd = Known::default();
        let pinned = (0..2 * MACHINES_MAX).filter(|n| crowd.pin(&n.to_string(), 1)).count();
        assert_eq!(pinned, MACHINES_MAX);
    }
}
