//! What a sweep asks: the interfaces and ranges that somebody named, or else what the box is on.

use anyhow::{Context as _, bail, ensure};
use ipnet::Ipv4Net;

use super::eyes::Method;
use super::interface::{self, Interface, PREFIX_MIN_CONFIGURED};

/// One interface and the ranges to ask on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to ask.
    pub interface: Interface,
    /// Whom to ask.
    pub ranges: Vec<Ipv4Net>,
}

impl Target {
    /// Refuses ranges that this method cannot reach: the kernel sends them to the router.
    ///
    /// # Errors
    ///
    /// If a range is not on the interface's network.
    pub fn check_reach(&self, method: Method) -> anyhow::Result<()> {
        let own = self.interface.address.trunc();
        let is_far = |range: &&Ipv4Net| !own.contains(*range) && !range.contains(&own);
        match self.ranges.iter().find(is_far) {
            Some(range) if method != Method::Arp => bail!(
                "{range} is not on the network {own} of {}; without CAP_NET_RAW only that can be asked",
                self.interface.name
            ),
            _ => Ok(()),
        }
    }
}

/// Chooses the targets. A named interface takes every named range; without one, a range goes where it is at home.
///
/// # Errors
///
/// If nothing is left to ask; the text says why and what to do.
pub fn choose(interfaces: &[String], ranges: &[Ipv4Net]) -> anyhow::Result<Vec<Target>> {
    for range in ranges {
        ensure!(
            range.prefix_len() >= PREFIX_MIN_CONFIGURED,
            "{range} is larger than a /{PREFIX_MIN_CONFIGURED}; name smaller ranges"
        );
    }
    if interfaces.is_empty() { discovered(ranges) } else { interfaces.iter().map(|name| named(name, ranges)).collect() }
}

fn named(name: &str, ranges: &[Ipv4Net]) -> anyhow::Result<Target> {
    let interface = interface::find(name).map_err(|reason| anyhow::anyhow!("{name} {reason}{}", others()))?;
    let ranges = if ranges.is_empty() { interface.ranges(&[]).context(option(name))? } else { ranges.to_vec() };
    Ok(Target { interface, ranges })
}

fn option(name: &str) -> String {
    format!("choose what to ask on {name} (option --range, setting `ranges`)")
}

/// The interfaces that could be named instead.
fn others() -> String {
    let ready = interface::discover().unwrap_or_default().into_iter().filter_map(Result::ok);
    let names: Vec<String> = ready.map(|interface| format!("{} ({})", interface.name, interface.address)).collect();
    if names.is_empty() { String::new() } else { format!("; ready are: {}", names.join(", ")) }
}

fn discovered(ranges: &[Ipv4Net]) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    let mut refusals = Vec::new();
    for found in interface::discover().context("list the network interfaces")? {
        match found {
            Err((name, reason)) => refusals.push(format!("{name} {reason}")),
            Ok(interface) => match interface.ranges(ranges) {
                Err(reason) => refusals.push(format!("{}: {reason}", interface.name)),
                Ok(own) if own.is_empty() => {
                    refusals.push(format!("{} is on {}", interface.name, interface.address.trunc()));
                }
                Ok(ranges) => targets.push(Target { interface, ranges }),
            },
        }
    }
    ensure!(!targets.is_empty(), "{}", nothing(ranges, &refusals));
    Ok(targets)
}

fn nothing(ranges: &[Ipv4Net], refusals: &[String]) -> String {
    let what = match ranges {
        [] => "no network to scan".to_owned(),
        [range, ..] => format!("{range} is on no network of this box; name an --interface to ask there anyway"),
    };
    if refusals.is_empty() {
        format!("{what}: there is no interface that leads to a LAN")
    } else {
        format!("{what}: {}", refusals.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use vigie_shared::mac::Mac;

    use super::*;

    fn target(range: &str) -> Target {
        Target {
            interface: Interface {
                name: "eth0".to_owned(),
                index: 2,
                mac: Mac([0xb8, 0, 0, 0, 0, 1]),
                address: "10.0.0.2/24".parse().unwrap(),
            },
            ranges: vec![range.parse().unwrap()],
        }
    }

    #[test]
    fn a_range_behind_the_router_needs_arp() {
        let poke = Method::Poke { can_ping: false };
        assert!(target("10.0.0.0/25").check_reach(poke).is_ok());
        assert!(target("10.0.0.0/16").check_reach(poke).is_ok());
        let error = target("10.9.0.0/24").check_reach(poke).unwrap_err().to_string();
        assert!(error.contains("10.9.0.0/24") && error.contains("CAP_NET_RAW"), "{error}");
        assert!(target("10.9.0.0/24").check_reach(Method::Arp).is_ok());
    }

    #[test]
    fn nothing_to_scan_is_said_with_every_reason() {
        let text = nothing(&[], &["eth0 has no carrier".to_owned(), "eth1 is switched off".to_owned()]);
        assert_eq!(text, "no network to scan: eth0 has no carrier; eth1 is switched off");
    }

    #[test]
    fn an_unknown_interface_and_a_huge_range_are_refused_by_name() {
        let error = choose(&["nope0".to_owned()], &[]).unwrap_err().to_string();
        assert!(error.starts_with("nope0 does not exist"), "{error}");
        let error = choose(&[], &["10.0.0.0/8".parse().unwrap()]).unwrap_err().to_string();
        assert!(error.contains("10.0.0.0/8"), "{error}");
    }
}
