//! Time clocks: punches of employees, passages at a door, who is enrolled, how the clocks are.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use std::net::{IpAddr, Ipv4Addr};
use vigie_shared::wire::reading::{
    LogOrigin, LogRow, Reading, Standing, TerminalHardware, TerminalLog, TerminalRoom, TerminalState, TerminalUser,
    TerminalUsers,
};

use super::{HOUR, TICK_MS, World, is_due};
use crate::demo::chance::Chance;
use crate::demo::people::{Known, Resident, WITHOUT_EXIT, moment_ms};
use crate::demo::places::{DOOR, PENDING_CLOCK, PLACES, Place};

/// Visitors whom the door knows.
const VISITORS: i64 = 40;

/// Numbers that clocks give these ways.
const IN: i32 = 0;
const OUT: i32 = 1;

/// How a finger and a card are told.
const FINGER: i32 = 1;
const CARD: i32 = 2;

pub(super) fn told(world: &World, place: &Place, tick_ms: i64) -> Vec<Reading> {
    let mut all = Vec::new();
    for serial in place.clocks {
        if world.is_first(tick_ms) {
            all.push(users(world, serial));
        }
        if is_due(tick_ms, HOUR) || tick_ms > world.until_ms {
            all.push(state(place, serial, (tick_ms - world.from_ms) / TICK_MS));
        }
        all.extend(punches(world, place, serial, tick_ms));
    }
    if place.id == "lille" && (is_due(tick_ms, HOUR) || tick_ms > world.until_ms) {
        all.push(pending());
    }
    all
}

/// Somebody passes the door.
pub(super) fn passage(world: &World, at_ms: i64) -> Reading {
    let mut chance = Chance::of(world.seed, DOOR, at_ms);
    let number = chance.between(1, VISITORS + 1).unsigned_abs();
    let zone = PLACES.iter().find(|place| place.clocks.contains(&DOOR)).map_or("UTC", |place| place.zone);
    log(DOOR, zone, (at_ms, number), None)
}

fn punches(world: &World, place: &Place, serial: &str, tick_ms: i64) -> Vec<Reading> {
    let from_ms = tick_ms - TICK_MS;
    if serial == DOOR {
        let mut chance = Chance::of(world.seed, serial, tick_ms);
        let minute = tick_ms.div_euclid(60_000).rem_euclid(24 * 60);
        let is_open = (8 * 60..21 * 60).contains(&minute) && tick_ms <= world.until_ms;
        let visits = if is_open { chance.between(0, 3) } else { 0 };
        return (0..visits).map(|_| passage(world, from_ms + chance.between(1, TICK_MS))).collect();
    }
    let zone = place.time_zone();
    let date = local_date(tick_ms, &zone);
    let here = world.people.iter().filter(|one| matches!(one.known, Known::Number(clock, _) if clock == serial));
    let all = here.flat_map(|one| punches_of(world, one, (date, &zone)));
    let mut due: Vec<(i64, u64, i32)> = all.filter(|(at_ms, ..)| *at_ms > from_ms && *at_ms <= tick_ms).collect();
    due.sort_unstable();
    due.into_iter().map(|(at_ms, number, way)| log(serial, place.zone, (at_ms, number), Some(way))).collect()
}

/// A person's punches of a day: when, the number, which way.
fn punches_of(world: &World, person: &Resident, (date, zone): (Date, &TimeZone)) -> Vec<(i64, u64, i32)> {
    let Known::Number(_, number) = person.known else { return Vec::new() };
    let salt = i64::try_from(number).unwrap_or_default() * 17;
    let both = |(from, to): (i64, i64)| {
        [(moment_ms(date, from, zone, salt), number, IN), (moment_ms(date, to, zone, salt * 3), number, OUT)]
    };
    let mut all: Vec<(i64, u64, i32)> = person.stays(world.seed, date).into_iter().flat_map(both).collect();
    if number == WITHOUT_EXIT && date == last_workday(local_date(world.until_ms, zone)) {
        all.pop();
    }
    all
}

/// The last day of work before a day.
pub(in crate::demo) fn last_workday(today: Date) -> Date {
    let mut day = today;
    for _ in 0..3 {
        day = day.yesterday().unwrap_or(day);
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            break;
        }
    }
    day
}

fn local_date(at_ms: i64, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone.clone()).date()
}

fn log(serial: &str, zone: &str, (at_ms, number): (i64, u64), way: Option<i32>) -> Reading {
    let local = Timestamp::from_millisecond(at_ms)
        .unwrap_or_default()
        .to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC))
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    let row = LogRow {
        enrol_id: Some(number),
        local_time: local,
        mode: Some(if way.is_some() { FINGER } else { CARD }),
        in_out: way,
        event: Some(0),
        access: way.is_none().then_some(true),
        flags: LogRow::LIVE,
        ..LogRow::default()
    };
    Reading::TerminalLog(TerminalLog {
        terminal: serial.to_owned(),
        zone: zone.to_owned(),
        clock_ahead_ms: Some(400),
        origin: LogOrigin::Pushed,
        log_index: None,
        rows: vec![row],
    })
}

fn users(world: &World, serial: &str) -> Reading {
    let row =
        |enrol_id, name: Option<String>, slot| TerminalUser { enrol_id, name, slot, admin: Some(0), record: None };
    let rows = match serial == DOOR {
        true => {
            (1..=VISITORS.unsigned_abs()).map(|number| row(number, Some(format!("Visiteur {number}")), 11)).collect()
        }
        false => {
            let known = |one: &Resident| match one.known {
                Known::Number(clock, number) if clock == serial => Some(row(number, Some(one.name.clone()), 0)),
                _ => None,
            };
            world.people.iter().filter_map(known).collect()
        }
    };
    Reading::TerminalUsers(TerminalUsers { terminal: serial.to_owned(), stretch: None, rows })
}

fn state(place: &Place, serial: &str, ticks: i64) -> Reading {
    let number =
        u8::try_from(place.clocks.iter().position(|one| *one == serial).unwrap_or_default()).unwrap_or_default();
    let room =
        |what: &str, used, capacity| TerminalRoom { what: what.to_owned(), used: Some(used), capacity: Some(capacity) };
    let used = 61_000 + ticks.unsigned_abs() * 4;
    Reading::TerminalState(TerminalState {
        terminal: serial.to_owned(),
        standing: Standing::Admitted,
        is_connected: true,
        heard_ago_s: Some(12),
        address: Some(IpAddr::V4(Ipv4Addr::new(10, 20, place.number(), 50 + number))),
        hardware: TerminalHardware {
            model: Some("TM20".to_owned()),
            firmware: Some("TM20-V2.1.7".to_owned()),
            ..TerminalHardware::default()
        },
        zone: place.zone.to_owned(),
        clock_ahead_ms: Some(400),
        room: vec![room("users", 120, 3_000), room("logs", used, 100_000)],
        unsent: Some(0),
        violations: 0,
    })
}

/// A clock that calls and that nobody admitted.
fn pending() -> Reading {
    Reading::TerminalState(TerminalState {
        terminal: PENDING_CLOCK.to_owned(),
        standing: Standing::Pending,
        is_connected: true,
        heard_ago_s: Some(40),
        address: Some(IpAddr::V4(Ipv4Addr::new(10, 20, 2, 77))),
        hardware: TerminalHardware { model: Some("TM20".to_owned()), ..TerminalHardware::default() },
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: None,
        room: Vec::new(),
        unsent: None,
        violations: 0,
    })
}
