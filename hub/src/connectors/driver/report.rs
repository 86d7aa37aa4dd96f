//! What a round came to.

use std::collections::BTreeMap;

use super::Halt;
use crate::connectors::mapping::MappingErrors;
use crate::store::StoreError;

/// What one round came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was done, counted: `added`, `sent`, `duplicate`, `failed`, `parked`, `dead`, `people`.
    pub counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    pub halted: Option<String>,
    /// When the next round is due, milliseconds since 1970 UTC.
    pub next_ms: i64,
}

/// Why nothing could be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// There is no such connector.
    #[error("no connector is called `{0}`")]
    Unknown(String),
    /// The connector is switched off.
    #[error("connector {0} is switched off; `vigie-hub connector set {0} --on` switches it on")]
    Off(String),
    /// Its mapping or settings cannot work.
    #[error("{0}")]
    Mapping(#[from] MappingErrors),
    /// Its mapping cannot do that.
    #[error("{0}")]
    Unable(String),
    /// The third party did not do its part.
    #[error("{0}")]
    Halted(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExchangeError {
    pub(super) fn of(halt: Halt, name: &str) -> Self {
        match halt {
            Halt::Store(error) => Self::Store(error),
            Halt::Unable(why) => Self::Unable(why),
            halt => Self::Halted(format!("connector {name}: {halt}")),
        }
    }
}
