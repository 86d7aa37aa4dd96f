//! What is on the LANs: members' devices while they are there, passing ones, the gateway, and one afternoon without sight.

use std::net::{IpAddr, Ipv4Addr};

use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::Pseudonym;
use vigie_shared::wire::reading::{Coverage, DeviceRef, OwnedDevice, Reading, Sight, Sighting, Sightings, Source};

use super::{HOUR, TICK_MS, World, is_due, machines};
use crate::demo::chance::Chance;
use crate::demo::people::{Known, moment_ms};
use crate::demo::places::Place;

const NETWORK: &str = "lan";

/// How long before the demo's beginning Metz could not see for two hours.
const BLIND_AGO_MS: i64 = 6 * 24 * 60 * 60 * 1000;

/// How long before the demo's beginning each look says what it could see; before, each hour does.
const LATE_MS: i64 = 2 * 60 * 60 * 1000;

pub(super) fn told(world: &World, place: &Place, tick_ms: i64) -> Vec<Reading> {
    let every = if place.members > 0 { 1 } else { HOUR };
    let mut all = Vec::new();
    let is_late = tick_ms > world.until_ms - LATE_MS;
    if is_late || is_due(tick_ms, HOUR) {
        let ticks = if is_due(tick_ms, HOUR) { HOUR } else { 1 };
        all.push(coverage(world, place, (tick_ms, ticks)));
    }
    if is_due(tick_ms, every) && !(place.members > 0 && is_blind(world, place, tick_ms)) {
        let rows = rows(world, place, tick_ms);
        all.push(Reading::Sightings(Sightings { network: NETWORK.to_owned(), rows }));
    }
    all
}

fn coverage(world: &World, place: &Place, (tick_ms, ticks): (i64, i64)) -> Reading {
    let sight = match is_blind(world, place, tick_ms) {
        true => Sight::Blind("the network cable was unplugged".to_owned()),
        false => Sight::Clear,
    };
    let from_ago_s = u32::try_from(ticks * TICK_MS / 1000).unwrap_or_default();
    Reading::Coverage(Coverage {
        network: NETWORK.to_owned(),
        from_ago_s,
        to_ago_s: 0,
        asked: 254,
        answered: 12,
        sight,
    })
}

/// Two hours, whole ones.
fn is_blind(world: &World, place: &Place, tick_ms: i64) -> bool {
    let hour = |ms: i64| ms.div_euclid(HOUR * TICK_MS);
    let ends = hour(tick_ms + HOUR * TICK_MS - 1);
    let begins = hour(world.until_ms - BLIND_AGO_MS);
    place.id == "metz" && (begins..begins + 2).contains(&(ends - 1))
}

fn rows(world: &World, place: &Place, tick_ms: i64) -> Vec<Sighting> {
    let mut rows = vec![row(DeviceRef::Passing(passing(world, place, (0, 0))), Sighting::INFRASTRUCTURE)];
    let minute = tick_ms.div_euclid(60_000).rem_euclid(24 * 60);
    let is_day = (6 * 60..20 * 60).contains(&minute);
    let mut chance = Chance::of(world.seed, place.id, tick_ms);
    let day = tick_ms.div_euclid(24 * 60 * 60 * 1000);
    let guests = if is_day { chance.between(2, 7) } else { 1 };
    let guest = |number| row(DeviceRef::Passing(passing(world, place, (day, number))), Sighting::PRIVATE_ADDRESS);
    rows.extend((1..=guests).map(guest));
    rows.extend(present(world, place, tick_ms).map(|name| row(DeviceRef::Known(name), 0)));
    let own = (0..place.machines).map(|number| machines::address(place, number));
    rows.extend(own.map(|(name, mac, ip)| row(owned(&name, mac, ip), 0)));
    rows
}

fn row(device: DeviceRef, flags: u8) -> Sighting {
    let sources = Source::ArpReply.bit() | Source::Neighbour.bit();
    Sighting { device, first_ago_s: 285, last_ago_s: 15, count: 5, sources, flags }
}

fn owned(name: &str, mac: Mac, ip: Ipv4Addr) -> DeviceRef {
    DeviceRef::Owned(OwnedDevice { mac, ip: Some(IpAddr::V4(ip)), name: Some(name.to_owned()) })
}

fn passing(world: &World, place: &Place, (day, number): (i64, i64)) -> Pseudonym {
    Pseudonym(Chance::of(world.seed ^ number.unsigned_abs(), place.id, day).bytes())
}

/// The devices of members who are there during the tick.
fn present<'a>(world: &'a World, place: &Place, tick_ms: i64) -> impl Iterator<Item = Pseudonym> + 'a {
    let (id, zone) = (place.id, place.time_zone());
    let date = jiff::Timestamp::from_millisecond(tick_ms).unwrap_or_default().to_zoned(zone.clone()).date();
    let members = world.people.iter().filter(move |one| one.place == id && matches!(one.known, Known::Device(_)));
    let is_there = move |stay: &(i64, i64)| {
        let (from_ms, to_ms) = (moment_ms(date, stay.0, &zone, 0), moment_ms(date, stay.1, &zone, 0));
        from_ms < tick_ms && tick_ms - TICK_MS < to_ms
    };
    members
        .filter(move |one| one.is_shown(tick_ms - world.until_ms) || one.stays(world.seed, date).iter().any(&is_there))
        .filter_map(|one| world.devices.get(&one.id).copied())
}
