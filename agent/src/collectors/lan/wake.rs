//! Whom one sweep woke over IPv6, and how long it waits for them: a pure core.
//!
//! One message to all wakes whoever speaks IPv6; each answer is followed by a question to that address alone, so
//! that the kernel confirms whose it is. It takes up to [`RECHECK`] for that, and the sweep waits only for
//! devices that nothing else has shown yet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use vigie_shared::mac::Mac;

use super::census::DEVICES_MAX;
use super::eyes::Event;
use super::neighbour::RECHECK;

/// Addresses that one sweep asks alone: an invented crowd costs no more packets.
pub const WOKEN_MAX: usize = 256;

/// Time for answers to the message to all.
const ANSWERS: Duration = Duration::from_millis(400);

/// One sweep's sleepers.
#[derive(Debug, Default)]
pub struct Wake {
    began_at: Option<Duration>,
    asked: BTreeMap<Ipv6Addr, Sleeper>,
    seen: BTreeSet<Mac>,
}

#[derive(Debug, Clone, Copy)]
struct Sleeper {
    mac: Option<Mac>,
    until: Duration,
}

impl Wake {
    /// Begins: the message to all was sent now.
    #[must_use]
    pub fn begin(now: Duration) -> Self {
        Self { began_at: Some(now), ..Self::default() }
    }

    /// Takes an address that answered, or that the kernel knew before. Whether it is to be asked alone: the first time,
    /// while there is room, and only an address of the link, which no router leads elsewhere.
    pub fn is_to_ask(&mut self, ip: Ipv6Addr, mac: Option<Mac>, now: Duration) -> bool {
        let is_new = !self.asked.contains_key(&ip) && self.asked.len() < WOKEN_MAX;
        let is_asked = is_new && self.began_at.is_some() && ip.is_unicast_link_local();
        if is_asked {
            self.asked.insert(ip, Sleeper { mac, until: now + RECHECK });
        }
        is_asked
    }

    /// Notes whose address the kernel says this is.
    pub fn is_of(&mut self, ip: Ipv6Addr, mac: Mac) {
        if let Some(sleeper) = self.asked.get_mut(&ip) {
            sleeper.mac = Some(mac);
        }
    }

    /// Takes what was seen, by whatever means.
    pub fn note(&mut self, event: &Event) {
        if let Event::Seen(evidence) = event
            && self.seen.len() < DEVICES_MAX
        {
            self.seen.insert(evidence.mac);
        }
    }

    /// Until when somebody may still be found over IPv6; none if nothing is waited for.
    #[must_use]
    pub fn waits_until(&self, now: Duration) -> Option<Duration> {
        let is_unseen = |sleeper: &&Sleeper| sleeper.mac.is_none_or(|mac| !self.seen.contains(&mac));
        let sleepers = self.asked.values().filter(is_unseen).map(|sleeper| sleeper.until);
        sleepers.chain(self.began_at.map(|at| at + ANSWERS)).filter(|until| *until > now).max()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::wire::reading::Source;

    use super::*;
    use crate::collectors::lan::census::Evidence;

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn ip(n: u16) -> Ipv6Addr {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, n)
    }

    #[test]
    fn nobody_is_asked_before_the_sweep_and_each_address_once() {
        assert!(!Wake::default().is_to_ask(ip(1), None, at(100)));
        let mut wake = Wake::begin(at(100));
        assert!(wake.is_to_ask(ip(1), None, at(100)));
        assert!(!wake.is_to_ask(ip(1), None, at(100)));
        assert!(!wake.is_to_ask("2001:db8::1".parse().unwrap(), None, at(100)), "a router leads there");
    }

    #[test]
    fn a_device_that_was_seen_otherwise_is_not_waited_for() {
        let mut wake = Wake::begin(at(100));
        wake.is_to_ask(ip(1), None, at(100));
        assert_eq!(wake.waits_until(at(101)), Some(at(100) + RECHECK));
        wake.is_of(ip(1), PHONE);
        assert_eq!(wake.waits_until(at(101)), Some(at(100) + RECHECK));
        wake.note(&Event::Seen(Evidence { mac: PHONE, ip: None, at: at(101), source: Source::ArpReply, name: None }));
        assert_eq!(wake.waits_until(at(101)), None);
    }

    #[test]
    fn a_network_without_ipv6_costs_less_than_half_a_second() {
        let wake = Wake::begin(at(100));
        assert_eq!(wake.waits_until(at(100)), Some(at(100) + ANSWERS));
        assert_eq!(wake.waits_until(at(100) + ANSWERS), None);
        assert_eq!(Wake::default().waits_until(at(0)), None);
    }

    proptest! {
        #[test]
        fn no_crowd_is_asked_or_waited_for_without_end(answers in prop::collection::vec((0_u16..1000, 0_u64..60), 0..600)) {
            let mut wake = Wake::begin(at(100));
            let asked = answers.iter().filter(|(n, s)| wake.is_to_ask(ip(*n), None, at(100 + s))).count();
            prop_assert!(asked <= WOKEN_MAX);
            prop_assert_eq!(wake.waits_until(at(160) + RECHECK), None);
        }
    }
}
