//! Who is on one network, as a pure core: merges evidence into one row per device and interval, knows who is
//! believed present and when each must be asked again.
//!
//! Invariants: the same evidence in any order gives the same rows; an excluded address leaves no trace; a device's
//! silence is counted only while the observer can see; a machine that answers for others credits nobody. It
//! does not decide who has left: that is the hub's, which sees all sources.

mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{Sight, Sighting};

pub use self::terms::{Check, Evidence, Report, Row, Rules};
use super::coverage::{Lookout, Stretch};
use super::tally::Tally;

/// A device is believed present for this long after it was last confirmed; the hub ends sessions after it too.
pub const BELIEF: Duration = Duration::from_secs(15 * 60);

/// Answering for more addresses of one kind than this makes a machine a proxy.
pub const ADDRESSES_MAX: usize = 8;

/// A proxy stays suspected for this long after it was last caught.
const SUSPICION: Duration = Duration::from_secs(60 * 60);

/// More devices than any site has: a flood of invented addresses must not fill the memory.
pub const DEVICES_MAX: usize = 4096;

/// An address in a block reserved for documentation (RFC 5737): who answers for it answers for everybody.
pub const CANARY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);

/// The count of one network.
#[derive(Debug)]
pub struct Census {
    rules: Rules,
    interval_start: Duration,
    devices: BTreeMap<Mac, Device>,
    excluded: BTreeSet<Mac>,
    proxies: BTreeMap<Mac, Duration>,
    lookout: Lookout,
    /// Since when belief has not been prolonged by the present blindness.
    blind_from: Option<Duration>,
}

#[derive(Debug, Default)]
struct Device {
    tally: Option<Tally>,
    ip_v4: Option<(Duration, Ipv4Addr)>,
    ip_v6: Option<(Duration, Ipv6Addr)>,
    is_gateway: bool,
    heard_at: Duration,
    checked_at: Duration,
    believed_until: Duration,
}

impl Census {
    /// Begins to count. Evidence up to `reach_back` before `now` counts into the first interval.
    #[must_use]
    pub fn new(rules: Rules, now: Duration, reach_back: Duration) -> Self {
        Self {
            rules,
            interval_start: now.saturating_sub(reach_back),
            devices: BTreeMap::new(),
            excluded: BTreeSet::new(),
            proxies: BTreeMap::new(),
            lookout: Lookout::new(Sight::Clear, now),
            blind_from: None,
        }
    }

    /// Takes new rules, as after the network changed.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Forgets a device at once, and takes no proof of it until it is included again.
    pub fn exclude(&mut self, mac: Mac) {
        self.devices.remove(&mac);
        self.proxies.remove(&mac);
        self.excluded.insert(mac);
    }

    /// Takes proofs of a device again.
    pub fn include(&mut self, mac: Mac) {
        self.excluded.remove(&mac);
    }

    /// Takes one proof. What is not a device of this network, or older than the interval, is ignored.
    pub fn observe(&mut self, evidence: &Evidence) {
        let Evidence { mac, at, source, .. } = *evidence;
        let is_foreign = !mac.is_device() || mac.is_container() || self.rules.own.contains_key(&mac);
        let is_flood = self.devices.len() >= DEVICES_MAX && !self.devices.contains_key(&mac);
        if is_foreign || is_flood || at < self.interval_start || self.excluded.contains(&mac) {
            return;
        }
        let device = self.devices.entry(mac).or_default();
        let tally = device.tally.get_or_insert_with(|| Tally::new(self.interval_start));
        tally.add(at, source);
        device.heard_at = device.heard_at.max(at);
        device.believed_until = device.believed_until.max(at + BELIEF);
        if let Some(ip) = evidence.ip.filter(|ip| !ip.is_unspecified()) {
            tally.answer_for(ip);
            match ip {
                IpAddr::V4(ip) if ip == CANARY => {}
                IpAddr::V4(ip) => {
                    device.is_gateway |= self.rules.gateways.contains(&ip);
                    device.ip_v4 = device.ip_v4.max(Some((at, ip)));
                }
                IpAddr::V6(ip) => device.ip_v6 = device.ip_v6.max(Some((at, ip))),
            }
        }
    }

    /// Notes that addresses were asked.
    pub fn asked(&mut self, addresses: u32) {
        self.lookout.asked(addresses);
    }

    /// Notes that the observer is blind from now on, and why. Nobody is called absent because of it.
    pub fn blind(&mut self, reason: &str, now: Duration) {
        self.note_sight(Sight::Blind(reason.to_owned()), now);
    }

    /// Notes that the observer sees (again). Whoever was believed present before is so still.
    pub fn clear(&mut self, now: Duration) {
        self.note_sight(Sight::Clear, now);
    }

