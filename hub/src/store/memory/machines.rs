//! Machines in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vigie_shared::id::SiteId;

use super::Memory;
use crate::store::StoreError;
use crate::store::machines::{Day, Hour, Machine, Machines, Told, name, unite};

/// Moments before which nothing is believed of a machine that was forgotten, by its name.
pub(super) type Forgotten = BTreeMap<String, i64>;

/// What boxes told.
#[derive(Debug, Clone, Default)]
pub(super) struct MachineTables {
    machines: BTreeMap<String, Machine>,
    hours: BTreeMap<(String, i64), Hour>,
    days: BTreeMap<(String, i64), Day>,
}

impl MachineTables {
    /// Adds what a step tells.
    pub(super) fn hear(&mut self, told: &[Told], forgotten: &Forgotten) {
        for Told { machine, hour, day } in told {
            let id = &machine.id;
            if forgotten.get(id).is_some_and(|before_ms| machine.met.at_ms < *before_ms) {
                continue;
            }
            match self.machines.get_mut(id) {
                Some(known) => known.merge(machine.clone()),
                None => drop(self.machines.insert(id.clone(), machine.clone())),
            }
            if let Some(hour) = hour {
                stay(&mut self.hours, (id.clone(), Hour::slot(hour.at_ms)), hour);
            }
            if let Some(day) = day {
                stay(&mut self.days, (id.clone(), Day::slot(day.at_ms)), day);
            }
        }
    }

    pub(super) fn forget(&mut self, before_ms: i64) -> usize {
        let count = self.count();
        self.machines.retain(|_, one| one.met.at_ms >= before_ms);
        self.hours.retain(|_, hour| hour.at_ms >= before_ms);
        self.days.retain(|_, day| day.at_ms >= before_ms);
        count - self.count()
    }

    pub(super) fn forget_passing(&mut self, before_ms: i64) -> usize {
        let count = self.machines.len();
        self.machines.retain(|id, one| name::is_serial(id) || one.met.at_ms >= before_ms);
        count - self.machines.len()
    }

    fn remove(&mut self, name: &str) -> bool {
        let count = self.count();
        self.machines.remove(name);
        self.hours.retain(|(id, _), _| id != name);
        self.days.retain(|(id, _), _| id != name);
        count > self.count()
    }

    fn count(&self) -> usize {
        self.machines.len() + self.hours.len() + self.days.len()
    }
}

/// Puts the greater of two rows of one slot: the later one.
fn stay<T: Ord + Clone>(rows: &mut BTreeMap<(String, i64), T>, key: (String, i64), row: &T) {
    let known = rows.entry(key).or_insert_with(|| row.clone());
    if row > known {
        *known = row.clone();
    }
}

/// Rows of some machines within a time, at most so many of each.
fn past<T: Clone + Ord>(
    rows: &BTreeMap<(String, i64), T>,
    names: &[String],
    is_asked: impl Fn(&T) -> bool,
    limit: usize,
) -> Vec<T> {
    let of = |name: &String| {
        let own = rows.range((name.clone(), i64::MIN)..=(name.clone(), i64::MAX)).map(|(_, row)| row);
        own.filter(|row| is_asked(row)).take(limit).cloned().collect::<Vec<_>>()
    };
    let mut all: Vec<T> = names.iter().flat_map(of).collect();
    all.sort();
    all
}

#[async_trait]
impl Machines for Memory {
    async fn machines(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Machine>, StoreError> {
        let mut rows: Vec<Machine> = self.read(|state| state.machines.machines.values().cloned().collect());
        rows.sort_by(|one, other| (other.met.at_ms, &one.id).cmp(&(one.met.at_ms, &other.id)));
        rows.truncate(limit);
        let mut all = unite(rows);
        all.retain(|machine| site.is_none_or(|site| machine.met.site == *site));
        Ok(all)
    }

    async fn machine_hours(
        &self,
        names: &[String],
        (from_ms, to_ms): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Hour>, StoreError> {
        let is_asked = |hour: &Hour| (from_ms..to_ms).contains(&hour.at_ms);
        Ok(self.read(|state| past(&state.machines.hours, names, is_asked, limit)))
    }

    async fn machine_days(
        &self,
        names: &[String],
        (from_ms, to_ms): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Day>, StoreError> {
        let is_asked = |day: &Day| (from_ms..to_ms).contains(&day.at_ms);
        Ok(self.read(|state| past(&state.machines.days, names, is_asked, limit)))
    }

    async fn forget_machine(&self, names: &[String], before_ms: i64) -> Result<bool, StoreError> {
        self.write(|state| {
            let mut was_known = false;
            for name in names {
                was_known |= state.machines.remove(name) | state.kept_machines.remove(name);
                state.forgotten_machines.insert(name.clone(), before_ms);
            }
            Ok(was_known)
        })
    }
}
