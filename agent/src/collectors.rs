//! Port: where readings come from.
//!
//! Adding a collector is one file in `collectors/` and one line in `registry!` below. The line declares its
//! module, its section of the configuration and its place in the catalogue.
//!
//! The file provides three things: `Config` (with a field `enabled`, defaults, unknown keys refused), `new`
//! (takes its `Config` and the [`Context`], opens nothing) and the [`Collector`] itself. Collectors know the
//! context and the outlet, never each other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::DeviceRef;
use vigie_shared::wire::{LaneDepth, Live, Reading};

use crate::app::AppConfig;
use crate::host_names::HostNames;
use crate::update::settings::Software;

/// Where a collector puts what it sees. The journal is the real one; tests and `collect --once` have others.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Hands over a reading that must reach the hub. Waits while the lane has no room.
    async fn append(&self, reading: Reading);

    /// Hands over a reading and says whether that is done for good; false if the agent stopped before there was room,
    /// so that it must be handed over again after the next start.
    async fn keep(&self, reading: Reading) -> bool {
        self.append(reading).await;
        true
    }

    /// Waits until everything handed over is on the disk; false if it could not be brought there yet.
    async fn settle(&self) -> bool {
        true
    }

    /// Hands over something of the moment; it is lost if nobody listens.
    fn live(&self, live: Live);

    /// Says how a look at the source ended. A collector calls it after every look; the runner makes one log
    /// line and one alarm of each episode. Other outlets need not care.
    async fn looked(&self, _result: &anyhow::Result<()>) {}
}

/// A source of readings.
#[async_trait]
pub trait Collector: Send {
    /// One word: its name in the configuration, in metrics and on the command line.
    fn name(&self) -> &'static str;

    /// Looks once and returns what it sees; for `vigie-agent collect NAME --once` and for tests.
    ///
    /// # Errors
    ///
    /// If the source cannot be read; the text is for people.
    async fn once(&mut self) -> anyhow::Result<Vec<Reading>>;

    /// Looks again and again until told to stop. A source that fails is reported by [`Outlet::looked`] and
    /// tried again, never fatal; returning an error ends the process.
    ///
    /// # Errors
    ///
    /// Only what makes going on pointless.
    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()>;
}

/// Port: what a device is called outside its site.
pub trait Naming: Send + Sync {
    /// Whether the owner declared the equipment here his own, so that it may be named openly.
    fn names_openly(&self) -> bool;

    /// The device's reference in readings; none if its owner excluded it, so that nothing may be said of it.
    fn device(&self, mac: Mac, ip: Option<IpAddr>, name: Option<String>) -> Option<DeviceRef>;
}

/// Asks what waits in each lane.
pub type LaneDepths = Arc<dyn Fn() -> Vec<LaneDepth> + Send + Sync>;

/// What a collector may use of the rest of the agent.
#[derive(Clone)]
pub struct Context {
    /// The machine's clocks.
    pub clock: Arc<dyn Clock>,
    /// How devices are called outside their site.
    pub naming: Arc<dyn Naming>,
    /// The names that devices gave themselves.
    pub host_names: Arc<HostNames>,
    /// What waits in each lane.
    pub lane_depths: LaneDepths,
    /// Rung by whoever wants a full sweep of the LAN at once.
    pub sweep_bell: watch::Sender<()>,
    /// Where the local application keeps its things.
    pub app: AppConfig,
    /// The owner's software, by its names.
    pub software: BTreeMap<String, Software>,
    /// The agent's data folder; a collector keeps its own things in files of its name.
    pub data: PathBuf,
}

/// Declares every collector: the first sentence of its file, and its name.
macro_rules! registry {
    ($(#[doc = $about:literal] $name:ident,)+) => {
        $(pub mod $name;)+

        /// The section `collect` of the configuration: one part per collector.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct CollectConfig {
            $(#[doc = $about] pub $name: $name::Config,)+
        }

        /// Every collector: its name and what it does, in one sentence.
        pub const CATALOGUE: &[(&str, &str)] = &[$((stringify!($name), $about.trim_ascii())),+];

        /// Makes the collectors that the configuration enables.
        #[must_use]
        pub fn build(config: &CollectConfig, context: &Context) -> Vec<Box<dyn Collector>> {
            let mut collectors: Vec<Box<dyn Collector>> = Vec::new();
            $(if config.$name.enabled {
                collectors.push($name::new(&config.$name, context));
            })+
            collectors
        }

        /// Makes the collector of that name, enabled or not; none if [`CATALOGUE`] lacks it.
        #[must_use]
        pub fn build_one(name: &str, config: &CollectConfig, context: &Context) -> Option<Box<dyn Collector>> {
            match name {
                $(stringify!($name) => Some($name::new(&config.$name, context)),)+
                _ => None,
            }
        }
    };
}

registry! {
    /// The box's own pulse: processor, memory, temperature, disks, network, and what the agent itself costs.
    host,
    /// Who is on the LAN: who answers, who speaks, and when the box could not see.
    lan,
    /// Names and arrivals from the lease file of a DHCP server on the box: dnsmasq, Kea, ISC dhcpd.
    leases,
    /// What local programs leave in a folder: lines of JSON, each an observation.
    drop,
    /// What is really on the disk: every video of the local application, by its hash.
    media,
    /// What is installed: the agent itself and the owner's software, with their versions.
    software,
    /// The owner's Macs and PCs, read over SSH while they are awake.
    machines,
}

/// A pause that ends early when the collector must stop; false means stop.
pub async fn pause(duration: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(duration) => true,
        () = stop.cancelled() => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::context;

    #[test]
    fn every_collector_is_built_under_the_name_of_its_section() {
        let config = CollectConfig::default();
        for (name, _) in CATALOGUE {
            let collector = build_one(name, &config, &context()).unwrap();
            assert_eq!(collector.name(), *name);
        }
        assert!(build_one("lna", &config, &context()).is_none());
        assert_eq!(CATALOGUE.iter().collect::<BTreeSet<_>>().len(), CATALOGUE.len());
    }

    #[test]
    fn the_catalogue_says_what_the_files_say() {
        for (name, about) in CATALOGUE {
            let path = format!("{}/src/collectors/{name}.rs", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            let heading: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
            assert!(heading.join(" ").starts_with(about), "{name}: {about:?}");
        }
    }

    #[test]
    fn only_enabled_collectors_run() {
        let mut config = CollectConfig::default();
        let names = |config: &CollectConfig| build(config, &context()).iter().map(|c| c.name()).collect::<Vec<_>>();
        assert!(names(&config).contains(&"host"));

        config.host.enabled = false;

        assert!(!names(&config).contains(&"host"));
    }

    #[test]
    fn a_wrong_key_is_answered_with_the_right_ones() {
        for (text, expected) in [
            (r#"{"hots": {}}"#, "expected one of `host`"),
            (r#"{"host": {"heartbeet": "1s"}}"#, "`heartbeat`"),
            (r#"{"host": {"heartbeat": 30}}"#, "\"30s\""),
        ] {
            let error = serde_json::from_str::<CollectConfig>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
