//! Who may pass on a terminal that asks the box: kept on the box, so that doors open while the hub is away.
//!
//! Pure. Credentials are never in it.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::WantedUser;

use super::clock;

/// People on one terminal, at most; the largest terminals take some ten thousand.
pub const PEOPLE_MAX: usize = 50_000;

/// How firmwares call a face that they do not know.
pub const STRANGER: u64 = 99_999_999;

/// The people of one terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roster {
    people: BTreeMap<u64, Person>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name that the terminal shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the terminal lets the person in.
    pub is_enabled: bool,
    /// From when on, local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// Until when, local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
}

impl Default for Person {
    fn default() -> Self {
        Self { name: None, is_enabled: true, starts: None, ends: None }
    }
}

impl Roster {
    /// Whether a person may pass at a local time.
    #[must_use]
    pub fn admits(&self, enrol_id: u64, now: DateTime, is_unknown_admitted: bool) -> bool {
        if enrol_id == STRANGER {
            return false;
        }
        let Some(person) = self.people.get(&enrol_id) else { return is_unknown_admitted };
        let time = |text: &Option<String>| text.as_deref().and_then(clock::local);
        let has_begun = time(&person.starts).is_none_or(|starts| starts <= now);
        let is_over = time(&person.ends).is_some_and(|ends| ends < now);
        person.is_enabled && has_begun && !is_over
    }

    /// Learns what was set on the terminal; what is not said stays. True: something changed.
    pub fn learn(&mut self, wanted: &WantedUser) -> bool {
        let Some(person) = self.person(wanted.enrol_id) else { return false };
        let before = person.clone();
        let replace = |field: &mut Option<String>, said: &Option<String>| {
            if said.is_some() {
                field.clone_from(said);
            }
        };
        replace(&mut person.name, &wanted.name);
        replace(&mut person.starts, &wanted.starts);
        replace(&mut person.ends, &wanted.ends);
        person.is_enabled = wanted.is_enabled.unwrap_or(person.is_enabled);
        *person != before
    }

    /// Learns that somebody is enrolled, perhaps by which name. True: something changed.
    pub fn meet(&mut self, enrol_id: u64, name: Option<&str>) -> bool {
        let is_known = self.people.contains_key(&enrol_id);
        let Some(person) = self.person(enrol_id) else { return false };
        let name = name.filter(|name| !name.is_empty());
        let is_named = name.is_some_and(|name| person.name.as_deref() != Some(name));
        if is_named {
            person.name = name.map(str::to_owned);
        }
        !is_known || is_named
    }

    /// Forgets somebody who was deleted. True: something changed.
    pub fn forget(&mut self, enrol_id: u64) -> bool {
        self.people.remove(&enrol_id).is_some()
    }

    /// Keeps only those who are really enrolled. True: something changed.
    pub fn retain(&mut self, is_enrolled: impl Fn(u64) -> bool) -> bool {
        let before = self.people.len();
        self.people.retain(|enrol_id, _| is_enrolled(*enrol_id));
        self.people.len() != before
    }

    /// What is known of somebody.
    #[must_use]
    pub fn get(&self, enrol_id: u64) -> Option<&Person> {
        self.people.get(&enrol_id)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.people.len()
    }

    fn person(&mut self, enrol_id: u64) -> Option<&mut Person> {
        let has_room = self.people.len() < PEOPLE_MAX || self.people.contains_key(&enrol_id);
        has_room.then(|| self.people.entry(enrol_id).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        clock::local(text).unwrap()
    }

    #[test]
    fn who_may_pass_follows_from_what_was_set() {
        let mut roster = Roster::default();
        let wanted = |enrol_id, is_enabled, ends: Option<&str>| WantedUser {
            enrol_id,
            is_enabled,
            ends: ends.map(str::to_owned),
            ..WantedUser::default()
        };
        roster.learn(&wanted(1, None, None));
        roster.learn(&wanted(2, Some(false), None));
        roster.learn(&wanted(3, None, Some("2031-05-01 00:00:00")));
        let admits = |id, now: &str, unknown| roster.admits(id, at(now), unknown);

        assert!(admits(1, "2031-05-06 08:00:00", false));
        assert!(!admits(2, "2031-05-06 08:00:00", true));
        assert!(!admits(3, "2031-05-06 08:00:00", true) && admits(3, "2031-04-30 08:00:00", false));
        assert!(!admits(4, "2031-05-06 08:00:00", false) && admits(4, "2031-05-06 08:00:00", true));
        assert!(!admits(STRANGER, "2031-05-06 08:00:00", true));
    }

    #[test]
    fn what_is_not_said_stays_and_repetitions_change_nothing() {
        let mut roster = Roster::default();
        assert!(roster.meet(7, Some("Ama")));
        assert!(!roster.meet(7, None) && !roster.meet(7, Some("Ama")));
        let wanted = WantedUser { enrol_id: 7, is_enabled: Some(false), ..WantedUser::default() };
        assert!(roster.learn(&wanted) && !roster.learn(&wanted));
        assert_eq!(roster.get(7).unwrap().name.as_deref(), Some("Ama"));
        assert!(roster.retain(|id| id != 7) && !roster.forget(7));
    }
}
