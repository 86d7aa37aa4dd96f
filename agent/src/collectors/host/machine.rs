//! What the machine says of itself, read through `sysinfo`. No other file names that crate.
//!
//! The library's traps, dealt with here: constructors may fail; processor use is the difference of two
//! refreshes; the list of all processes is never read; asking a dead network mount for its size can hang, so
//! [`disks`] blocks and is called on a thread that may be lost.

use anyhow::Context as _;
use sysinfo::{Components, DiskRefreshKind, Disks, Networks, System};
use vigie_shared::wire::reading::Link;

use super::select::{Mount, Sensor};

/// The handles that must live on between two readings.
pub(super) struct Machine {
    system: System,
    components: Components,
    networks: Networks,
}

/// One reading of everything that never blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse {
    /// Use of all processors together since the last reading, 0 to 100.
    pub(super) cpu_percent: f32,
    pub(super) load: f64,
    pub(super) memory_total_bytes: u64,
    pub(super) memory_available_bytes: u64,
    pub(super) sensors: Vec<Sensor>,
    pub(super) links: Vec<Link>,
}

impl Machine {
    /// Shortest time between two readings for a figure of processor use.
    pub(super) const CPU_INTERVAL: std::time::Duration = std::time::Duration::from_millis(250);

    /// Opens the machine and takes the first measure of processor time.
    ///
    /// # Errors
    ///
    /// If the kernel refuses `/proc` or `/sys`.
    pub(super) fn open() -> anyhow::Result<Self> {
        let mut system = System::new().context("open the machine's own figures")?;
        system.refresh_cpu_usage();
        Ok(Self {
            system,
            components: Components::new().context("open the temperature sensors")?,
            networks: Networks::new().context("open the list of network interfaces")?,
        })
    }

    /// Reads everything that never blocks, at least [`Machine::CPU_INTERVAL`] after the last time.
    pub(super) fn pulse(&mut self) -> Pulse {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        self.components.refresh(true);
        self.networks.refresh(true);
        let sensor = |component: &sysinfo::Component| {
            let celsius = component.temperature()?;
            Some(Sensor { label: component.label().to_owned(), celsius })
        };
        let link = |(name, network): (&std::ffi::OsString, &sysinfo::NetworkData)| Link {
            name: name.to_string_lossy().into_owned(),
            received_bytes: network.total_received(),
            sent_bytes: network.total_transmitted(),
        };
        Pulse {
            cpu_percent: self.system.global_cpu_usage(),
            load: System::load_average().map_or(0.0, |load| load.one),
            memory_total_bytes: self.system.total_memory(),
            memory_available_bytes: self.system.available_memory(),
            sensors: self.components.iter().filter_map(sensor).collect(),
            links: self.networks.iter().map(link).collect(),
        }
    }
}

/// Asks every mount for its size. Blocks for as long as a dead mount does.
///
/// # Errors
///
/// If the list of mounts cannot be read.
pub(super) fn disks() -> anyhow::Result<Vec<Mount>> {
    let kind = DiskRefreshKind::nothing().with_storage();
    let disks = Disks::new_with_refreshed_list_specifics(kind).context("list the mounted file systems")?;
    let mount = |disk: &sysinfo::Disk| Mount {
        device: disk.id(),
        file_system: disk.file_system().to_string_lossy().into_owned(),
        path: disk.mount_point().to_string_lossy().into_owned(),
        total_bytes: disk.total_space(),
        available_bytes: disk.available_space(),
    };
    Ok(disks.iter().map(mount).collect())
}
