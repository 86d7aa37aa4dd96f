//! The audit log: who asked for which change, and who looked at whose presence. No bodies, no secrets.

use async_trait::async_trait;

use crate::store::StoreError;

/// What an operation is called in the log that stands for a look at somebody's presence.
pub const LOOK: &str = "look_";

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Which account; empty if nobody proved to be one.
    pub account: String,
    /// By what it was proved: `socket`, `session`, `token 1f0c2a9be81d44a7`; empty if by nothing.
    pub via: String,
    /// From where; empty if it came from this machine's own socket.
    pub address: String,
    /// Which operation of the API.
    pub operation: String,
    /// On what: the words of the path that name things.
    pub subject: String,
    /// What the answer was, as HTTP numbers it.
    pub status: u16,
}

/// Which acts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActFilter {
    /// Only of this account.
    pub account: Option<String>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Not before, milliseconds since 1970 UTC.
    pub from_ms: Option<i64>,
    /// Before.
    pub to_ms: Option<i64>,
}

/// Where an act stands in the log, which is newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its moment.
    pub at_ms: i64,
    /// 0 for a change, 1 for a look.
    pub shelf: u8,
    /// Its number there.
    pub no: i64,
}

/// The audit log's part of the store.
#[async_trait]
pub trait Audit {
    /// Writes an act down.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn note_act(&self, act: &Act) -> Result<(), StoreError>;

    /// Acts and looks behind a place, newest first, at most `limit`. A look's operation is [`LOOK`] and what was looked
    /// at, its subject the person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn acts(
        &self,
        filter: &ActFilter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<(Place, Act)>, StoreError>;
}
