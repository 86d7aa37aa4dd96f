//! Who is awake: one sweep by ARP (or through the kernel), and the names that devices announce.
//!
//! A card that answers for several addresses may stand in for a machine that sleeps (a Bonjour sleep proxy does): to
//! connect would wake it, so only the address at which that machine was met before is visited.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::DeviceRef;

use crate::collectors::Context;
use crate::collectors::lan::census::Evidence;
use crate::collectors::lan::claims::Claims;
use crate::collectors::lan::eyes::{Event, Eyes};
use crate::collectors::lan::interface;
use crate::collectors::lan::survey::{self, Witness};
use crate::collectors::lan::sweep::Sweep;
use crate::collectors::lan::targets::{self, Target};
use crate::collectors::lan::timeline::Timeline;
use crate::machines::Config;
use crate::machines::known::{Known, Place};

/// Longest sweep of one network: a /16 at a tenth of its pace is given up.
const SWEEP_MAX: Duration = Duration::from_secs(120);

/// Answers to questions for names come within this time.
const NAMES_WAIT: Duration = Duration::from_millis(500);

const STANDS_IN: &str = "its network card answers for several addresses, so it may stand in for a machine that sleeps; \
                         it was left alone";

/// Somebody who answered, or whom the owner named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Awake {
    /// Where.
    pub(super) place: Place,
    /// The name it announces.
    pub(super) name: Option<String>,
    /// Why it must not be visited.
    pub(super) refusal: Option<String>,
}

impl Awake {
    /// What it is called among those to be left in peace.
    pub(super) fn machine(&self) -> String {
        self.place.mac.map_or_else(|| self.place.ip.to_string(), |mac| mac.to_string())
    }
}

/// Finds who is awake, in the order of their addresses.
///
/// # Errors
///
/// Words for people: there is no network to look on, or it was lost.
pub(super) async fn find(config: &Config, known: &Known, context: &Context) -> anyhow::Result<Vec<Awake>> {
    let far: Vec<IpAddr> = config.hosts.iter().filter_map(|host| host.parse().ok()).collect();
    let targets = match targets::choose(&config.interfaces, &config.ranges) {
        Ok(targets) => targets,
        // Whoever names addresses need not have a network here.
        Err(_) if !far.is_empty() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut found = BTreeMap::new();
    for target in &targets {
        for awake in sweep(target, known, context).await? {
            found.insert(awake.place.ip, awake);
        }
    }
    let is_near = |ip: IpAddr| targets.iter().any(|target| is_on(target, ip));
    for ip in far.into_iter().filter(|ip| !is_near(*ip)) {
        found.insert(ip, Awake { place: Place { ip, mac: None }, name: None, refusal: None });
    }
    Ok(found.into_values().filter(|awake| is_meant(&config.hosts, awake)).collect())
}

fn is_on(target: &Target, ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if target.interface.address.contains(&ip))
}

/// Whether the owner's list names it; without a list everybody is meant.
fn is_meant(hosts: &[String], awake: &Awake) -> bool {
    let named = |host: &String| {
        let host = host.trim_end_matches('.');
        let host = host.strip_suffix(".local").unwrap_or(host);
        host.parse() == Ok(awake.place.ip) || awake.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(host))
    };
    hosts.is_empty() || hosts.iter().any(named)
}

