//! What people are expected to do: schedules by weekday, holidays, and who is who on which terminal.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

/// The weekdays as the API and the settings write them.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The plan of some terminals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The serial numbers of the terminals that it holds for; empty for all that no other schedule names.
    pub terminals: Vec<String>,
    /// The IANA zone of its times; each terminal's own if none.
    pub zone: Option<String>,
    /// What is expected on each weekday, 1 Monday to 7 Sunday; a day that is missing is off.
    pub days: BTreeMap<i8, Shift>,
    /// Whether one number is the same person on all of its terminals.
    pub has_common_numbers: bool,
    /// Who says whether somebody came or went.
    pub directions: Directions,
    /// A punch of the same person within so many seconds repeats the one before.
    pub repeat_s: u16,
    /// Weeks that held before the one of `days`, the oldest first: what a day was judged by stays as it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<FormerWeek>,
}

/// A week that a schedule had until it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerWeek {
    /// The last day that it holds for.
    pub through: Date,
    /// What was expected on each weekday, as in [`Schedule::days`].
    pub days: BTreeMap<i8, Shift>,
}

/// What is expected on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// When work begins.
    pub starts: Time,
    /// When it ends; not after `starts` means on the day after.
    pub ends: Time,
    /// A break, from and to.
    pub pause: Option<(Time, Time)>,
    /// Minutes by which somebody may come later or leave earlier.
    pub tolerance_min: u16,
}

/// Who says whether somebody came or went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directions {
    /// The terminal where its numbers say so, else each punch is the opposite of the one before.
    #[default]
    Terminal,
    /// Each punch is the opposite of the one before, whatever the terminal says.
    Alternate,
}

/// A day on which nobody is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Only in this schedule; in all if none.
    pub schedule: Option<String>,
    /// What it is called.
    pub name: String,
}

/// Somebody who is known beyond one terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The number or name under which an owner knows the person.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// Under which number which terminal knows the person.
    pub numbers: Vec<(String, u64)>,
}

impl Schedule {
    /// A schedule that expects nothing of anybody.
    #[must_use]
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            terminals: Vec::new(),
            zone: None,
            days: BTreeMap::new(),
            has_common_numbers: false,
            directions: Directions::default(),
            repeat_s: REPEAT_S,
            former: Vec::new(),
        }
    }

    /// What is expected on a day, unless it is a holiday.
    #[must_use]
    pub fn shift(&self, date: Date) -> Option<&Shift> {
        self.week(date).get(&Weekday::to_monday_one_offset(date.weekday()))
    }

    /// The week that holds on a day.
    fn week(&self, date: Date) -> &BTreeMap<i8, Shift> {
        self.former.iter().find(|week| date <= week.through).map_or(&self.days, |week| &week.days)
    }

    /// This schedule in place of an older one: its week holds from a day on, days before keep the weeks that they had.
    #[must_use]
    pub fn following(mut self, old: &Self, from: Date) -> Self {
        self.former = old.former.iter().filter(|week| week.through < from).cloned().collect();
        if let Ok(through) = from.yesterday() {
            let is_said = self.former.last().is_some_and(|week| week.through == through);
            let days = old.week(through);
            if !is_said && *days != self.days {
                self.former.push(FormerWeek { through, days: days.clone() });
            }
        }
        let too_many = self.former.len().saturating_sub(FORMER_MAX);
        self.former.drain(..too_many);
        self
    }

    /// The holiday that a day is, if it is one here.
    #[must_use]
    pub fn holiday<'a>(&self, date: Date, holidays: &'a [Holiday]) -> Option<&'a Holiday> {
        let is_here = |holiday: &&Holiday| {
            holiday.date == date && holiday.schedule.as_ref().is_none_or(|schedule| *schedule == self.name)
        };
        holidays.iter().find(is_here)
    }
}

/// Which days are judged by a schedule's week, in words, by the last day of the week that held before.
#[must_use]
pub fn judged(former_through: Option<&dyn Display>) -> String {
    match former_through {
        Some(through) => format!("Days after {through} are judged by it; those before keep what they had."),
        None => "All days are judged by it.".to_owned(),
    }
}

