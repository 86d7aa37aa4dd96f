//! What would be sent for a job at this moment, to look at: its requests, with the names of secrets in their place.

use serde_json::Value;

use super::days::members;
use super::values::{of_row, rendered};
use super::{Exchange, ExchangeError};
use crate::connectors::job::Job;
use crate::connectors::mapping::Unit;
use crate::connectors::rows::batch_key;
use crate::connectors::settings::Connector;
use crate::connectors::trial::{Shown, masked, pushing, shown};
use crate::store::StoreError;

impl Exchange {
    /// The requests for a job. Nothing is sent, and a round that runs is not waited for.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`], also if its connector sends no rows.
    pub async fn preview(&self, job: &Job) -> Result<Vec<Shown>, ExchangeError> {
        let known = self.0.parts.store.connector(&job.connector).await?;
        let (connector, _) = known.ok_or_else(|| ExchangeError::Unknown(job.connector.clone()))?;
        let mapping = connector.mapping()?;
        let push = pushing(&mapping).map_err(ExchangeError::Unable)?;
        let person = self.person_of(&connector, (job, push.unit)).await?;
        let values = connector.values(&mapping, &masked(&mapping));
        let values = of_row(values, job, (connector.number_there(job.enrol_id), &person));
        let row = rendered(push, job, &values).map_err(ExchangeError::Unable)?;
        let values = values.with("rows", vec![row]).with("batch.key", batch_key(std::slice::from_ref(job)));
        shown(&mapping, &values).map_err(ExchangeError::Unable)
    }

    /// Whose row it is, as requests know them; null if nobody is known.
    async fn person_of(&self, connector: &Connector, (job, unit): (&Job, Unit)) -> Result<Value, StoreError> {
        let store = &*self.0.parts.store;
        if unit == Unit::Presence {
            let id = job.row.presence.as_ref().map(|presence| presence.person.as_str()).unwrap_or_default();
            return Ok(members(store).await?.remove(id).unwrap_or_default());
        }
        let listed = store.listed_people(&job.connector).await?;
        let found = listed.get(&connector.number_there(job.enrol_id));
        Ok(found.map(|listed| listed.person.remote.clone()).unwrap_or_default())
    }
}
