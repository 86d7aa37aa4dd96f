//! Connectors in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::connectors::people::Person;
use crate::connectors::settings::{Connector, Standing};
use crate::store::StoreError;
use crate::store::connectors::{Connectors, Listed, RUNS_MAX, Run};

pub(super) type ConnectorTable = BTreeMap<String, Kept>;

/// A connector with everything that hangs on it.
#[derive(Clone)]
pub(super) struct Kept {
    connector: Connector,
    standing: Standing,
    secrets: BTreeMap<String, String>,
    people: BTreeMap<u64, Listed>,
    runs: Vec<Run>,
}

impl std::fmt::Debug for Kept {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("connector", &self.connector)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

impl Memory {
    fn with_connector(&self, name: &str, change: impl FnOnce(&mut Kept)) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(kept) = state.connectors.get_mut(name) else { return Ok(false) };
            change(kept);
            Ok(true)
        })
    }
}

#[async_trait]
impl Connectors for Memory {
    async fn add_connector(&self, connector: &Connector) -> Result<(), StoreError> {
        self.write(|state| {
            if state.connectors.contains_key(&connector.name) {
                return Err(StoreError::Conflict(format!("connector {}", connector.name)));
            }
            let kept = Kept {
                connector: connector.clone(),
                standing: Standing::default(),
                secrets: BTreeMap::new(),
                people: BTreeMap::new(),
                runs: Vec::new(),
            };
            state.connectors.insert(connector.name.clone(), kept);
            Ok(())
        })
    }

    async fn put_connector(&self, connector: &Connector) -> Result<bool, StoreError> {
        self.with_connector(&connector.name, |kept| kept.connector = connector.clone())
    }

    async fn remove_connector(&self, name: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            state.jobs.jobs.retain(|_, job| job.connector != name);
            Ok(state.connectors.remove(name).is_some())
        })
    }

    async fn connectors(&self) -> Result<Vec<(Connector, Standing)>, StoreError> {
        let both = |kept: &Kept| (kept.connector.clone(), kept.standing.clone());
        Ok(self.read(|state| state.connectors.values().map(both).collect()))
    }

    async fn connector(&self, name: &str) -> Result<Option<(Connector, Standing)>, StoreError> {
        let both = |kept: &Kept| (kept.connector.clone(), kept.standing.clone());
        Ok(self.read(|state| state.connectors.get(name).map(both)))
    }

    async fn put_standing(&self, name: &str, standing: &Standing) -> Result<(), StoreError> {
        self.with_connector(name, |kept| kept.standing = standing.clone()).map(drop)
    }

    async fn connector_secrets(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError> {
        Ok(self.read(|state| state.connectors.get(name).map(|kept| kept.secrets.clone())).unwrap_or_default())
    }

    async fn put_connector_secrets(
        &self,
        name: &str,
        secrets: &BTreeMap<String, Option<String>>,
    ) -> Result<(), StoreError> {
        let change = |kept: &mut Kept| {
            for (key, value) in secrets {
                match value {
                    Some(value) => kept.secrets.insert(key.clone(), value.clone()),
                    None => kept.secrets.remove(key),
                };
            }
        };
        self.with_connector(name, change).map(drop)
    }

    async fn listed_people(&self, name: &str) -> Result<BTreeMap<u64, Listed>, StoreError> {
        Ok(self.read(|state| state.connectors.get(name).map(|kept| kept.people.clone())).unwrap_or_default())
    }

    async fn save_people(
        &self,
        name: &str,
        (people, gone): (&[Person], &[u64]),
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let change = |kept: &mut Kept| {
            for person in people {
                let listed = Listed { person: person.clone(), is_gone: false, changed_ms: now_ms };
                kept.people.insert(person.enrol_id, listed);
            }
            for listed in gone
                .iter()
                .filter_map(|enrol_id| Some((enrol_id, kept.people.get(enrol_id)?.clone())))
                .collect::<Vec<_>>()
            {
                kept.people.insert(*listed.0, Listed { is_gone: true, changed_ms: now_ms, ..listed.1 });
            }
        };
        self.with_connector(name, change).map(drop)
    }

    async fn add_run(&self, name: &str, run: &Run) -> Result<(), StoreError> {
        let change = |kept: &mut Kept| {
            kept.runs.push(run.clone());
            let surplus = kept.runs.len().saturating_sub(RUNS_MAX);
            kept.runs.drain(..surplus);
        };
        self.with_connector(name, change).map(drop)
    }

    async fn runs(&self, name: &str, limit: usize) -> Result<Vec<Run>, StoreError> {
        let newest = |kept: &Kept| kept.runs.iter().rev().take(limit).cloned().collect();
        Ok(self.read(|state| state.connectors.get(name).map(newest)).unwrap_or_default())
    }
}
