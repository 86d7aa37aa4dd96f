//! What people set for attendance, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;

use super::Memory;
use crate::attendance::{Holiday, Person, Profile, Schedule};
use crate::store::StoreError;
use crate::store::attendance::{PunchKey, Review};
use crate::store::timetable::{Closing, Timetable};

#[derive(Debug, Clone, Default)]
pub(super) struct TimetableTables {
    schedules: BTreeMap<String, Schedule>,
    holidays: BTreeMap<(Date, Option<String>), Holiday>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) reviews: BTreeMap<PunchKey, Review>,
    closings: BTreeMap<(Date, String), i64>,
}

impl TimetableTables {
    /// Forgets what was decided and closed long ago.
    pub(super) fn forget(&mut self, before_ms: i64) -> usize {
        let count = self.reviews.len() + self.closings.len();
        self.reviews.retain(|_, review| review.made_ms >= before_ms);
        self.closings.retain(|_, closed_ms| *closed_ms >= before_ms);
        count - self.reviews.len() - self.closings.len()
    }
}

#[async_trait]
impl Timetable for Memory {
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        Ok(self.read(|state| state.timetable.schedules.values().cloned().collect()))
    }

    async fn put_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        self.write(|state| {
            state.timetable.schedules.insert(schedule.name.clone(), schedule.clone());
            Ok(())
        })
    }

    async fn remove_schedule(&self, name: &str) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.timetable.schedules.remove(name).is_some()))
    }

    async fn holidays(&self) -> Result<Vec<Holiday>, StoreError> {
        Ok(self.read(|state| state.timetable.holidays.values().cloned().collect()))
    }

    async fn put_holiday(&self, holiday: &Holiday) -> Result<(), StoreError> {
        self.write(|state| {
            state.timetable.holidays.insert((holiday.date, holiday.schedule.clone()), holiday.clone());
            Ok(())
        })
    }

    async fn remove_holiday(&self, date: Date, schedule: Option<&str>) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.timetable.holidays.remove(&(date, schedule.map(str::to_owned))).is_some()))
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        Ok(self.read(|state| state.timetable.people.values().cloned().collect()))
    }

    async fn put_person(&self, person: &Person) -> Result<(), StoreError> {
        self.write(|state| {
            let people = &mut state.timetable.people;
            people.values_mut().for_each(|other| other.numbers.retain(|number| !person.numbers.contains(number)));
            let mut person = person.clone();
            person.numbers.sort();
            person.numbers.dedup();
            people.insert(person.id.clone(), person);
            Ok(())
        })
    }

    async fn remove_person(&self, id: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            state.registry.forget_profile(id);
            Ok(state.timetable.people.remove(id).is_some())
        })
    }

    async fn terminal_profiles(&self) -> Result<BTreeMap<String, Profile>, StoreError> {
        Ok(self.read(|state| state.timetable.profiles.clone()))
    }

    async fn put_terminal_profile(&self, terminal: &str, profile: &Profile) -> Result<(), StoreError> {
        self.write(|state| {
            let before = state.timetable.profiles.remove(terminal).unwrap_or_default();
            if *profile != Profile::default() {
                state.timetable.profiles.insert(terminal.to_owned(), profile.clone());
            }
            state.read_anew(terminal, &before, profile);
            Ok(())
        })
    }

    async fn closings(&self, from: Date, through: Date) -> Result<Vec<Closing>, StoreError> {
        if from > through {
            return Ok(Vec::new());
        }
        let closing = |((date, plan), closed_ms): (&(Date, String), &i64)| Closing {
            plan: plan.clone(),
            date: *date,
            closed_ms: *closed_ms,
        };
        let is_within = |closing: &Closing| closing.date >= from && closing.date <= through;
        Ok(self.read(|state| state.timetable.closings.iter().map(closing).filter(is_within).collect()))
    }

    async fn close(&self, days: &[Closing]) -> Result<(), StoreError> {
        self.write(|state| {
            for day in days {
                state.timetable.closings.entry((day.date, day.plan.clone())).or_insert(day.closed_ms);
            }
            Ok(())
        })
    }
}
