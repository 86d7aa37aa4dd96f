//! Connectors as the API shows them: everything but their secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::units::duration_text;

use crate::connectors::job::JobState;
use crate::connectors::settings::{AuthChoice, Connector, MappingChoice, Standing, is_fetched};
use crate::http::time::Time;
use crate::store::jobs::JobCount;

/// A connector and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct ConnectorView {
    /// Its name.
    name: String,
    /// The mapping that comes with the hub, or `own`.
    mapping: String,
    /// The text of its own mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping_text: Option<String>,
    /// Where the third party is, if the connector says it.
    base: Option<String>,
    /// The zone of its local times, if the connector says it.
    zone: Option<String>,
    /// How it proves who asks, if the connector says it.
    auth: Option<AuthChoice>,
    /// What the mapping calls `{cfg.…}`.
    cfg: BTreeMap<String, String>,
    /// The names of its secrets.
    secrets: Vec<String>,
    /// How often it is served, or `immediate`.
    interval: String,
    /// At most so many rows in a request, if the connector says it.
    batch: Option<usize>,
    /// Longest wait for an answer, if the connector says it.
    timeout: Option<String>,
    /// At most so many requests, if the connector says it.
    rate: Option<String>,
    /// Whether it works.
    is_on: bool,
    /// Punches before this moment are not sent.
    start_at: Time,
    /// Only of these terminals; of all if there are none.
    terminals: Vec<String>,
    /// The numbers that people have there, by those on terminals, where they differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false, value_type = BTreeMap<String, u64>)]
    numbers: BTreeMap<u64, u64>,
    /// Why it stopped, if it has.
    stopped: Option<String>,
    /// Since when.
    stopped_at: Option<Time>,
    /// The third party makes everything wait until then.
    wait_until: Option<Time>,
    /// When it was last served.
    served_at: Option<Time>,
    /// When a row last passed.
    passed_at: Option<Time>,
    /// When people were last read.
    people_at: Option<Time>,
    /// What people should know of the last list.
    people_note: Option<String>,
    /// How many jobs are in each state.
    jobs: BTreeMap<String, u64>,
}

impl ConnectorView {
    pub(super) fn new(connector: &Connector, standing: &Standing, secrets: Vec<String>, counts: &[JobCount]) -> Self {
        let (mapping, mapping_text) = match &connector.mapping {
            MappingChoice::Shipped(name) => (name.clone(), None),
            MappingChoice::Own(_, text) => ("own".to_owned(), Some(text.clone())),
        };
        let time = |ms: Option<i64>| ms.map(Time);
        let text = |ms: u64| duration_text(Duration::from_millis(ms));
        Self {
            name: connector.name.clone(),
            mapping,
            mapping_text,
            base: connector.base.clone(),
            zone: connector.zone.clone(),
            auth: connector.auth.clone(),
            cfg: connector.cfg.clone(),
            secrets: secrets.into_iter().filter(|name| !is_fetched(name)).collect(),
            interval: connector.interval_ms.map_or_else(|| "immediate".to_owned(), text),
            batch: connector.batch_max,
            timeout: connector.timeout_ms.map(text),
            rate: connector.rate.map(String::from),
            is_on: connector.is_on,
            start_at: Time(connector.start_at_ms),
            terminals: connector.terminals.clone(),
            numbers: connector.numbers.clone(),
            stopped: standing.stopped.as_ref().map(|stopped| stopped.reason.clone()),
            stopped_at: standing.stopped.as_ref().map(|stopped| Time(stopped.since_ms)),
            wait_until: time(standing.wait_until_ms),
            served_at: time(standing.served_ms),
            passed_at: time(standing.passed_ms),
            people_at: time(standing.people_ms),
            people_note: standing.people_note.clone(),
            jobs: counts_of(counts, Some(&connector.name)),
        }
    }
}

/// How many jobs are in each state, of one connector or of all.
pub(in crate::http) fn counts_of(counts: &[JobCount], connector: Option<&str>) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = JobState::ALL.into_iter().map(|state| (state.word().to_owned(), 0)).collect();
    for one in counts.iter().filter(|one| connector.is_none_or(|name| one.connector == name)) {
        *all.entry(one.state.word().to_owned()).or_default() += one.count;
    }
    all
}
