//! A box's own figures: a working day's wave, some noise, and a disk that fills where it shall.

use vigie_shared::wire::reading::{AgentUse, Disk, HostSample, Link};

use super::{TICK_MS, World};
use crate::demo::chance::Chance;
use crate::demo::places::{Place, Trouble};

const DISK_BYTES: u64 = 31_268_536_320;
const MEMORY_BYTES: u64 = 1 << 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn sample(world: &World, place: &Place, at_ms: i64) -> HostSample {
    let mut chance = Chance::of(world.seed, place.id, at_ms.div_euclid(TICK_MS));
    let wave = wave_permille(at_ms);
    let uptime_s = unsigned((at_ms - world.boot_ms()) / 1000);
    let cpu_permille = 40 + wave * (1 + i64::from(place.has_screens)) / 8 + chance.between(0, 60);
    let link = Link {
        name: "eth0".to_owned(),
        received_bytes: uptime_s * (9_000 + u64::from(place.number()) * 700),
        sent_bytes: uptime_s * 1_300,
    };
    HostSample {
        cpu_permille: u16::try_from(cpu_permille).unwrap_or_default(),
        load_milli: u32::try_from(cpu_permille * 4).unwrap_or_default(),
        memory_total_bytes: MEMORY_BYTES,
        memory_available_bytes: unsigned(640 - wave / 8 + chance.between(0, 30)) << 20,
        temperature_milli_c: i32::try_from(44_000 + wave * 9 + chance.between(0, 2_500)).ok(),
        uptime_s,
        disks: vec![Disk {
            mount: "/".to_owned(),
            total_bytes: DISK_BYTES,
            available_bytes: available_bytes(world, place, at_ms),
        }],
        links: vec![link],
        agent: AgentUse {
            pss_bytes: 7_600_000 + chance.next() % 400_000,
            written_bytes: uptime_s * 190,
            cpu_ms: uptime_s * 4,
        },
    }
}

/// From 0 at night to 1000 in the afternoon.
fn wave_permille(at_ms: i64) -> i64 {
    let minute = at_ms.div_euclid(60_000).rem_euclid(24 * 60);
    let from_noon = (minute - 14 * 60).abs().min(24 * 60 - (minute - 14 * 60).abs());
    (1000 - from_noon * 1000 / 480).max(0)
}

fn available_bytes(world: &World, place: &Place, at_ms: i64) -> u64 {
    let days = (at_ms - world.from_ms).max(0);
    let usual = 19_000_000_000 - i64::from(place.number()) * 300_000_000 - days / DAY_MS * 40_000_000;
    let rest = (world.until_ms - at_ms).max(0);
    match place.trouble {
        Trouble::FullDisk => 310_000_000 + unsigned(rest) * 14_000 / 1_000,
        Trouble::None | Trouble::Silent | Trouble::StoodStill => unsigned(usual),
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
