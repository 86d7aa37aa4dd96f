//! People's days of presence, decisions, policies and looks in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;

use super::Memory;
use crate::store::StoreError;
use crate::store::presence::{DayFilter, Days, Look, Override, PolicyText, PresenceEnd, StoredDay, utc_day};

type DayKey = (Date, String);

/// What was computed and decided of days.
#[derive(Debug, Clone, Default)]
pub(super) struct DayTables {
    days: BTreeMap<DayKey, StoredDay>,
    overrides: BTreeMap<DayKey, Override>,
    ends: BTreeMap<(i64, String), PresenceEnd>,
    policies: BTreeMap<(String, u32), PolicyText>,
    looks: Vec<Look>,
}

impl DayTables {
    pub(super) fn forget_days(&mut self, before_ms: i64) -> usize {
        let Some(first) = utc_day(before_ms) else { return 0 };
        let (days, overrides) = (self.days.len(), self.overrides.len());
        self.days.retain(|(date, _), _| *date >= first);
        self.overrides.retain(|(date, _), _| *date >= first);
        (days - self.days.len()).max(overrides - self.overrides.len())
    }

    pub(super) fn forget_ends(&mut self, before_ms: i64) -> usize {
        let count = self.ends.len();
        self.ends.retain(|(at_ms, _), _| *at_ms >= before_ms);
        count - self.ends.len()
    }

    pub(super) fn all_looks(&self) -> &[Look] {
        &self.looks
    }

    pub(super) fn forget_looks(&mut self, before_ms: i64) -> usize {
        let count = self.looks.len();
        self.looks.retain(|look| look.at_ms >= before_ms);
        count - self.looks.len()
    }

    /// Puts a tombstone in the place of a person.
    pub(super) fn erase(&mut self, person: &str, tombstone: &str) {
        self.overrides.retain(|(_, one), _| one != person);
        self.ends.retain(|(_, one), _| one != person);
        self.looks.retain(|look| look.person != person);
        let keys: Vec<DayKey> = self.days.keys().filter(|(_, one)| one == person).cloned().collect();
        for key in keys {
            let Some(day) = self.days.remove(&key) else { continue };
            let (person, body) = (tombstone.to_owned(), "{}".to_owned());
            self.days.insert((key.0, person.clone()), StoredDay { person, body, ..day });
        }
    }
}

#[async_trait]
impl Days for Memory {
    async fn person_days(
        &self,
        filter: &DayFilter,
        after: Option<(Date, String)>,
        limit: usize,
    ) -> Result<Vec<StoredDay>, StoreError> {
        let is_asked = |day: &&StoredDay| {
            day.date >= filter.from
                && day.date <= filter.through
                && filter.person.as_ref().is_none_or(|person| day.person == *person)
                && (!filter.only_unpublished || day.revision > day.published_revision)
                && after.as_ref().is_none_or(|after| (day.date, &day.person) > (after.0, &after.1))
        };
        Ok(self.read(|state| state.days.days.values().filter(is_asked).take(limit).cloned().collect()))
    }

    async fn put_person_days(&self, days: &[StoredDay]) -> Result<(), StoreError> {
        self.write(|state| {
            for day in days {
                let key = (day.date, day.person.clone());
                let (published_revision, published_ms) = match state.days.days.get(&key) {
                    Some(known) if known.revision > day.revision => continue,
                    Some(known) => (known.published_revision, known.published_ms),
                    None => (0, None),
                };
                state.days.days.insert(key, StoredDay { published_revision, published_ms, ..day.clone() });
            }
            Ok(())
        })
    }

    async fn note_published(
        &self,
        (person, date): (&str, Date),
        revision: u32,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let day = state.days.days.get_mut(&(date, person.to_owned()));
            let Some(day) = day.filter(|day| day.published_revision < revision) else { return Ok(false) };
            (day.published_revision, day.published_ms) = (revision, Some(now_ms));
            Ok(true)
        })
    }

    async fn overrides(&self, person: Option<&str>, from: Date, through: Date) -> Result<Vec<Override>, StoreError> {
        let is_asked = |one: &&Override| {
            one.date >= from && one.date <= through && person.is_none_or(|person| one.person == person)
        };
        Ok(self.read(|state| state.days.overrides.values().filter(is_asked).cloned().collect()))
    }

    async fn put_override(&self, one: &Override) -> Result<(), StoreError> {
        self.write(|state| {
            state.days.overrides.insert((one.date, one.person.clone()), one.clone());
            Ok(())
        })
    }

    async fn remove_override(&self, person: &str, date: Date) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.days.overrides.remove(&(date, person.to_owned())).is_some()))
    }

    async fn end_presences(&self, ends: &[PresenceEnd]) -> Result<(), StoreError> {
        self.write(|state| {
            for end in ends {
                state.days.ends.entry((end.at_ms, end.person.clone())).or_insert_with(|| end.clone());
            }
            Ok(())
        })
    }

    async fn presence_ends(&self, from_ms: i64, to_ms: i64) -> Result<Vec<PresenceEnd>, StoreError> {
        let is_asked = |end: &&PresenceEnd| (from_ms..to_ms).contains(&end.at_ms);
        Ok(self.read(|state| state.days.ends.values().filter(is_asked).cloned().collect()))
    }

    async fn policies(&self) -> Result<Vec<PolicyText>, StoreError> {
        Ok(self.read(|state| state.days.policies.values().cloned().collect()))
    }

    async fn add_policy(&self, policy: &PolicyText) -> Result<(), StoreError> {
        self.write(|state| {
            let key = (policy.name.clone(), policy.version);
            if state.days.policies.contains_key(&key) {
                return Err(StoreError::Conflict(format!("version {} of policy {}", key.1, key.0)));
            }
            state.days.policies.insert(key, policy.clone());
            Ok(())
        })
    }

    async fn note_look(&self, look: &Look) -> Result<(), StoreError> {
        self.write(|state| {
            state.days.looks.push(look.clone());
            Ok(())
        })
    }

    async fn looks(&self, person: Option<&str>, limit: usize) -> Result<Vec<Look>, StoreError> {
        let is_asked = |look: &&Look| person.is_none_or(|person| look.person == person);
        Ok(self.read(|state| state.days.looks.iter().rev().filter(is_asked).take(limit).cloned().collect()))
    }
}