async fn sweep(target: &Target, known: &Known, context: &Context) -> anyhow::Result<Vec<Awake>> {
    let timeline = Timeline::start();
    let own = target.interface.address.addr();
    let mut eyes = Eyes::open(&target.interface, timeline)?;
    target.check_reach(eyes.method())?;
    let addresses = interface::addresses(&target.ranges, own);
    let mut sweep = Sweep::new(addresses, survey::plan(eyes.method(), SWEEP_MAX), timeline.now());
    let mut heard = Heard::default();
    survey::run(&mut eyes, &mut sweep, timeline, &mut heard).await?;
    eyes.ask_names(&heard.unnamed());
    survey::listen(&mut eyes, timeline.instant(timeline.now() + NAMES_WAIT), &mut heard).await?;

    let mut routers = interface::gateways(&target.interface.name);
    routers.insert(own);
    heard.devices.remove(&target.interface.mac);
    let mut awake = Vec::new();
    for (mac, device) in heard.devices {
        let is_owned = matches!(context.naming.device(mac, None, None), Some(DeviceRef::Owned(_)));
        if !is_owned || device.claims.is_of_proxy() {
            continue;
        }
        let name = device.name.or_else(|| context.host_names.get(mac));
        let mut addresses = device.addresses;
        addresses.retain(|ip| !routers.contains(ip) && target.ranges.iter().any(|range| range.contains(ip)));
        awake.extend(one(mac, &addresses, known).map(|(place, refusal)| Awake { place, name, refusal }));
    }
    Ok(awake)
}

/// The address at which a card's machine is visited, and why not.
fn one(mac: Mac, addresses: &BTreeSet<Ipv4Addr>, known: &Known) -> Option<(Place, Option<String>)> {
    let place = |ip: &Ipv4Addr| Place { ip: (*ip).into(), mac: Some(mac) };
    let first = addresses.first()?;
    if addresses.len() == 1 {
        return Some((place(first), None));
    }
    let before = known.find(&mac.to_string()).into_iter().find_map(|(_, machine)| machine.ip);
    let same = addresses.iter().find(|ip| before == Some(IpAddr::from(**ip)));
    Some(same.map_or_else(|| (place(first), Some(STANDS_IN.to_owned())), |ip| (place(ip), None)))
}

/// What a sweep hears.
#[derive(Debug, Default)]
struct Heard {
    devices: BTreeMap<Mac, Device>,
}

#[derive(Debug, Default)]
struct Device {
    addresses: BTreeSet<Ipv4Addr>,
    claims: Claims,
    name: Option<String>,
}

impl Heard {
    fn unnamed(&self) -> Vec<Ipv4Addr> {
        let unnamed = self.devices.values().filter(|device| device.name.is_none());
        unnamed.flat_map(|device| &device.addresses).copied().collect()
    }
}

impl Witness for Heard {
    fn event(&mut self, event: Event) {
        let Event::Seen(Evidence { mac, ip, name, .. }) = event else { return };
        if !mac.is_device() {
            return;
        }
        let device = self.devices.entry(mac).or_default();
        device.name = name.or(device.name.take());
        if let Some(ip) = ip {
            device.claims.add(ip);
        }
        if let Some(IpAddr::V4(ip)) = ip {
            device.addresses.insert(ip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0, 1]);

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    #[test]
    fn a_card_that_answers_for_several_addresses_is_visited_only_where_it_was_met() {
        let mut known = Known::default();
        let both = BTreeSet::from([ip(5), ip(6)]);
        let (place, refusal) = one(CARD, &both, &known).unwrap();
        assert_eq!((place.ip, refusal.is_some()), (ip(5).into(), true));

        known.pin("SHA256:marie", 1);
        known.met("SHA256:marie", Place { ip: ip(6).into(), mac: Some(CARD) });

        assert_eq!(one(CARD, &both, &known).unwrap(), (Place { ip: ip(6).into(), mac: Some(CARD) }, None));
        assert_eq!(one(CARD, &BTreeSet::from([ip(5)]), &known).unwrap().1, None);
        assert_eq!(one(CARD, &BTreeSet::new(), &known), None);
    }

    #[test]
    fn the_owners_list_means_addresses_and_announced_names() {
        let awake = |name: &str| Awake {
            place: Place { ip: ip(7).into(), mac: Some(CARD) },
            name: Some(name.to_owned()),
            refusal: None,
        };
        let list = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
        for hosts in
            [list(&[]), list(&["10.0.0.7"]), list(&["mac-de-marie.local"]), list(&["x", "MAC-DE-MARIE.local."])]
        {
            assert!(is_meant(&hosts, &awake("Mac-de-Marie")), "{hosts:?}");
        }
        assert!(!is_meant(&list(&["mac-de", "10.0.0.70"]), &awake("Mac-de-Marie")));
    }
}
