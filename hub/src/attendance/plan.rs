//! What people are expected to do: schedules by weekday, holidays, and who is who on which terminal.

use std::collections::BTreeMap;

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
        }
    }

    /// What is expected on a day, unless it is a holiday.
    #[must_use]
    pub fn shift(&self, date: Date) -> Option<&Shift> {
        self.days.get(&Weekday::to_monday_one_offset(date.weekday()))
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
