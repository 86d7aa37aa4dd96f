//! Who comes to the demo's places, and when: members with devices, employees with a number on a time clock.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use vigie_shared::mac::Mac;

use super::chance::Chance;
use super::places::{PLACES, Place};

const FIRST: [&str; 24] = [
    "Camille", "Léa", "Hugo", "Inès", "Louis", "Manon", "Nathan", "Chloé", "Jules", "Sarah", "Adrien", "Zoé", "Karim",
    "Élise", "Thomas", "Awa", "Paul", "Nina", "Mehdi", "Lucie", "Antoine", "Yasmine", "Victor", "Margaux",
];
const LAST: [&str; 24] = [
    "Martin", "Bernard", "Petit", "Robert", "Durand", "Leroy", "Moreau", "Simon", "Laurent", "Lefebvre", "Michel",
    "Garcia", "David", "Bertrand", "Roux", "Vincent", "Fournier", "Morel", "Girard", "André", "Diallo", "Mercier",
    "Dupont", "Lambert",
];

/// The employee who comes late on Mondays and Thursdays, by the number on the time clock.
pub(super) const LATE: u64 = 103;

/// The employee whose last punch out is missing on the last day of work.
pub(super) const WITHOUT_EXIT: u64 = 105;

/// Minutes of a local day.
type Stay = (i64, i64);

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resident {
    /// The person's id.
    pub(super) id: String,
    /// The name.
    pub(super) name: String,
    /// Where the person comes, by site id.
    pub(super) place: &'static str,
    /// How the person is known there.
    pub(super) known: Known,
    /// The place in the list, from 0.
    index: i64,
}

/// How long before and after the demo's beginning some members are there whatever the hour, milliseconds.
const SHOWN_BEFORE_MS: i64 = 100 * 60 * 1000;
const SHOWN_AFTER_MS: i64 = 6 * 60 * 60 * 1000;

/// How somebody is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// By a device.
    Device(Mac),
    /// By a number on a time clock.
    Number(&'static str, u64),
}

/// Everybody, place by place.
pub(super) fn everybody() -> Vec<Resident> {
    let mut all: Vec<Resident> = Vec::new();
    let (mut members, mut employees) = (0, 100);
    for place in &PLACES {
        for _ in 0..place.members {
            let index = all.len();
            members += 1;
            let [.., low] = index.to_be_bytes();
            let mac = Mac([0x3c, 0x22, 0xfb, place.number(), 0x10, low]);
            all.push(Resident::new(index, format!("M{members:02}"), place, Known::Device(mac)));
        }
        for _ in 0..place.employees {
            employees += 1;
            let clock = place.clocks.first().copied().unwrap_or_default();
            all.push(Resident::new(all.len(), employees.to_string(), place, Known::Number(clock, employees)));
        }
    }
    all
}

impl Resident {
    fn new(index: usize, id: String, place: &Place, known: Known) -> Self {
        let pick = |names: &[&str; 24], at: usize| names.get(at % 24).copied().unwrap_or_default().to_owned();
        let name = format!("{} {}", pick(&FIRST, index), pick(&LAST, index * 7 + index / 24 * 5 + 3));
        Self { id, name, place: place.id, known, index: i64::try_from(index).unwrap_or_default() }
    }

    /// When the person is there on a day, minutes of the local day; nobody works past the evening.
    pub(super) fn stays(&self, seed: u64, date: Date) -> Vec<Stay> {
        let mut chance = Chance::of(seed, &self.id, day_number(date));
        match self.known {
            Known::Device(_) => self.of_member(date, &mut chance),
            Known::Number(_, number) => of_employee(number, date, &mut chance),
        }
    }

    /// Whether the person agreed to be named among those who are here.
    pub(super) fn shows_name(&self) -> bool {
        self.index % 2 == 0
    }

    /// Whether the person is there so that whoever looks at the demo sees somebody, `ms` after its beginning.
    pub(super) fn is_shown(&self, ms: i64) -> bool {
        self.index % 3 == 0 && (-SHOWN_BEFORE_MS..SHOWN_AFTER_MS).contains(&ms)
    }

    /// A member of a coworking: some are there daily, some now and then; half days and lunches out.
    fn of_member(&self, date: Date, chance: &mut Chance) -> Vec<Stay> {
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let often = match self.index % 4 {
            0 => 930,
            1 => 750,
            2 => 520,
            _ => 300,
        };
        if !chance.happens(if is_weekend { often / 8 } else { often }) {
            return Vec::new();
        }
        let comes = 8 * 60 + 15 + self.index % 5 * 14 + chance.between(0, 50);
        let goes = 16 * 60 + 20 + chance.between(0, 150);
        if chance.happens(180) {
            return vec![(comes, 12 * 60 + chance.between(5, 40))];
        }
        if chance.happens(450) {
            let out = 12 * 60 + chance.between(5, 30);
            return vec![(comes, out), (out + chance.between(40, 75), goes)];
        }
        vec![(comes, goes)]
    }
}

/// An employee: nine to half past five, with a break.
fn of_employee(number: u64, date: Date, chance: &mut Chance) -> Vec<Stay> {
    let weekday = date.weekday();
    if matches!(weekday, Weekday::Saturday | Weekday::Sunday) || !chance.happens(955) {
        return Vec::new();
    }
    let is_late = number == LATE && matches!(weekday, Weekday::Monday | Weekday::Thursday);
    let comes = 8 * 60 + 46 + chance.between(0, 12) + if is_late { chance.between(26, 45) } else { 0 };
    let out = 12 * 60 + chance.between(1, 12);
    let back = 12 * 60 + 50 + chance.between(0, 11);
    vec![(comes, out), (back, 17 * 60 + 31 + chance.between(0, 25))]
}

/// Days since 1970, to draw by.
pub(super) fn day_number(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_second().div_euclid(86_400))
}

/// A minute of a local day as a moment, milliseconds since 1970 UTC; `salt` gives it seconds.
pub(super) fn moment_ms(date: Date, minute: i64, zone: &TimeZone, salt: i64) -> i64 {
    let midnight = date.to_zoned(zone.clone()).map_or(0, |at| at.timestamp().as_millisecond());
    midnight + minute * 60_000 + salt.rem_euclid(60) * 1000
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everybody_has_a_name_and_an_id_of_their_own() {
        let all = everybody();
        let ids: BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
        let names: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((ids.len(), names.len()), (46, 46));
    }

    proptest! {
        #[test]
        fn stays_follow_one_another_within_the_day(seed: u64, index in 0..46usize, day in 0..400i64) {
            let date = date(2026, 1, 1) + jiff::Span::new().days(day);
            let all = everybody();
            let stays = all[index].stays(seed, date);
            let minutes: Vec<i64> = stays.iter().flat_map(|(from, to)| [*from, *to]).collect();
            prop_assert!(minutes.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", minutes);
            prop_assert!(minutes.iter().all(|minute| (0..24 * 60).contains(minute)));
        }
    }
}
