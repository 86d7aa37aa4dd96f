//! The diary: what happened to the fleet, newest first, for people.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use crate::store::StoreError;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Which site, if one.
    pub site: Option<SiteId>,
    /// How grave.
    pub level: Level,
    /// What happened, as one stable word: `site_added`, `box_cloned`, `lane_quarantined`….
    pub kind: String,
    /// What happened, what is safe, what to do.
    pub text: String,
}

/// How grave an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Note,
    /// Somebody should look.
    Alarm,
}

/// The diary's part of the store.
#[async_trait]
pub trait Diary {
    /// Adds an entry.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn write(&self, entry: &Entry) -> Result<(), StoreError>;

    /// The newest entries of one site or of all, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn entries(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Entry>, StoreError>;
}
