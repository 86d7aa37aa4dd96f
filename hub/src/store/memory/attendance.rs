//! Punches, terminals and who is enrolled, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::{BootId, SiteId};
use vigie_shared::wire::reading::Standing;

use super::{Memory, State};
use crate::attendance::Profile;
use crate::store::StoreError;
use crate::store::attendance::{Attendance, Punch, PunchFigures, PunchFilter, PunchKey, Review, Told};
use crate::store::projections::{Derived, Step, Undated};
use crate::store::terminals::{self, Enrolled, Terminal, Terminals};

/// Where a credential belongs: terminal, number, slot, site.
type Slot = (String, u64, i32, SiteId);

/// What boxes told.
#[derive(Debug, Clone, Default)]
pub(super) struct AttendanceTables {
    punches: BTreeMap<PunchKey, (Told, Option<Undated>)>,
    terminals: BTreeMap<(SiteId, String), Terminal>,
    enrolled: BTreeMap<Slot, Enrolled>,
}

/// Places in the order of arrival that were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(u64);

impl Places {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl AttendanceTables {
    /// Adds what a step tells.
    pub(super) fn hear(&mut self, step: &Step, places: &mut Places) {
        for Derived { value: told, undated } in &step.punches {
            match self.punches.get_mut(&told.punch.key) {
                Some((known, waits)) => {
                    if known.merge(told.clone()) {
                        *waits = *undated;
                    }
                }
                None => {
                    let mut told = told.clone();
                    told.punch.order = places.next();
                    self.punches.insert(told.punch.key, (told, *undated));
                }
            }
        }
        for told in &step.terminals {
            let key = (told.site.clone(), told.state.terminal.clone());
            match self.terminals.get_mut(&key) {
                Some(known) => known.merge(told.clone()),
                None => drop(self.terminals.insert(key, told.clone())),
            }
        }
        step.enrolled.iter().for_each(|told| self.hear_enrolled(told));
    }

    fn hear_enrolled(&mut self, told: &terminals::Told) {
        if let Some(stretch) = told.stretch {
            let is_replaced = |row: &Enrolled| {
                let is_here = row.site == told.site && row.terminal == told.terminal;
                is_here && (stretch.from..=stretch.through).contains(&row.enrol_id) && row.told_ms <= told.told_ms
            };
            self.enrolled.retain(|_, row| !is_replaced(row));
        }
        for row in &told.rows {
            let key = (told.terminal.clone(), row.enrol_id, row.slot, told.site.clone());
            let known = self.enrolled.get(&key);
            if known.is_some_and(|known| known.told_ms > told.told_ms) {
                continue;
            }
            let enrolled = Enrolled {
                site: told.site.clone(),
                terminal: told.terminal.clone(),
                enrol_id: row.enrol_id,
                slot: row.slot,
                name: row.name.clone().or_else(|| known?.name.clone()),
                admin: row.admin.or_else(|| known?.admin),
                told_ms: told.told_ms,
            };
            self.enrolled.insert(key, enrolled);
        }
    }

    /// Corrects what waited for anchors.
    pub(super) fn date(&mut self, anchors: &BTreeMap<(SiteId, BootId), i64>) {
        for (told, waits) in self.punches.values_mut() {
            let Some(Undated { boot, believed_ms }) = *waits else { continue };
            let Some(began_ms) = anchors.get(&(told.punch.site.clone(), boot)) else { continue };
            told.date(believed_ms, *began_ms);
            *waits = None;
        }
    }

    /// A copy in which every row has a new place, in the order of the old ones.
    pub(super) fn renumbered(&self, places: &mut Places) -> Self {
        let mut copy = self.clone();
        let mut rows: Vec<&mut Told> = copy.punches.values_mut().map(|(told, _)| told).collect();
        rows.sort_by_key(|told| told.punch.order);
        rows.into_iter().for_each(|told| told.punch.order = places.next());
        copy
    }

    pub(super) fn forget_punches(&mut self, before_ms: i64) -> usize {
        let count = self.punches.len();
        self.punches.retain(|_, (told, _)| told.last_ms >= before_ms);
        count - self.punches.len()
    }

    pub(super) fn forget_pending(&mut self, before_ms: i64) -> usize {
        let count = self.terminals.len();
        self.terminals.retain(|_, one| one.state.standing == Standing::Admitted || one.told_ms >= before_ms);
        count - self.terminals.len()
    }
}

impl State {
    /// A row as people see it.
    fn shown(&self, told: &Told) -> Punch {
        let profile = self.timetable.profiles.get(&told.punch.terminal);
        let punch = profile.unwrap_or(&Profile::default()).applied(told.punch.clone());
        let number = punch.enrol_id.map(|id| (punch.terminal.clone(), id));
        let person =
            self.timetable.people.values().find(|one| one.numbers.iter().any(|own| Some(own) == number.as_ref()));
        let on_terminal = || {
            let of_person = |row: &&Enrolled| row.terminal == punch.terminal && Some(row.enrol_id) == punch.enrol_id;
            let rows = self.attendance.enrolled.values().filter(of_person);
            rows.filter_map(|row| row.name.clone()).find(|name| !name.is_empty())
        };
        let name = person.map(|person| person.name.clone()).or_else(on_terminal).or_else(|| punch.name.clone());
        let punch = Punch { name, ..punch };
        match self.timetable.reviews.get(&punch.key) {
            Some(review) => review.applied(punch),
            None => punch,
        }
    }

    fn all_shown(&self) -> Vec<Punch> {
        self.attendance.punches.values().map(|(told, _)| self.shown(told)).collect()
    }

