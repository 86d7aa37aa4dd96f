//! Pure: which of the machine's many mounts, interfaces and sensors are worth a line, and numbers as the wire
//! wants them.

use std::collections::BTreeMap;

use vigie_shared::wire::reading::{Disk, Link};

/// Most file systems, and most interfaces, in one sample.
const ENTRIES_MAX: usize = 32;

/// One mounted file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mount {
    /// The kernel's number of the device, the same for bind mounts of one file system.
    pub(super) device: Option<u64>,
    pub(super) file_system: String,
    pub(super) path: String,
    pub(super) total_bytes: u64,
    pub(super) available_bytes: u64,
}

/// One temperature sensor.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sensor {
    pub(super) label: String,
    pub(super) celsius: f32,
}

/// File systems that are not a disk of the box: memory, images, other machines' disks.
const NOT_DISKS: [&str; 17] = [
    "9p", "autofs", "bpf", "ceph", "cifs", "debugfs", "devtmpfs", "efivarfs", "erofs", "fusectl", "nfs", "nfs4",
    "overlay", "ramfs", "smb3", "squashfs", "tmpfs",
];

/// Folders below which container engines and package images mount their own.
const CONTAINER_FOLDERS: [&str; 6] =
    ["/snap/", "/var/lib/containerd/", "/var/lib/containers/", "/var/lib/docker/", "/var/lib/kubelet/", "/var/snap/"];

/// Beginnings of the names of interfaces that container engines and virtual machines make.
const CONTAINER_LINKS: [&str; 14] = [
    "br-", "cali", "cni", "docker", "dummy", "flannel", "ifb", "ip6tnl", "lxcbr", "podman", "sit", "veth", "virbr",
    "vnet",
];

/// The file systems on real disks, each once under its shortest path, by path.
///
/// An overlay counts only as the root: that is how a box with a read-only card runs.
pub(super) fn disks(mounts: &[Mount]) -> Vec<Disk> {
    let mut by_device: BTreeMap<(Option<u64>, &str), &Mount> = BTreeMap::new();
    for mount in mounts.iter().filter(|mount| is_disk(mount)) {
        let path = if mount.device.is_some() { "" } else { mount.path.as_str() };
        let shortest = by_device.entry((mount.device, path)).or_insert(mount);
        if (mount.path.len(), &mount.path) < (shortest.path.len(), &shortest.path) {
            *shortest = mount;
        }
    }
    let by_path: BTreeMap<&str, Disk> = by_device.values().map(|mount| (mount.path.as_str(), disk(mount))).collect();
    by_path.into_values().take(ENTRIES_MAX).collect()
}

fn is_disk(mount: &Mount) -> bool {
    let is_root = mount.path == "/";
    let is_foreign = mount.file_system.starts_with("fuse.") || NOT_DISKS.contains(&mount.file_system.as_str());
    let is_container = CONTAINER_FOLDERS.iter().any(|folder| mount.path.starts_with(folder));
    mount.total_bytes > 0 && !is_container && (!is_foreign || (is_root && mount.file_system == "overlay"))
}

fn disk(mount: &Mount) -> Disk {
    Disk {
        mount: mount.path.chars().take(255).collect(),
        total_bytes: mount.total_bytes,
        available_bytes: mount.available_bytes.min(mount.total_bytes),
    }
}

/// The interfaces without loopback and containers, by name.
pub(super) fn links(links: Vec<Link>) -> Vec<Link> {
    let is_container = |name: &str| CONTAINER_LINKS.iter().any(|prefix| name.starts_with(prefix));
    let mut kept: Vec<Link> =
        links.into_iter().filter(|link| link.name != "lo" && !is_container(&link.name)).take(ENTRIES_MAX).collect();
    kept.sort_by(|a, b| a.name.cmp(&b.name));
    kept
}

/// The hottest processor sensor in thousandths of a degree Celsius.
///
/// `wanted` is a part of the sensor's label and replaces the usual names of processors; a sensor that the owner
/// named but the machine lacks gives none rather than another one.
pub(super) fn temperature_milli_c(sensors: &[Sensor], wanted: Option<&str>) -> Option<i32> {
    const PROCESSORS: [&str; 7] = ["cpu", "core", "k10temp", "package", "soc", "tctl", "x86_pkg"];
    let is_meant = |sensor: &&Sensor| {
        let label = sensor.label.to_lowercase();
        match wanted {
            Some(wanted) => label.contains(&wanted.to_lowercase()),
            None => PROCESSORS.iter().any(|name| label.contains(name)),
        }
    };
    let plausible = |sensor: &Sensor| (-60.0..=200.0).contains(&sensor.celsius).then_some(sensor.celsius);
    let hottest = sensors.iter().filter(is_meant).filter_map(plausible).reduce(f32::max)?;
    i32::try_from(rounded(f64::from(hottest) * 1000.0)).ok()
}

