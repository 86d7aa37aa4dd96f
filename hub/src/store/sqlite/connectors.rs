//! Connectors in SQLite; their secrets are sealed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{Sqlite, conflict_is, failed};
use crate::connectors::people::Person;
use crate::connectors::settings::{Connector, Standing};
use crate::store::StoreError;
use crate::store::connectors::{Connectors, Listed, RUNS_MAX, Run};

/// The key of a connector, if there is one of that name.
pub(super) fn connector_no(sql: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached("SELECT no FROM connector WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()
}

/// A value as JSON in a column.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(failed)
}

/// What [`json`] wrote.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error)))
}

fn purpose(connector: &str, secret: &str) -> String {
    format!("secret {secret} of connector {connector}")
}

fn both(row: &Row<'_>) -> rusqlite::Result<(Connector, Standing)> {
    Ok((read_json(row, 0)?, read_json(row, 1)?))
}

#[async_trait]
impl Connectors for Sqlite {
    async fn add_connector(&self, connector: &Connector) -> Result<(), StoreError> {
        let (name, settings, standing) = (connector.name.clone(), json(connector)?, json(&Standing::default())?);
        self.write(move |writing| {
            writing
                .sql
                .prepare_cached("INSERT INTO connector (name, settings, standing) VALUES (?1, ?2, ?3)")?
                .execute((&name, settings, standing))
                .map_err(conflict_is(|| format!("connector {name}")))?;
            Ok(())
        })
        .await
    }

