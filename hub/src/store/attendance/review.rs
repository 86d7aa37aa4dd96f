//! What somebody decided of a row: it counts, at which moment, or it does not.

use serde::{Deserialize, Serialize};

use super::{Punch, PunchKey, PunchKind};

/// A decision. It is no projection: it survives a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Of which row.
    pub key: PunchKey,
    /// Whether the row counts.
    pub is_accepted: bool,
    /// The moment that it counts at, if not its own; milliseconds since 1970 UTC.
    pub at_ms: Option<i64>,
    /// Who decided.
    pub account: String,
    /// Why, for people.
    pub comment: String,
    /// When, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

impl Review {
    /// The row as this decision makes it. A row without a person or a moment never counts.
    #[must_use]
    pub fn applied(&self, mut punch: Punch) -> Punch {
        punch.at_ms = self.at_ms.filter(|_| self.is_accepted).or(punch.at_ms);
        let is_somebodys = matches!(punch.kind, PunchKind::Person | PunchKind::NotPassed) && punch.enrol_id.is_some();
        punch.counts = self.is_accepted && is_somebodys && punch.at_ms.is_some();
        punch
    }
}
