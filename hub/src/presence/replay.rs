//! Replay: who would gain or lose what if a policy, an owner or a time-out were another one. Nothing is kept or told.
//!
//! People come one after the other, so that a year of a fleet needs the memory of one person.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::day::{Day, History};
use super::facts::Facts;
use super::policy::Policy;
use super::value::Value;
use crate::attendance::book::dates;

/// Most changes that a balance lists one by one; all are counted.
pub const CHANGES_MAX: usize = 10_000;

/// A day that would have another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whose.
    pub person: String,
    /// Which day.
    pub date: Date,
    /// Its value.
    pub was: Value,
    /// What it would be.
    pub becomes: Value,
    /// Slots in which the person would have been seen.
    pub slots: usize,
    /// Minutes of sessions that the person would have.
    pub minutes: i64,
}

/// What somebody would gain and lose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Half days more.
    pub gained_halves: i64,
    /// Half days less.
    pub lost_halves: i64,
}

/// Who would gain or lose what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// People that were looked at.
    pub people: u64,
    /// Days that were looked at.
    pub days: u64,
    /// Days that would change.
    pub changed: u64,
    /// People for whom something would change, by their id.
    pub shares: BTreeMap<String, Share>,
    /// The changes, at most [`CHANGES_MAX`].
    pub changes: Vec<Change>,
}

/// The days of a person that would change under another policy.
#[must_use]
pub fn changes(
    person: &str,
    facts: Facts<'_>,
    (old, new): (&Policy, &Policy),
    (from, through): (Date, Date),
    now_ms: i64,
) -> Vec<Change> {
    let (was, becomes) = (History::new(facts, old), History::new(facts, new));
    let pairs = dates(from, through).map(|date| (was.day(date, now_ms), becomes.day(date, now_ms)));
    pairs.filter_map(|(was, becomes)| change(person, was.value, &becomes)).collect()
}

/// The change of one day; none if its value stays.
#[must_use]
pub fn change(person: &str, was: Value, becomes: &Day) -> Option<Change> {
    (was != becomes.value).then(|| Change {
        person: person.to_owned(),
        date: becomes.date,
        was,
        becomes: becomes.value,
        slots: becomes.slots.len(),
        minutes: becomes.minutes,
    })
}

impl Balance {
    /// Adds what would change for one person in so many days.
    pub fn add(&mut self, days: u64, changes: Vec<Change>) {
        self.people += 1;
        self.days = self.days.saturating_add(days);
        for change in changes {
            self.changed += 1;
            let more = i64::from(change.becomes.halves() - change.was.halves());
            let share = self.shares.entry(change.person.clone()).or_default();
            share.gained_halves += more.max(0);
            share.lost_halves += (-more).max(0);
            if self.changes.len() < CHANGES_MAX {
                self.changes.push(change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_balance_says_who_gains_and_who_loses() {
        let change = |person: &str, was, becomes| Change {
            person: person.to_owned(),
            date: date(2026, 6, 1),
            was,
            becomes,
            slots: 0,
            minutes: 0,
        };
        let mut balance = Balance::default();
        balance.add(2, vec![change("ada", Value::Zero, Value::Full), change("ada", Value::Full, Value::Half)]);
        balance.add(2, Vec::new());

        assert_eq!((balance.people, balance.days, balance.changed), (2, 4, 2));
        let shares: Vec<_> = balance.shares.into_iter().collect();
        assert_eq!(shares, [("ada".to_owned(), Share { gained_halves: 2, lost_halves: 1 })]);
    }
}
