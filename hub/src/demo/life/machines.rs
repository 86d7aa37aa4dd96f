//! The owner's Macs: two with little disk left, some on the charger for days, one that asks for a password.

use std::net::{IpAddr, Ipv4Addr};

use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{
    Battery, BatteryState, MachineDisk, MachineFacts, MachineReach, MachineRow, MachineSystem, Machines,
    MemoryPressure, Reading,
};

use super::{HOUR, World, is_due};
use crate::demo::chance::Chance;
use crate::demo::places::Place;

const DISK_BYTES: u64 = 494_384_795_648;
const MEMORY_BYTES: u64 = 16 << 30;

const MODELS: [(&str, &str, &str); 3] =
    [("MacBook Air", "Mac14,2", "Apple M2"), ("MacBook Pro", "Mac15,3", "Apple M3"), ("iMac", "Mac15,5", "Apple M3")];

pub(super) fn told(world: &World, place: &Place, tick_ms: i64) -> Option<Reading> {
    let is_told = place.machines > 0 && (is_due(tick_ms, HOUR) || tick_ms > world.until_ms);
    is_told.then(|| {
        let rows = (0..place.machines).map(|number| row(world, place, (number, tick_ms))).collect();
        Reading::Machines(Machines { rows })
    })
}

/// What a machine is called, and where it is on its network.
pub(super) fn address(place: &Place, number: usize) -> (String, Mac, Ipv4Addr) {
    let low = u8::try_from(number).unwrap_or_default();
    let name = format!("{}-mac-{:02}", place.id, number + 1);
    (name, Mac([0xf4, 0xd4, 0x88, place.number(), 0x20, low]), Ipv4Addr::new(10, 20, place.number(), 100 + low))
}

fn row(world: &World, place: &Place, (number, tick_ms): (usize, i64)) -> MachineRow {
    let (name, mac, ip) = address(place, number);
    let is_shut = place.id == "strasbourg" && number == 8;
    MachineRow {
        ip: IpAddr::V4(ip),
        mac: Some(mac),
        name: Some(name.clone()),
        vendor: Some("Apple, Inc.".to_owned()),
        reach: if is_shut { MachineReach::Refused } else { MachineReach::Read },
        facts: (!is_shut).then(|| facts(world, (name, number), tick_ms)),
    }
}

fn facts(world: &World, (name, number): (String, usize), tick_ms: i64) -> MachineFacts {
    let mut chance = Chance::of(world.seed, &name, tick_ms);
    let (model_name, model_id, chip) = MODELS.get(number % MODELS.len()).copied().unwrap_or_default();
    let is_portable = model_name != "iMac";
    let is_low = name.starts_with("strasbourg") && (number == 1 || number == 4);
    let free_bytes = if is_low { 14_000_000_000 } else { 190_000_000_000 + number as u64 * 9_000_000_000 };
    MachineFacts {
        system: MachineSystem::MacOs,
        serial: Some(format!("C02DEMO{:05}", Chance::of(0, &name, 0).between(0, 100_000))),
        computer_name: Some(name.clone()),
        host_name: Some(format!("{name}.local")),
        model_name: Some(model_name.to_owned()),
        model_id: Some(model_id.to_owned()),
        chip: Some(chip.to_owned()),
        os_version: Some("15.7.1".to_owned()),
        os_build: Some("24G231".to_owned()),
        memory_bytes: Some(MEMORY_BYTES),
        memory_used_bytes: Some((7 << 30) + chance.next() % (3 << 30)),
        memory_pressure: Some(MemoryPressure::Normal),
        disk: Some(MachineDisk {
            total_bytes: DISK_BYTES,
            free_bytes: free_bytes - chance.next() % 600_000_000,
            available_bytes: None,
        }),
        battery: is_portable.then(|| battery(number, &mut chance)),
        booted_ago_s: Some(6 * 24 * 60 * 60),
        console_user: Some("studio".to_owned()),
        idle_s: Some(chance.next() % 3_600),
        is_locked: Some(number.is_multiple_of(2)),
    }
}

/// The first two stay on their chargers, full.
fn battery(number: usize, chance: &mut Chance) -> Battery {
    let is_full = number < 2;
    Battery {
        percent: if is_full { 100 } else { u8::try_from(chance.between(35, 95)).unwrap_or_default() },
        is_plugged: is_full,
        state: if is_full { BatteryState::Full } else { BatteryState::Discharging },
        minutes_left: (!is_full).then_some(240),
        health_permille: Some(if is_full { 810 } else { 930 }),
        cycles: Some(120 + u32::try_from(number).unwrap_or_default() * 35),
        condition: Some("Normal".to_owned()),
    }
}