/// A share of 100 as a share of 1000, never above it.
pub(super) fn permille(percent: f32) -> u16 {
    u16::try_from(rounded(f64::from(percent.clamp(0.0, 100.0)) * 10.0)).unwrap_or(0)
}

/// Thousandths of a load average.
pub(super) fn load_milli(load: f64) -> u32 {
    u32::try_from(rounded(load * 1000.0)).unwrap_or(u32::MAX)
}

/// The nearest whole number; 0 for what is not a number.
#[expect(clippy::cast_possible_truncation, reason = "the conversion saturates, and takes NaN for 0")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(device: u64, file_system: &str, path: &str) -> Mount {
        Mount {
            device: Some(device),
            file_system: file_system.to_owned(),
            path: path.to_owned(),
            total_bytes: 1000,
            available_bytes: 400,
        }
    }

    fn mounts_of(mounts: &[Mount]) -> Vec<String> {
        disks(mounts).into_iter().map(|disk| disk.mount).collect()
    }

    #[test]
    fn a_bind_mount_is_not_a_second_disk() {
        let mounts = [mount(1, "ext4", "/srv/media"), mount(1, "ext4", "/"), mount(2, "vfat", "/boot/firmware")];
        assert_eq!(mounts_of(&mounts), ["/", "/boot/firmware"]);
    }

    #[test]
    fn what_is_not_a_disk_of_the_box_is_left_out() {
        let mounts = [
            mount(1, "ext4", "/"),
            mount(2, "tmpfs", "/tmp"),
            mount(3, "squashfs", "/snap/core/1"),
            mount(4, "overlay", "/var/lib/docker/overlay2/x/merged"),
            mount(5, "fuse.sshfs", "/mnt/other"),
            mount(6, "nfs4", "/mnt/share"),
            mount(7, "ext4", "/var/lib/docker/volumes/x"),
            Mount { total_bytes: 0, ..mount(8, "ext4", "/mnt/odd") },
        ];
        assert_eq!(mounts_of(&mounts), ["/"]);
    }

    #[test]
    fn a_box_with_a_read_only_card_still_shows_its_root() {
        assert_eq!(mounts_of(&[mount(1, "overlay", "/")]), ["/"]);
    }

    #[test]
    fn mounts_without_a_device_number_are_kept_apart() {
        let unnumbered = |path| Mount { device: None, ..mount(0, "ext4", path) };
        assert_eq!(mounts_of(&[unnumbered("/b"), unnumbered("/a")]), ["/a", "/b"]);
    }

    #[test]
    fn loopback_and_containers_are_not_the_network() {
        let names = ["wlan0", "lo", "docker0", "veth12ab", "br-5f2c", "eth0", "wg0", "br0", "ifb0"];
        let all = names.map(|name| Link { name: name.to_owned(), ..Link::default() }).to_vec();
        let kept: Vec<String> = links(all).into_iter().map(|link| link.name).collect();
        assert_eq!(kept, ["br0", "eth0", "wg0", "wlan0"]);
    }

    #[test]
    fn the_hottest_processor_sensor_counts() {
        let sensor = |label: &str, celsius| Sensor { label: label.to_owned(), celsius };
        let sensors = [
            sensor("cpu_thermal temp1", 48.3),
            sensor("coretemp Core 1", 51.25),
            sensor("nvme Composite", 70.0),
            sensor("coretemp broken", f32::NAN),
            sensor("soc absurd", 1000.0),
        ];
        for (wanted, expected) in [
            (None, Some(51_250)),
            (Some("NVME"), Some(70_000)),
            (Some("cpu_thermal"), Some(48_300)),
            (Some("gpu"), None),
        ] {
            assert_eq!(temperature_milli_c(&sensors, wanted), expected, "{wanted:?}");
        }
        assert_eq!(temperature_milli_c(&[], None), None);
    }

    #[test]
    fn numbers_that_are_none_do_no_harm() {
        assert_eq!([permille(f32::NAN), permille(-3.0), permille(12.34), permille(250.0)], [0, 0, 123, 1000]);
        assert_eq!([load_milli(f64::NAN), load_milli(0.4215), load_milli(f64::INFINITY)], [0, 422, u32::MAX]);
    }
}
