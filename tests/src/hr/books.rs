//! What the HR server holds: people, and every row it stored, so that a test can ask whether each is there once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Somebody whom the HR system knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The number under which terminals know the person.
    pub number: u64,
    /// The name.
    pub name: String,
    /// Whether the person works there still.
    pub is_active: bool,
}

impl Employee {
    /// Somebody with that number who works there.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { number, name: format!("Person {number}"), is_active: true }
    }

    /// The system's own number of the person, which terminals never see.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.number + 1000
    }
}

/// One stored row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The system's own number of the row.
    pub id: u64,
    /// Whose: the number that terminals use.
    pub person: u64,
    /// Its time, or its begin, as the system keeps it.
    pub from: String,
    /// Its end, where the system keeps spans and this one is closed.
    pub to: Option<String>,
    /// Which way, where the system keeps that.
    pub way: Option<String>,
    /// The row as it was said.
    pub said: Value,
    /// Whether an answer about it left the server whole.
    pub was_answered: bool,
    /// When it was stored, microseconds since 1970 UTC.
    #[serde(default)]
    pub stored_us: i64,
}

impl Record {
    /// A row as it is said, before the server has a number for it.
    #[must_use]
    pub fn new(person: u64, from: String, said: Value) -> Self {
        Self { id: 0, person, from, to: None, way: None, said, was_answered: false, stored_us: 0 }
    }
}

/// Everything the server holds.
#[derive(Debug, Default)]
pub struct Books {
    /// The people, in the order in which lists give them.
    pub people: Vec<Employee>,
    records: BTreeMap<u64, Record>,
    last_id: u64,
    touched: Vec<u64>,
}

impl Books {
    pub(super) fn new(people: Vec<Employee>, records: Vec<Record>) -> Self {
        let last_id = records.iter().map(|record| record.id).max().unwrap_or(0);
        let records = records.into_iter().map(|record| (record.id, record)).collect();
        Self { people, records, last_id, touched: Vec::new() }
    }

    /// The stored rows, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// The stored rows of one person, oldest first.
    #[must_use]
    pub fn of(&self, person: u64) -> Vec<&Record> {
        self.records().filter(|record| record.person == person).collect()
    }

    /// One row.
    #[must_use]
    pub fn record(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Who works there under that number.
    #[must_use]
    pub fn active(&self, number: u64) -> Option<&Employee> {
        self.people.iter().find(|person| person.number == number && person.is_active)
    }

    /// Who has that number of the system's own.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&Employee> {
        self.people.iter().find(|person| person.id() == id)
    }

    /// Rows that say the same as an earlier one: what a resend without a look leaves behind.
    #[must_use]
    pub fn twice(&self) -> Vec<&Record> {
        let mut seen = BTreeSet::new();
        let mut twice = Vec::new();
        for record in self.records() {
            if !seen.insert((record.person, &record.from, &record.to, &record.way)) {
                twice.push(record);
            }
        }
        twice
    }

    pub(super) fn store(&mut self, mut record: Record) -> u64 {
        self.last_id += 1;
        record.id = self.last_id;
        record.stored_us = Timestamp::now().as_microsecond();
        self.touched.push(record.id);
        self.records.insert(record.id, record);
        self.last_id
    }

    /// Closes a span; `false` if there is no such row.
    pub(super) fn close(&mut self, id: u64, to: &str) -> bool {
        let Some(record) = self.records.get_mut(&id) else { return false };
        record.to = Some(to.to_owned());
        record.was_answered = false;
        self.touched.push(id);
        true
    }

    /// Takes a row out; `false` if there is no such row.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.records.remove(&id).is_some()
    }

    /// The rows that were stored or changed since they were taken last.
    pub(super) fn touched(&self) -> &[u64] {
        &self.touched
    }

    /// The same, taken.
    pub(super) fn take_touched(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.touched)
    }

    pub(super) fn answered(&mut self, ids: &[u64]) {
        for id in ids {
            if let Some(record) = self.records.get_mut(id) {
                record.was_answered = true;
            }
        }
    }
}

/// A local time moved by minutes and written as it was; none if it is no time. A `Z` behind it stays.
pub(super) fn moved(time: &str, minutes: i64) -> Option<String> {
    let (plain, mark) = time.strip_suffix('Z').map_or((time, ""), |plain| (plain, "Z"));
    let parsed: DateTime = plain.parse().ok()?;
    let moved = parsed.checked_add(minutes.minutes()).ok()?;
    let separator = if plain.contains('T') { "T" } else { " " };
    Some(format!("{}{mark}", moved.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(person: u64, from: &str) -> Record {
        let from = from.to_owned();
        Record::new(person, from, Value::Null)
    }

    #[test]
    fn only_the_second_of_two_equal_rows_is_there_twice() {
        let mut books = Books::default();
        for (person, from) in [(1, "a"), (1, "b"), (2, "a"), (1, "a")] {
            books.store(row(person, from));
        }
        assert_eq!(books.twice().iter().map(|record| record.id).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn a_row_counts_as_answered_only_after_its_answer_left() {
        let mut books = Books::default();
        let id = books.store(row(1, "a"));
        let touched = books.take_touched();
        assert!(!books.record(id).unwrap().was_answered);

        books.answered(&touched);

        assert!(books.record(id).unwrap().was_answered);
        assert!(books.take_touched().is_empty());
    }

    #[test]
    fn a_time_is_moved_in_its_own_format() {
        assert_eq!(moved("2031-05-06 23:30:00", 60).as_deref(), Some("2031-05-07 00:30:00"));
        assert_eq!(moved("2031-05-06T00:10:00Z", -20).as_deref(), Some("2031-05-05T23:50:00Z"));
        assert_eq!(moved("yesterday", 1), None);
    }
}
