//! Machines in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vigie_shared::id::SiteId;

use super::punches::Side;
use super::{Sqlite, Writing, failed};
use crate::store::StoreError;
use crate::store::machines::{Day, Hour, Machine, Machines, Told, name, unite};

/// The tables that hold a machine's name, and the column that does.
const NAMED: [(&str, &str); 6] = [
    ("machine", "id"),
    ("kept_machine", "id"),
    ("machine_hour", "machine"),
    ("kept_machine_hour", "machine"),
    ("machine_day", "machine"),
    ("kept_machine_day", "machine"),
];

/// The tables whose rows end, their keys, and the column that says how old a row is.
const TIMED: [(&str, &str, &str); 7] = [
    ("machine", "id", "met_ms"),
    ("kept_machine", "id", "met_ms"),
    ("machine_hour", "machine, slot", "at_ms"),
    ("kept_machine_hour", "machine, slot", "at_ms"),
    ("machine_day", "machine, slot", "at_ms"),
    ("kept_machine_day", "machine, slot", "at_ms"),
    ("forgotten_machine", "id", "before_ms"),
];

#[async_trait]
impl Machines for Sqlite {
    async fn machines(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Machine>, StoreError> {
        let site = site.cloned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT body FROM machine ORDER BY met_ms DESC, id LIMIT ?1")?;
            let bodies = select.query_map([limit], |row| row.get::<_, String>(0))?;
            let rows: Vec<Machine> = bodies.map(|body| read(&body?)).collect::<Result<_, _>>()?;
            let mut all = unite(rows);
            all.retain(|machine| site.as_ref().is_none_or(|site| machine.met.site == *site));
            Ok(all)
        })
        .await
    }

    async fn machine_hours(&self, names: &[String], span: (i64, i64), limit: usize) -> Result<Vec<Hour>, StoreError> {
        let names = names.to_vec();
        self.read(move |sql| past(sql, "machine_hour", (&names, span), limit)).await
    }

    async fn machine_days(&self, names: &[String], span: (i64, i64), limit: usize) -> Result<Vec<Day>, StoreError> {
        let names = names.to_vec();
        self.read(move |sql| past(sql, "machine_day", (&names, span), limit)).await
    }

    async fn forget_machine(&self, names: &[String], before_ms: i64) -> Result<bool, StoreError> {
        let names = names.to_vec();
        self.write(move |writing| {
            let mut rows = 0;
            for name in &names {
                for (table, column) in NAMED {
                    let delete = format!("DELETE FROM {table} WHERE {column} = ?1");
                    rows += writing.sql.prepare_cached(&delete)?.execute([name])?;
                }
                let mut mark =
                    writing.sql.prepare_cached("INSERT OR REPLACE INTO forgotten_machine VALUES (?1, ?2)")?;
                mark.execute((name, before_ms))?;
            }
            Ok(rows > 0)
        })
        .await
    }
}

/// Rows of some machines within a time, at most so many of each.
fn past<T: DeserializeOwned + Ord>(
    sql: &Connection,
    table: &str,
    (names, (from_ms, to_ms)): (&[String], (i64, i64)),
    limit: usize,
) -> Result<Vec<T>, StoreError> {
    let mut select = sql.prepare_cached(&format!(
        "SELECT body FROM {table} WHERE machine = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY slot LIMIT ?4"
    ))?;
    let mut all = Vec::new();
    for name in names {
        let bodies = select.query_map((name, from_ms, to_ms, limit), |row| row.get::<_, String>(0))?;
        for body in bodies {
            all.push(read(&body?)?);
        }
    }
    all.sort();
    Ok(all)
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(failed)
}

impl Writing<'_> {
    /// Adds a word about a machine.
    pub(super) fn hear_machine(&mut self, side: Side, told: &Told) -> Result<(), StoreError> {
        let Told { machine, hour, day } = told;
        let forgotten_ms: Option<i64> = self
            .sql
            .prepare_cached("SELECT before_ms FROM forgotten_machine WHERE id = ?1")?
            .query_row([&machine.id], |row| row.get(0))
            .optional()?;
        if forgotten_ms.is_some_and(|before_ms| machine.met.at_ms < before_ms) {
            return Ok(());
        }
        self.merge_machine(side, machine)?;
        if let Some(hour) = hour {
            let at = (Hour::slot(hour.at_ms), hour.at_ms);
            self.put_past((side, "machine_hour"), &machine.id, at, hour)?;
        }
        if let Some(day) = day {
            let at = (Day::slot(day.at_ms), day.at_ms);
            self.put_past((side, "machine_day"), &machine.id, at, day)?;
        }
        Ok(())
    }

    /// Forgets machines that were last met before a moment, and what of their past is older; says how many rows of the
    /// table that had most.
    pub(super) fn forget_machines(&mut self, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for (table, key, at) in TIMED {
            let delete =
                format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {at} < ?1 LIMIT ?2)");
            let count = self.sql.prepare_cached(&delete)?.execute((before_ms, limit))? as u64;
            forgotten = forgotten.max(count);
        }
        Ok(forgotten)
    }

    fn merge_machine(&mut self, Side(side): Side, told: &Machine) -> Result<(), StoreError> {
        let known: Option<String> = self
            .sql
            .prepare_cached(&format!("SELECT body FROM {side}machine WHERE id = ?1"))?
            .query_row([&told.id], |row| row.get(0))
            .optional()?;
        let mut merged = told.clone();
        if let Some(known) = known {
            merged = read(&known)?;
            merged.merge(told.clone());
        }
        let body = serde_json::to_string(&merged).map_err(failed)?;
        let mut put =
            self.sql.prepare_cached(&format!("INSERT OR REPLACE INTO {side}machine VALUES (?1, ?2, ?3, ?4)"))?;
        put.execute((&merged.id, merged.met.at_ms, name::is_serial(&merged.id), body))?;
        Ok(())
    }

    /// Puts a row of a machine's past, unless a greater one has its slot: the later one stays.
    fn put_past<T: Serialize + DeserializeOwned + Ord>(
        &mut self,
        (Side(side), table): (Side, &str),
        machine: &str,
        (slot, at_ms): (i64, i64),
        row: &T,
    ) -> Result<(), StoreError> {
        let known: Option<String> = self
            .sql
            .prepare_cached(&format!("SELECT body FROM {side}{table} WHERE machine = ?1 AND slot = ?2"))?
            .query_row((machine, slot), |row| row.get(0))
            .optional()?;
        if let Some(known) = known
            && read::<T>(&known)? >= *row
        {
            return Ok(());
        }
        let body = serde_json::to_string(row).map_err(failed)?;
        let mut put =
            self.sql.prepare_cached(&format!("INSERT OR REPLACE INTO {side}{table} VALUES (?1, ?2, ?3, ?4)"))?;
        put.execute((machine, slot, at_ms, body))?;
        Ok(())
    }
}
