//! The fleet's history: the same each time, and what its description promises.

use vigie_shared::wire::reading::{Coverage, Sight};

use super::*;
use crate::demo::people::WITHOUT_EXIT;
use crate::demo::places::PLACES;

/// 2026-11-20T14:05:00Z, a Friday.
const UNTIL_MS: i64 = 1_795_183_500_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn world() -> World {
    World::new(7, (UNTIL_MS - 9 * DAY_MS, UNTIL_MS))
}

fn history(id: &str) -> Vec<(i64, Reading)> {
    let (world, place) = (world(), PLACES.iter().find(|place| place.id == id).unwrap());
    world.ticks(place).flat_map(|tick| world.told(place, tick).into_iter().map(move |one| (tick, one))).collect()
}

#[test]
fn the_same_seed_tells_the_same_history() {
    assert_eq!(history("lyon"), history("lyon"));
}

#[test]
fn the_silent_box_ends_a_day_earlier_and_the_full_disk_is_full() {
    let last = |id: &str| history(id).last().unwrap().0;
    assert!(UNTIL_MS - last("grenoble") >= SILENT_MS && UNTIL_MS - last("metz") < TICK_MS);
    let world = world();
    let place = PLACES.iter().find(|place| place.id == "toulouse").unwrap();
    let disk = &world.host(place, UNTIL_MS).disks[0];
    assert!(disk.available_bytes * 100 < disk.total_bytes * 2, "{disk:?}");
}

#[test]
fn one_box_stood_still_for_three_hours_yesterday() {
    let longest_ms = |id: &str| {
        let ticks: Vec<i64> = history(id).into_iter().map(|(tick, _)| tick).collect();
        ticks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    };
    let three_hours_ms = STILL_HOURS * HOUR * TICK_MS;
    assert!((three_hours_ms..three_hours_ms + HOUR * TICK_MS).contains(&longest_ms("nantes")));
    assert!(longest_ms("rennes") < HOUR * TICK_MS);
}

#[test]
fn somebody_forgot_the_last_punch_of_the_last_day_of_work() {
    let rows: Vec<String> = history("lille")
        .into_iter()
        .chain(history("lyon"))
        .filter_map(|(_, reading)| match reading {
            Reading::TerminalLog(log) => Some(log.rows),
            _ => None,
        })
        .flatten()
        .filter(|row| row.enrol_id == Some(WITHOUT_EXIT))
        .map(|row| row.local_time)
        .collect();
    let of = |day: &str| rows.iter().filter(|time| time.starts_with(day)).count();
    assert_eq!((of("2026-11-18"), of("2026-11-19")), (4, 3), "{rows:?}");
}

#[test]
fn metz_could_not_see_for_two_hours() {
    let blind = |reading: &Reading| matches!(reading, Reading::Coverage(Coverage { sight: Sight::Blind(_), .. }));
    assert_eq!(history("metz").iter().filter(|(_, reading)| blind(reading)).count(), 2);
    assert_eq!(history("nancy").iter().filter(|(_, reading)| blind(reading)).count(), 0);
}