    fn note_sight(&mut self, sight: Sight, now: Duration) {
        self.prolong_belief(now);
        self.blind_from = (sight != Sight::Clear).then_some(now);
        self.lookout.set(sight, now);
    }

    fn prolong_belief(&mut self, now: Duration) {
        if let Some(from) = &mut self.blind_from {
            let outage = now.saturating_sub(*from);
            self.devices.values_mut().for_each(|device| device.believed_until += outage);
            *from = now;
        }
    }

    /// The devices to ask now, each at most once in the rules' `check_after`; they count as asked.
    pub fn due_checks(&mut self, now: Duration) -> Vec<Check> {
        if self.blind_from.is_some() {
            return Vec::new();
        }
        let (proxies, check_after) = (&self.proxies, self.rules.check_after);
        let due = self.devices.iter_mut().filter(|(mac, device)| {
            let quiet_since = device.heard_at.max(device.checked_at);
            now <= device.believed_until && now >= quiet_since + check_after && !proxies.contains_key(mac)
        });
        let mut checks = Vec::new();
        for (mac, device) in due {
            device.checked_at = now;
            checks.extend(device.ip().map(|ip| Check { mac: *mac, ip }));
        }
        checks
    }

    /// How many devices are believed present.
    #[must_use]
    pub fn present(&self, now: Duration) -> usize {
        self.devices.values().filter(|device| now <= device.believed_until).count()
    }

    /// Whether any machine is suspected to answer for others.
    #[must_use]
    pub fn has_proxies(&self) -> bool {
        !self.proxies.is_empty()
    }

    /// Ends the interval and begins the next one at `now`.
    pub fn report(&mut self, now: Duration) -> Report {
        let new_proxies = self.suspect(now);
        self.prolong_belief(now);
        let mut coverage = self.lookout.close(now);
        if self.devices.len() >= DEVICES_MAX {
            let flood = Sight::Blind(format!("{DEVICES_MAX} addresses or more at once: a flood"));
            coverage.iter_mut().for_each(|stretch| stretch.sight = flood.clone());
        }
        let mut rows = self.own_rows(&coverage);
        for (mac, device) in &mut self.devices {
            if let Some(tally) = device.tally.take() {
                rows.push(device.row(*mac, &tally, self.proxies.contains_key(mac)));
            }
        }
        rows.sort();
        self.devices.retain(|_, device| now <= device.believed_until);
        self.interval_start = now;
        Report { rows, coverage, new_proxies }
    }

    fn suspect(&mut self, now: Duration) -> Vec<Mac> {
        self.proxies.retain(|_, until| now < *until);
        let mut new = Vec::new();
        for (mac, device) in &self.devices {
            if device.tally.as_ref().is_some_and(|tally| tally.is_of_proxy())
                && self.proxies.insert(*mac, now + SUSPICION).is_none()
            {
                new.push(*mac);
            }
        }
        new
    }

    /// The box is where it is as long as it sees anything.
    fn own_rows(&self, coverage: &[Stretch]) -> Vec<Row> {
        let mut clear = coverage.iter().filter(|stretch| stretch.sight == Sight::Clear);
        let Some(first) = clear.next() else { return Vec::new() };
        let last = clear.next_back().unwrap_or(first);
        let row = |(mac, ip): (&Mac, &Ipv4Addr)| Row {
            mac: *mac,
            ip: Some((*ip).into()),
            first: first.from,
            last: last.to,
            count: 1,
            sources: 0,
            flags: Sighting::INFRASTRUCTURE | privacy(*mac),
        };
        self.rules.own.iter().filter(|(mac, _)| !self.excluded.contains(mac)).map(row).collect()
    }
}

impl Device {
    /// Its latest address over IPv4, which is one per device, or else over IPv6.
    fn ip(&self) -> Option<IpAddr> {
        let (v4, v6) = (self.ip_v4.map(|(_, ip)| ip.into()), self.ip_v6.map(|(_, ip)| ip.into()));
        v4.or(v6)
    }

    fn row(&self, mac: Mac, tally: &Tally, is_proxy: bool) -> Row {
        let is_infrastructure = self.is_gateway || is_proxy;
        Row {
            mac,
            ip: self.ip(),
            first: tally.first(),
            last: tally.last(),
            count: tally.count(),
            sources: tally.sources(),
            flags: privacy(mac) | if is_infrastructure { Sighting::INFRASTRUCTURE } else { 0 },
        }
    }
}

fn privacy(mac: Mac) -> u8 {
    if mac.is_private() { Sighting::PRIVATE_ADDRESS } else { 0 }
}

#[cfg(test)]
mod tests;