/// Former weeks that a schedule keeps: a change a month for ten years.
const FORMER_MAX: usize = 120;

/// What is a repetition if nobody says otherwise: people touch a reader twice within a minute.
pub const REPEAT_S: u16 = 60;

impl Shift {
    /// Whether it ends on the day after.
    #[must_use]
    pub fn is_overnight(&self) -> bool {
        self.ends <= self.starts
    }

    /// Whether its break lies within it.
    #[must_use]
    pub fn holds_its_pause(&self) -> bool {
        // Times of the day after lie behind those of the first.
        let place = |time: Time| (self.is_overnight() && time <= self.starts, time);
        let (starts, ends) = ((false, self.starts), place(self.ends));
        self.pause.is_none_or(|(from, to)| starts <= place(from) && place(from) <= place(to) && place(to) <= ends)
    }
}

/// The schedule that holds for a terminal: the one that names it, else the one for all.
#[must_use]
pub fn schedule_of<'a>(schedules: &'a [Schedule], terminal: &str) -> Option<&'a Schedule> {
    let names = |schedule: &&Schedule| schedule.terminals.iter().any(|one| one == terminal);
    schedules.iter().find(names).or_else(|| schedules.iter().find(|schedule| schedule.terminals.is_empty()))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    const MONDAY: Date = date(2026, 11, 2);

    /// A week whose shifts begin at that hour.
    fn week(hour: i8) -> Schedule {
        let shift = Shift { starts: time(hour, 0, 0, 0), ends: time(20, 0, 0, 0), pause: None, tolerance_min: 0 };
        Schedule { days: (1..=7).map(|day| (day, shift)).collect(), ..Schedule::empty("office") }
    }

    fn starts(schedule: &Schedule, day: Date) -> Option<i8> {
        schedule.shift(day).map(|shift| shift.starts.hour())
    }

    #[test]
    fn a_changed_week_holds_from_its_day_on_and_days_before_keep_theirs() {
        let changed = week(9).following(&week(8), MONDAY);
        let again = week(10).following(&changed, date(2026, 11, 9));

        assert_eq!(starts(&changed, date(2026, 11, 1)), Some(8));
        assert_eq!(starts(&changed, MONDAY), Some(9));
        let days = [date(2026, 11, 1), MONDAY, date(2026, 11, 8), date(2026, 11, 9)];
        assert_eq!(days.map(|day| starts(&again, day)), [Some(8), Some(9), Some(9), Some(10)]);
    }

    #[test]
    fn two_changes_on_one_day_are_one_and_an_earlier_day_judges_the_past_anew() {
        let changed = week(10).following(&week(9).following(&week(8), MONDAY), MONDAY);
        assert_eq!((changed.former.len(), starts(&changed, MONDAY)), (1, Some(10)));

        let all = week(11).following(&changed, Date::MIN);
        assert!(all.former.is_empty(), "{:?}", all.former);
        let same = week(10).following(&week(10), MONDAY);
        assert!(same.former.is_empty(), "nothing changed: {:?}", same.former);
    }

    proptest! {
        #[test]
        fn whatever_is_changed_when_days_before_a_change_stay_as_they_were(
            changes in prop::collection::vec((0_i64..60, 0_i8..12), 1..140),
        ) {
            let days = || (0..60).map(|day| MONDAY.checked_add(day.days()).unwrap());
            let mut schedule = week(7);
            for (at, hour) in changes {
                let (from, before) = (MONDAY.checked_add(at.days()).unwrap(), schedule.clone());
                schedule = week(hour).following(&before, from);
                for day in days() {
                    let expected = if day < from { starts(&before, day) } else { Some(hour) };
                    prop_assert_eq!(starts(&schedule, day), expected, "{} from {}", day, from);
                }
                prop_assert!(schedule.former.windows(2).all(|pair| pair[0].through < pair[1].through));
            }
        }
    }
}
