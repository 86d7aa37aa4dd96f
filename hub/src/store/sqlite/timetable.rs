//! What people set for attendance, in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use super::codes::Column;
use super::punches::number;
use super::{Sqlite, failed};
use crate::attendance::{Holiday, Person, Profile, Schedule};
use crate::store::StoreError;
use crate::store::timetable::{Closing, Timetable};

impl FromSql for Column<Date> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

#[async_trait]
impl Timetable for Sqlite {
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT body FROM schedule ORDER BY name")?;
            let bodies = select.query_map([], |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }

    async fn put_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let (name, body) = (schedule.name.clone(), serde_json::to_string(schedule).map_err(failed)?);
        self.write(move |writing| {
            writing.sql.prepare_cached("INSERT OR REPLACE INTO schedule VALUES (?1, ?2)")?.execute((name, body))?;
            Ok(())
        })
        .await
    }

    async fn remove_schedule(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |writing| {
            Ok(writing.sql.prepare_cached("DELETE FROM schedule WHERE name = ?1")?.execute([name])? > 0)
        })
        .await
    }

    async fn holidays(&self) -> Result<Vec<Holiday>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT date, schedule, name FROM holiday ORDER BY date, schedule")?;
            let rows = select.query_map([], |row| {
                let (Column(date), schedule) = (row.get(0)?, row.get::<_, String>(1)?);
                Ok(Holiday { date, schedule: (!schedule.is_empty()).then_some(schedule), name: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_holiday(&self, holiday: &Holiday) -> Result<(), StoreError> {
        let Holiday { date, schedule, name } = holiday.clone();
        self.write(move |writing| {
            let mut put = writing.sql.prepare_cached("INSERT OR REPLACE INTO holiday VALUES (?1, ?2, ?3)")?;
            put.execute((date.to_string(), schedule.unwrap_or_default(), name))?;
            Ok(())
        })
        .await
    }

    async fn remove_holiday(&self, date: Date, schedule: Option<&str>) -> Result<bool, StoreError> {
        let schedule = schedule.unwrap_or_default().to_owned();
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM holiday WHERE date = ?1 AND schedule = ?2")?;
            Ok(delete.execute((date.to_string(), schedule))? > 0)
        })
        .await
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.read(|sql| {
            let mut numbers: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
            let mut select =
                sql.prepare_cached("SELECT person, terminal, enrol_id FROM person_number ORDER BY terminal, enrol_id")?;
            let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?))))?;
            for row in rows {
                let (person, number) = row?;
                numbers.entry(person).or_default().push(number);
            }
            let mut select = sql.prepare_cached("SELECT id, name FROM person ORDER BY id")?;
            let rows = select.query_map([], |row| {
                let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
                let numbers = numbers.remove(&id).unwrap_or_default();
                Ok(Person { id, name, numbers })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn put_person(&self, person: &Person) -> Result<(), StoreError> {
        let Person { id, name, numbers } = person.clone();
        self.write(move |writing| {
            writing
                .sql
                .prepare_cached("INSERT INTO person VALUES (?1, ?2) ON CONFLICT DO UPDATE SET name = excluded.name")?
                .execute((&id, name))?;
            writing.sql.prepare_cached("DELETE FROM person_number WHERE person = ?1")?.execute([&id])?;
            let mut put = writing.sql.prepare_cached("INSERT OR REPLACE INTO person_number VALUES (?1, ?2, ?3)")?;
            for (terminal, enrol_id) in numbers {
                put.execute((terminal, number(enrol_id), &id))?;
            }
            Ok(())
        })
        .await
    }

    async fn remove_person(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |writing| {
            writing.sql.prepare_cached("DELETE FROM person_number WHERE person = ?1")?.execute([&id])?;
            Ok(writing.sql.prepare_cached("DELETE FROM person WHERE id = ?1")?.execute([&id])? > 0)
        })
        .await
    }

    async fn terminal_profiles(&self) -> Result<BTreeMap<String, Profile>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT serial, body FROM terminal_profile")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            let read = |(serial, body): (String, String)| Ok((serial, serde_json::from_str(&body).map_err(failed)?));
            rows.map(|row| read(row?)).collect()
        })
        .await
    }

    async fn put_terminal_profile(&self, terminal: &str, profile: &Profile) -> Result<(), StoreError> {
        let (terminal, profile) = (terminal.to_owned(), profile.clone());
        self.write(move |writing| {
            let before = writing.profile(&terminal)?;
            if profile == Profile::default() {
                writing.sql.prepare_cached("DELETE FROM terminal_profile WHERE serial = ?1")?.execute([&terminal])?;
            } else {
                let mut put = writing.sql.prepare_cached("INSERT OR REPLACE INTO terminal_profile VALUES (?1, ?2)")?;
                put.execute((&terminal, serde_json::to_string(&profile).map_err(failed)?))?;
            }
            writing.read_anew(&terminal, &before, &profile)
        })
        .await
    }

    async fn closings(&self, from: Date, through: Date) -> Result<Vec<Closing>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT plan, date, closed_ms FROM closing WHERE date BETWEEN ?1 AND ?2 ORDER BY date, plan",
            )?;
            let rows = select.query_map((from.to_string(), through.to_string()), |row| {
                let Column(date) = row.get(1)?;
                Ok(Closing { plan: row.get(0)?, date, closed_ms: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn close(&self, days: &[Closing]) -> Result<(), StoreError> {
        let days = days.to_vec();
        self.write(move |writing| {
            let mut put =
                writing.sql.prepare_cached("INSERT INTO closing VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
            for Closing { plan, date, closed_ms } in days {
                put.execute((plan, date.to_string(), closed_ms))?;
            }
            Ok(())
        })
        .await
    }
}