    fn waits_for_review(&self, punch: &Punch) -> bool {
        punch.is_in_doubt() && !self.timetable.reviews.contains_key(&punch.key)
    }

    /// Gives a row a new place after something was decided of it.
    fn put_again(&mut self, key: PunchKey) {
        if let Some((told, _)) = self.attendance.punches.get_mut(&key) {
            told.punch.order = self.places.next();
        }
    }

    /// Gives what a terminal's new profile reads otherwise a new place.
    pub(super) fn read_anew(&mut self, terminal: &str, before: &Profile, profile: &Profile) {
        let all = self.attendance.punches.values().map(|(told, _)| &told.punch);
        let of_terminal = all.filter(|punch| punch.terminal == terminal);
        let others = of_terminal.filter(|punch| before.applied((*punch).clone()) != profile.applied((*punch).clone()));
        let mut rows: Vec<(u64, PunchKey)> = others.map(|punch| (punch.order, punch.key)).collect();
        rows.sort_unstable();
        rows.into_iter().for_each(|(_, key)| self.put_again(key));
    }

    /// New places for what was decided since it was kept.
    pub(super) fn put_reviewed_again(&mut self) {
        let mut rows: Vec<(u64, PunchKey)> =
            self.attendance.punches.values().map(|(told, _)| (told.punch.order, told.punch.key)).collect();
        rows.sort_unstable();
        for (_, key) in rows {
            if self.timetable.reviews.contains_key(&key) {
                self.put_again(key);
            }
        }
    }
}

#[async_trait]
impl Attendance for Memory {
    async fn punches_after(&self, order: u64, limit: usize) -> Result<Vec<Punch>, StoreError> {
        let mut all = self.read(State::all_shown);
        all.retain(|punch| punch.order > order);
        all.sort_by_key(|punch| punch.order);
        all.truncate(limit);
        Ok(all)
    }

    async fn punch(&self, key: PunchKey) -> Result<Option<Punch>, StoreError> {
        Ok(self.read(|state| state.attendance.punches.get(&key).map(|(told, _)| state.shown(told))))
    }

    async fn punches(
        &self,
        filter: &PunchFilter,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Punch>, StoreError> {
        let is_asked = |state: &State, punch: &Punch| {
            let moment_ms = punch.moment_ms();
            filter.site.as_ref().is_none_or(|site| punch.site == *site)
                && filter.terminal.as_ref().is_none_or(|terminal| punch.terminal == *terminal)
                && filter.enrol_id.is_none_or(|id| punch.enrol_id == Some(id))
                && filter.from_ms.is_none_or(|from_ms| moment_ms >= from_ms)
                && filter.to_ms.is_none_or(|to_ms| moment_ms < to_ms)
                && (punch.counts || !filter.only_counting)
                && (!filter.only_in_doubt || state.waits_for_review(punch))
                && after.is_none_or(|after| (moment_ms, punch.order) < after)
        };
        let mut found = self.read(|state| {
            let mut all = state.all_shown();
            all.retain(|punch| is_asked(state, punch));
            all
        });
        found.sort_by_key(|punch| std::cmp::Reverse((punch.moment_ms(), punch.order)));
        found.truncate(limit);
        Ok(found)
    }

    async fn punch_figures(&self) -> Result<PunchFigures, StoreError> {
        Ok(self.read(|state| {
            let all = state.all_shown();
            let in_doubt = all.iter().filter(|punch| state.waits_for_review(punch)).count() as u64;
            PunchFigures { rows: all.len() as u64, in_doubt }
        }))
    }

    async fn add_punch(&self, told: &Told) -> Result<bool, StoreError> {
        let punches = vec![Derived { value: told.clone(), undated: None }];
        let step = Step { punches, ..Step::default() };
        self.write(|state| {
            if state.attendance.punches.contains_key(&told.punch.key) {
                return Ok(false);
            }
            state.kept_attendance.hear(&step, &mut Places::default());
            state.attendance.hear(&step, &mut state.places);
            Ok(true)
        })
    }

    async fn put_review(&self, review: &Review) -> Result<(), StoreError> {
        self.write(|state| {
            state.timetable.reviews.insert(review.key, review.clone());
            state.put_again(review.key);
            Ok(())
        })
    }

    async fn remove_review(&self, key: PunchKey) -> Result<bool, StoreError> {
        self.write(|state| {
            let had_one = state.timetable.reviews.remove(&key).is_some();
            if had_one {
                state.put_again(key);
            }
            Ok(had_one)
        })
    }

    async fn reviews(&self, limit: usize) -> Result<Vec<Review>, StoreError> {
        let mut all: Vec<Review> = self.read(|state| state.timetable.reviews.values().cloned().collect());
        all.sort_by_key(|review| (std::cmp::Reverse(review.made_ms), review.key));
        all.truncate(limit);
        Ok(all)
    }
}

#[async_trait]
impl Terminals for Memory {
    async fn terminals(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Terminal>, StoreError> {
        let is_asked = |terminal: &&Terminal| site.is_none_or(|site| terminal.site == *site);
        Ok(self.read(|state| state.attendance.terminals.values().filter(is_asked).take(limit).cloned().collect()))
    }

    async fn enrolled(
        &self,
        terminal: &str,
        after: Option<(u64, i32)>,
        limit: usize,
    ) -> Result<Vec<Enrolled>, StoreError> {
        let is_asked =
            |row: &&Enrolled| row.terminal == terminal && after.is_none_or(|after| (row.enrol_id, row.slot) > after);
        Ok(self.read(|state| state.attendance.enrolled.values().filter(is_asked).take(limit).cloned().collect()))
    }
}
