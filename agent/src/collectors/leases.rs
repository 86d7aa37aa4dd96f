//! Names and arrivals from the lease file of a DHCP server on the box: dnsmasq, Kea, ISC dhcpd.
//!
//! Needs only the right to read the file. A lease shows that a device was there when it renewed, and what it
//! calls itself; it never shows that a device left. The format is known by the content. Servers replace their
//! files by renaming: the path is opened anew at each look that finds another inode, size or time.
//!
//! `arrivals` is the pure core, `lease` the common shape, `source` reads files; one file per format.

mod arrivals;
mod dnsmasq;
mod isc;
mod kea;
mod lease;
mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use vigie_shared::mac::Mac;
use vigie_shared::units;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{Sighting, Sightings, Source};

use self::arrivals::{Arrival, Arrivals, Look};
pub use self::lease::{Expiry, Format, LEASES_MAX, Lease, Leases, PROBLEMS_MAX, Problem, detect, parse};
use self::source::{Content, LeaseFile};
use super::{Collector, Context, Outlet, pause};

/// Where servers keep their leases unless told otherwise.
const USUAL_FILES: [&str; 6] = [
    "/var/lib/misc/dnsmasq.leases",
    "/var/lib/dnsmasq/dnsmasq.leases",
    "/etc/pihole/dhcp.leases",
    "/var/lib/kea/kea-leases4.csv",
    "/var/lib/dhcp/dhcpd.leases",
    "/var/lib/dhcpd/dhcpd.leases",
];

/// Most rows of one record: with the longest names it stays below the largest record that a lane takes.
const ROWS_MAX: usize = 200;

/// Section `collect.leases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs.
    pub enabled: bool,
    /// Time between two looks; at least one second.
    #[serde(with = "units::duration")]
    pub poll: Duration,
    /// The lease files; without any, those of the usual places that exist.
    pub files: Vec<PathBuf>,
    /// Largest file that is read.
    #[serde(with = "units::bytes")]
    pub file_size_max: u64,
    /// The name of the network that the server serves, as in the readings.
    pub network: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            poll: Duration::from_secs(60),
            files: Vec::new(),
            file_size_max: 2 << 20,
            network: "dhcp".to_owned(),
        }
    }
}

/// The names in the usual lease files, as far as this user may read them; for a look without a running agent.
#[must_use]
pub fn usual_names() -> BTreeMap<Mac, String> {
    let size_max = Config::default().file_size_max;
    let is_small = |path: &&str| std::fs::metadata(path).is_ok_and(|file| file.len() <= size_max);
    let files = USUAL_FILES.iter().copied().filter(is_small).filter_map(|path| std::fs::read(path).ok());
    let leases = files.filter_map(|bytes| Some(parse(detect(&bytes)?, &bytes).rows)).flatten();
    leases.filter_map(|lease| Some((lease.mac, lease.name?))).collect()
}

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, context: &Context) -> Box<dyn Collector> {
    let is_usual = config.files.is_empty();
    let paths = if is_usual { USUAL_FILES.map(PathBuf::from).to_vec() } else { config.files.clone() };
    let watched = |path| Watched {
        file: LeaseFile::new(path, config.file_size_max, is_usual),
        arrivals: Arrivals::default(),
        problems: 0,
    };
    Box::new(DhcpLeases {
        poll: config.poll.max(Duration::from_secs(1)),
        network: config.network.clone(),
        files: paths.into_iter().map(watched).collect(),
        context: context.clone(),
    })
}

struct DhcpLeases {
    poll: Duration,
    network: String,
    files: Vec<Watched>,
    context: Context,
}

/// One file and what was known of it.
struct Watched {
    file: LeaseFile,
    arrivals: Arrivals,
    problems: usize,
}

#[async_trait]
impl Collector for DhcpLeases {
    fn name(&self) -> &'static str {
        "leases"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        let mut present = Vec::new();
        for watched in &mut self.files {
            if let Some((leases, look)) = watched.look(&self.context).await? {
                present.extend(arrivals::present(&leases.rows, look));
            }
        }
        Ok(readings(&self.network, &self.context, present))
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let (arrived, result) = self.arrived().await;
            outlet.looked(&result).await;
            for reading in readings(&self.network, &self.context, arrived) {
                outlet.append(reading).await;
            }
            if !pause(self.poll, &stop).await {
                return Ok(());
            }
        }
    }
}

impl DhcpLeases {
    /// The devices that arrived since the last look, and the last file that could not be read.
    async fn arrived(&mut self) -> (Vec<Arrival>, anyhow::Result<()>) {
        let (mut arrived, mut result) = (Vec::new(), Ok(()));
        for watched in &mut self.files {
            match watched.look(&self.context).await {
                Ok(Some((leases, look))) => arrived.extend(watched.arrivals.on_look(&leases.rows, look)),
                Ok(None) => watched.arrivals.on_quiet_look(self.context.clock.stamp()),
                Err(error) => result = Err(error),
            }
        }
        (arrived, result)
    }
}

impl Watched {
    /// Reads the file if it changed since the last look, and learns the names in it.
    async fn look(&mut self, context: &Context) -> anyhow::Result<Option<(Leases, Look)>> {
        let Some(Content { leases, changed_s }) = self.file.read_if_changed().await? else { return Ok(None) };
        self.report(&leases.problems);
        for lease in &leases.rows {
            let is_excluded = context.naming.device(lease.mac, None, None).is_none();
            if let (Some(name), false) = (&lease.name, is_excluded) {
                context.host_names.learn(lease.mac, name);
            }
        }
        Ok(Some((leases, Look { now: context.clock.stamp(), changed_s })))
    }

