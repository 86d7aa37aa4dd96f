//! Connectors: third parties as people set them, their secrets, whom they list, and how rounds went.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::connectors::people::Person;
use crate::connectors::settings::{Connector, Standing};
use crate::store::StoreError;

/// Runs that are remembered of one connector.
pub const RUNS_MAX: usize = 200;

/// Somebody whom a third party lists or listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Who.
    pub person: Person,
    /// The last list did not have the person.
    pub is_gone: bool,
    /// When this changed, milliseconds since 1970 UTC.
    pub changed_ms: i64,
}

/// How one round with a third party went.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What it was about.
    pub kind: RunKind,
    /// When it began, milliseconds since 1970 UTC.
    pub began_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// What came of it, counted: `sent`, `failed`, `added`….
    pub counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    pub error: Option<String>,
}

/// What a round was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Rows were sent.
    Push,
    /// People were read.
    People,
}

/// The connectors' part of the store.
#[async_trait]
pub trait Connectors {
    /// Adds a connector.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the name is taken, [`StoreError::Failed`].
    async fn add_connector(&self, connector: &Connector) -> Result<(), StoreError>;

    /// Changes a connector; false if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_connector(&self, connector: &Connector) -> Result<bool, StoreError>;

    /// Removes a connector with its secrets, people, runs and jobs; false if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_connector(&self, name: &str) -> Result<bool, StoreError>;

    /// Every connector with how it stands, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn connectors(&self) -> Result<Vec<(Connector, Standing)>, StoreError>;

    /// One connector with how it stands.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn connector(&self, name: &str) -> Result<Option<(Connector, Standing)>, StoreError>;

    /// Keeps how a connector stands.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_standing(&self, name: &str, standing: &Standing) -> Result<(), StoreError>;

    /// The secrets of a connector, opened.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], also if the key file is not the one that sealed them.
    async fn connector_secrets(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError>;

    /// Keeps secrets, sealed; those without a value are removed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_connector_secrets(
        &self,
        name: &str,
        secrets: &BTreeMap<String, Option<String>>,
    ) -> Result<(), StoreError>;

    /// Whom a third party lists or listed, by the terminals' number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn listed_people(&self, name: &str) -> Result<BTreeMap<u64, Listed>, StoreError>;

    /// Keeps people of a list, and marks those who are gone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn save_people(&self, name: &str, (people, gone): (&[Person], &[u64]), now_ms: i64)
    -> Result<(), StoreError>;

    /// Remembers how a round went, and forgets all but the last [`RUNS_MAX`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_run(&self, name: &str, run: &Run) -> Result<(), StoreError>;

    /// How rounds went, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn runs(&self, name: &str, limit: usize) -> Result<Vec<Run>, StoreError>;
}
