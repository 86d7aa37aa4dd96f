//! Who is on the LAN: who answers, who speaks, and when the box could not see.
//!
//! Sees every device that answers ARP, whatever its firewall drops: with `CAP_NET_RAW` by a packet socket, without any
//! privilege through the kernel's neighbour table. Devices that speak only IPv6 are woken by one ping to all of them
//! and confirmed by the kernel (neighbour discovery). An answer to a ping names no device: it counts only if the
//! kernel or ARP confirms whose address it came from. The tiers: listening always; after a minute of silence, a
//! question to each device believed present, and to it alone; one slow sweep every few minutes, in random order; a
//! fast sweep at the start, when the network comes back, and when asked for.
//!
//! `census`, `sweep`, `coverage`, `tally`, `claims`, `owners` and `wake` are pure cores; `frame`, `dhcp`, `mdns`, `echo` and
//! `neighbour` pure codecs; `packet`, `poke`, `ping`, `netlink` and `names` sockets; `eyes` joins the sockets, `watch` drives one interface.

pub mod census;
pub mod claims;
pub mod coverage;
pub mod dhcp;
pub mod echo;
pub mod eyes;
pub mod frame;
pub mod interface;
pub mod mdns;
pub mod names;
pub mod neighbour;
pub mod netlink;
pub mod owners;
pub mod packet;
pub mod ping;
pub mod poke;
mod report;
pub mod survey;
pub mod sweep;
pub mod tally;
pub mod targets;
pub mod timeline;
pub mod wake;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use vigie_shared::units;
use vigie_shared::wire::Reading;

use self::watch::Watch;
use super::{Collector, Context, Outlet};

/// How often new interfaces are looked for.
const DISCOVERY: Duration = Duration::from_secs(10);

/// Shorter periods are taken as these: asking more often empties the batteries of phones.
const CHECK_MIN: Duration = Duration::from_secs(10);
const SWEEP_MIN: Duration = Duration::from_secs(60);

/// Section `collect.lan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs.
    pub enabled: bool,
    /// The interfaces to watch; without any, all that lead to a LAN.
    pub interfaces: Vec<String>,
    /// The ranges to ask, at most a /16 each; without any, the private networks up to /22 that the box is on.
    pub ranges: Vec<Ipv4Net>,
    /// What to call an interface's network in readings, instead of the interface's name.
    pub networks: BTreeMap<String, String>,
    /// Silence after which a device believed present is asked; at least ten seconds.
    #[serde(with = "units::duration")]
    pub check: Duration,
    /// Time over which one slow sweep is spread; at least one minute.
    #[serde(with = "units::duration")]
    pub sweep: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            interfaces: Vec::new(),
            ranges: Vec::new(),
            networks: BTreeMap::new(),
            check: Duration::from_secs(60),
            sweep: Duration::from_secs(300),
        }
    }
}

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, context: &Context) -> Box<dyn Collector> {
    let config = Config { check: config.check.max(CHECK_MIN), sweep: config.sweep.max(SWEEP_MIN), ..config.clone() };
    Box::new(Lan { config, context: context.clone() })
}

struct Lan {
    config: Config,
    context: Context,
}

#[async_trait]
impl Collector for Lan {
    fn name(&self) -> &'static str {
        "lan"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        let names = self.interfaces()?;
        let mut readings = Vec::new();
        for name in names {
            readings.extend(Watch::new(name, &self.config, &self.context).once().await?);
        }
        Ok(readings)
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let mut watched = BTreeSet::new();
        let mut watches = FuturesUnordered::new();
        while !stop.is_cancelled() {
            match self.interfaces() {
                Ok(names) => {
                    for name in names.into_iter().filter(|name| watched.insert(name.clone())) {
                        watches.push(Watch::new(name, &self.config, &self.context).run(outlet, stop.clone()));
                    }
                }
                // An interface that is watched already tells of its troubles itself.
                Err(error) if watched.is_empty() => outlet.looked(&Err(error)).await,
                Err(_) => {}
            }
            tokio::select! {
                Some(()) = watches.next() => {}
                () = tokio::time::sleep(DISCOVERY) => {}
                () = stop.cancelled() => {}
            }
        }
        while watches.next().await.is_some() {}
        Ok(())
    }
}

impl Lan {
    /// The interfaces to watch: the configured ones, ready or not, or else those that are ready.
    fn interfaces(&self) -> anyhow::Result<Vec<String>> {
        if !self.config.interfaces.is_empty() {
            return Ok(self.config.interfaces.clone());
        }
        let (mut ready, mut reasons) = (Vec::new(), Vec::new());
        for found in interface::discover().context("list the network interfaces")? {
            match found {
                Ok(interface) => ready.push(interface.name),
                Err((name, reason)) => reasons.push(format!("{name} {reason}")),
            }
        }
        let why = if reasons.is_empty() { "no interface leads to a LAN".to_owned() } else { reasons.join("; ") };
        anyhow::ensure!(!ready.is_empty(), "find a network to watch: {why}");
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_answered_with_the_right_form() {
        for (text, expected) in [
            (r#"{"interface": "eth0"}"#, "`interfaces`"),
            (r#"{"check": 60}"#, "\"30s\""),
            (r#"{"ranges": ["10.0.0.0"]}"#, "invalid IP address syntax"),
        ] {
            let error = serde_json::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn nothing_asks_more_often_than_batteries_can_bear() {
        let config: Config = serde_json::from_str(r#"{"check": "1s", "sweep": "1s"}"#).unwrap();
        assert!(config.check < CHECK_MIN && config.sweep < SWEEP_MIN);
        assert_eq!(new(&config, &crate::testing::context()).name(), "lan");
    }
}