    async fn put_connector(&self, connector: &Connector) -> Result<bool, StoreError> {
        let (name, settings) = (connector.name.clone(), json(connector)?);
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached("UPDATE connector SET settings = ?2 WHERE name = ?1")?;
            Ok(update.execute((name, settings))? > 0)
        })
        .await
    }

    async fn remove_connector(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(false) };
            for table in ["connector_secret", "connector_person", "connector_run", "job"] {
                writing.sql.execute(&format!("DELETE FROM {table} WHERE connector_no = ?1"), [no])?;
            }
            Ok(writing.sql.execute("DELETE FROM connector WHERE no = ?1", [no])? > 0)
        })
        .await
    }

    async fn connectors(&self) -> Result<Vec<(Connector, Standing)>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached("SELECT settings, standing FROM connector ORDER BY name")?;
            Ok(select.query_map([], both)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn connector(&self, name: &str) -> Result<Option<(Connector, Standing)>, StoreError> {
        let name = name.to_owned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached("SELECT settings, standing FROM connector WHERE name = ?1")?;
            Ok(select.query_row([name], both).optional()?)
        })
        .await
    }

    async fn put_standing(&self, name: &str, standing: &Standing) -> Result<(), StoreError> {
        let (name, standing) = (name.to_owned(), json(standing)?);
        self.write(move |writing| {
            let mut update = writing.sql.prepare_cached("UPDATE connector SET standing = ?2 WHERE name = ?1")?;
            update.execute((name, standing))?;
            Ok(())
        })
        .await
    }

    async fn connector_secrets(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let connector = name.to_owned();
        let sealed: Vec<(String, Vec<u8>)> = self
            .read(move |sql| {
                let mut select = sql.prepare_cached(
                    "SELECT connector_secret.name, sealed FROM connector_secret
                     JOIN connector ON connector.no = connector_no WHERE connector.name = ?1",
                )?;
                Ok(select.query_map([connector], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
            })
            .await?;
        let mut secrets = BTreeMap::new();
        for (secret, sealed) in sealed {
            let opened = self.vault.open_sealed(&purpose(name, &secret), &sealed).map_err(StoreError::Failed)?;
            secrets.insert(secret, String::from_utf8(opened).map_err(failed)?);
        }
        Ok(secrets)
    }

    async fn put_connector_secrets(
        &self,
        name: &str,
        secrets: &BTreeMap<String, Option<String>>,
    ) -> Result<(), StoreError> {
        let seal = |(secret, value): (&String, &Option<String>)| {
            let sealed = value.as_ref().map(|value| self.vault.seal(&purpose(name, secret), value.as_bytes()));
            (secret.clone(), sealed)
        };
        let (name, sealed) = (name.to_owned(), secrets.iter().map(seal).collect::<Vec<_>>());
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(()) };
            let mut put = writing.sql.prepare_cached("INSERT OR REPLACE INTO connector_secret VALUES (?1, ?2, ?3)")?;
            let mut delete =
                writing.sql.prepare_cached("DELETE FROM connector_secret WHERE connector_no = ?1 AND name = ?2")?;
            for (secret, sealed) in sealed {
                match sealed {
                    Some(sealed) => put.execute((no, secret, sealed))?,
                    None => delete.execute((no, secret))?,
                };
            }
            Ok(())
        })
        .await
    }

    async fn listed_people(&self, name: &str) -> Result<BTreeMap<u64, Listed>, StoreError> {
        let name = name.to_owned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT enrol_id, person, is_gone, changed_ms FROM connector_person
                 JOIN connector ON connector.no = connector_no WHERE name = ?1",
            )?;
            let listed = |row: &Row<'_>| {
                let listed = Listed { person: read_json(row, 1)?, is_gone: row.get(2)?, changed_ms: row.get(3)? };
                Ok((row.get(0)?, listed))
            };
            Ok(select.query_map([name], listed)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn save_people(
        &self,
        name: &str,
        (people, gone): (&[Person], &[u64]),
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (name, people, gone) = (name.to_owned(), people.to_vec(), gone.to_vec());
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(()) };
            let mut put =
                writing.sql.prepare_cached("INSERT OR REPLACE INTO connector_person VALUES (?1, ?2, ?3, 0, ?4)")?;
            for person in &people {
                put.execute((no, person.enrol_id, json(person)?, now_ms))?;
            }
            let mut mark = writing.sql.prepare_cached(
                "UPDATE connector_person SET is_gone = 1, changed_ms = ?3 WHERE connector_no = ?1 AND enrol_id = ?2",
            )?;
            for enrol_id in gone {
                mark.execute((no, enrol_id, now_ms))?;
            }
            Ok(())
        })
        .await
    }

    async fn add_run(&self, name: &str, run: &Run) -> Result<(), StoreError> {
        let (name, run) = (name.to_owned(), run.clone());
        self.write(move |writing| {
            let Some(no) = connector_no(writing.sql, &name)? else { return Ok(()) };
            let Run { kind, began_ms, ended_ms, counts, error } = run;
            writing
                .sql
                .prepare_cached(
                    "INSERT INTO connector_run (connector_no, kind, began_ms, ended_ms, counts, error)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute((no, json(&kind)?, began_ms, ended_ms, json(&counts)?, error))?;
            writing
                .sql
                .prepare_cached(
                    "DELETE FROM connector_run WHERE connector_no = ?1 AND no <=
                     (SELECT no FROM connector_run WHERE connector_no = ?1 ORDER BY no DESC LIMIT 1 OFFSET ?2)",
                )?
                .execute((no, RUNS_MAX))?;
            Ok(())
        })
        .await
    }

    async fn runs(&self, name: &str, limit: usize) -> Result<Vec<Run>, StoreError> {
        let name = name.to_owned();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT kind, began_ms, ended_ms, counts, error FROM connector_run
                 JOIN connector ON connector.no = connector_no WHERE name = ?1 ORDER BY connector_run.no DESC LIMIT ?2",
            )?;
            let run = |row: &Row<'_>| {
                let (kind, counts) = (read_json(row, 0)?, read_json(row, 3)?);
                Ok(Run { kind, began_ms: row.get(1)?, ended_ms: row.get(2)?, counts, error: row.get(4)? })
            };
            Ok(select.query_map((name, limit), run)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}