    /// Lists malformed lines whenever their number changes: the same ones come back at every look.
    fn report(&mut self, problems: &[Problem]) {
        if self.problems != problems.len() {
            for problem in problems {
                tracing::warn!(file = %self.file.path().display(), "skipped a lease, {problem}");
            }
        }
        self.problems = problems.len();
    }
}

/// Turns arrivals into readings, without the devices that their owner excluded.
fn readings(network: &str, context: &Context, arrived: Vec<Arrival>) -> Vec<Reading> {
    let sighting = |Arrival { mac, ip, name, ago_s }: Arrival| {
        let device = context.naming.device(mac, Some(ip), name)?;
        let flags = if mac.is_private() { Sighting::PRIVATE_ADDRESS } else { 0 };
        Some(Sighting { device, first_ago_s: ago_s, last_ago_s: ago_s, count: 1, sources: Source::Lease.bit(), flags })
    };
    let rows: Vec<Sighting> = arrived.into_iter().filter_map(sighting).collect();
    let reading =
        |rows: &[Sighting]| Reading::Sightings(Sightings { network: network.to_owned(), rows: rows.to_vec() });
    rows.chunks(ROWS_MAX).map(reading).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use vigie_shared::wire::reading::DeviceRef;

    use super::*;
    use crate::testing::{Kept, context};

    const FAR_S: i64 = 4_000_000_000;

    fn config(path: &Path) -> Config {
        Config { files: vec![path.to_owned()], ..Config::default() }
    }

    /// Replaces the file as servers do: write beside it, rename.
    fn replace(path: &Path, text: &str) {
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, path).unwrap();
    }

    fn sighted(readings: &[Reading]) -> Vec<String> {
        let rows = readings.iter().flat_map(|reading| match reading {
            Reading::Sightings(sightings) => sightings.rows.clone(),
            other => panic!("{other:?}"),
        });
        rows.map(|row| match row.device {
            DeviceRef::Owned(device) => format!("{} {}", device.mac, device.name.unwrap_or_default()),
            other => panic!("{other:?}"),
        })
        .collect()
    }

    #[tokio::test]
    async fn one_look_shows_every_valid_lease_but_the_excluded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.name");
        std::fs::write(&path, format!(
            "{FAR_S} 8e:1b:7c:00:11:22 10.0.0.1 tv *\n0 3c:22:fb:00:00:ff 10.0.0.2 secret *\n1000000001 3c:22:fb:00:00:02 10.0.0.3 old *\nnonsense\n"
        )).unwrap();
        let context = context();

        let readings = new(&config(&path), &context).once().await.unwrap();

        assert_eq!(sighted(&readings), ["8e:1b:7c:00:11:22 tv"]);
        let mac = |text: &str| text.parse().unwrap();
        assert_eq!(context.host_names.get(mac("8e:1b:7c:00:11:22")).as_deref(), Some("tv"));
        assert_eq!(context.host_names.get(mac("3c:22:fb:00:00:ff")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_in_a_file_that_was_replaced_is_a_sighting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dnsmasq.leases");
        std::fs::write(&path, format!("{FAR_S} 8e:1b:7c:00:11:22 10.0.0.1 tv *\n")).unwrap();
        let (kept, stop, context) = (Kept::default(), CancellationToken::new(), context());
        let mut collector = new(&config(&path), &context);

        tokio::join!(async { collector.run(&kept, stop.clone()).await.unwrap() }, async {
            kept.until(|kept| kept.looks().len() == 1).await;
            assert_eq!(kept.readings(), []);
            replace(&path, &format!("{} 8e:1b:7c:00:11:22 10.0.0.1 tv *\n", FAR_S + 60));
            kept.until(|kept| !kept.readings().is_empty()).await;
            stop.cancel();
        });

        assert_eq!(sighted(&kept.readings()), ["8e:1b:7c:00:11:22 tv"]);
        assert!(kept.looks().iter().all(Result::is_ok));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_missing_is_reported_and_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dhcpd.leases");
        let (kept, stop, context) = (Kept::default(), CancellationToken::new(), context());
        let mut collector = new(&config(&path), &context);

        tokio::join!(async { collector.run(&kept, stop.clone()).await.unwrap() }, async {
            kept.until(|kept| kept.looks().len() == 2).await;
            std::fs::write(&path, "").unwrap();
            kept.until(|kept| kept.looks().last() == Some(&Ok(()))).await;
            stop.cancel();
        });

        let first = kept.looks().into_iter().next().unwrap().unwrap_err();
        assert!(first.contains("dhcpd.leases") && first.contains("collect.leases.files"), "{first}");
    }

    #[tokio::test]
    async fn many_arrivals_are_spread_over_records_that_fit() {
        let lease = |number: u16| {
            let [high, low] = number.to_be_bytes();
            let name = "n".repeat(crate::host_names::NAME_CHARS_MAX);
            format!("0 3c:22:fb:01:{high:02x}:{:02x} 10.0.{high}.{low} {name} *\n", low & 0xfe)
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("many.leases");
        std::fs::write(&path, (0..500).map(lease).collect::<String>()).unwrap();

        let readings = new(&config(&path), &context()).once().await.unwrap();

        assert_eq!(sighted(&readings).len(), 500);
        for reading in readings {
            let stamp = context().clock.stamp();
            let size = vigie_shared::wire::Record { stamp, reading }.encode().len();
            assert!(size <= vigie_shared::wire::delivery::RECORD_BYTES_MAX, "{size}");
        }
    }
}
