//! What boxes say of their machines in their last pulse, as metrics by site.

use vigie_shared::wire::reading::{Disk, HostSample};

use super::{float, of_site};
use crate::fleet::BoxNow;
use crate::http::ports::{Metric, MetricKind, Sample};
use crate::store::sites::Site;

/// A value of a machine; none if the machine has no such thing.
type Value = fn(&HostSample) -> Option<f64>;

/// What is told of each machine.
const MACHINE: [(&str, &str, Value); 5] = [
    ("vigie_site_cpu_ratio", "Use of all processors of the box together, 0 to 1.", |host| {
        Some(f64::from(host.cpu_permille) / 1000.0)
    }),
    ("vigie_site_memory_bytes", "Memory of the box.", |host| Some(float(host.memory_total_bytes))),
    ("vigie_site_memory_available_bytes", "Memory of the box that programs can still get.", |host| {
        Some(float(host.memory_available_bytes))
    }),
    ("vigie_site_temperature_celsius", "Hottest sensor of the box.", |host| {
        Some(f64::from(host.temperature_milli_c?) / 1000.0)
    }),
    ("vigie_site_uptime_seconds", "Time since the box started.", |host| Some(float(host.uptime_s))),
];

/// The machines of boxes whose pulse is known.
pub(super) fn of_boxes(rows: &[(Site, BoxNow)]) -> Vec<Metric> {
    let gauge = |name, help, samples| Metric { name, help, kind: MetricKind::Gauge, samples };
    let hosts = || rows.iter().filter_map(|(site, live)| Some((site, &live.heartbeat.as_ref()?.host)));
    let of_machine = |value: Value| hosts().filter_map(move |(site, host)| Some(of_site(site, None, value(host)?)));
    let mut metrics: Vec<Metric> =
        MACHINE.into_iter().map(|(name, help, value)| gauge(name, help, of_machine(value).collect())).collect();
    let disks = |value: fn(&Disk) -> u64| -> Vec<Sample> {
        let of_host = |(site, host): (&Site, &HostSample)| -> Vec<Sample> {
            let of_disk = |disk: &Disk| {
                let mut sample = of_site(site, None, float(value(disk)));
                sample.labels.push(("mount", disk.mount.clone()));
                sample
            };
            host.disks.iter().map(of_disk).collect()
        };
        hosts().flat_map(of_host).collect()
    };
    metrics.push(gauge("vigie_site_disk_bytes", "Size of a file system of the box.", disks(|disk| disk.total_bytes)));
    let available = disks(|disk| disk.available_bytes);
    metrics.push(gauge("vigie_site_disk_available_bytes", "What can still be written there.", available));
    let synced = rows.iter().filter_map(|(site, live)| {
        let is_synced = live.heartbeat.as_ref()?.stamp.is_synced;
        Some(of_site(site, None, if is_synced { 1.0 } else { 0.0 }))
    });
    metrics.push(gauge("vigie_site_clock_synced", "Whether the box's clock is synchronised.", synced.collect()));
    metrics
}
