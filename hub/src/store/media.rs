//! Media: what people gave the hub for boxes, and what really lies on the boxes' disks.

use async_trait::async_trait;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::MediaStretch;

use crate::shelf::Sha256;
use crate::store::StoreError;

/// Something that boxes may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The SHA-256 of its content, by which it is kept.
    pub sha256: Sha256,
    /// The name that its giver gave it.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it came, milliseconds since 1970 UTC.
    pub added_ms: i64,
    /// Who gave it.
    pub account: String,
}

/// A video on a box's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Whose disk.
    pub site: SiteId,
    /// Its path below the box's folder of videos.
    pub path: String,
    /// The SHA-256 of its content.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
    /// When the box last told of it, corrected, milliseconds since 1970 UTC.
    pub told_ms: i64,
}

/// What a box told of a stretch of its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which box.
    pub site: SiteId,
    /// When, as the box believed, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What lies there.
    pub stretch: MediaStretch,
}

/// The media's part of the store.
#[async_trait]
pub trait Media {
    /// Remembers a medium; false if it was known, and then it stays as it was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_medium(&self, medium: &Medium) -> Result<bool, StoreError>;

    /// One medium.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn medium(&self, sha256: &Sha256) -> Result<Option<Medium>, StoreError>;

    /// Media, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn media(&self, limit: usize) -> Result<Vec<Medium>, StoreError>;

    /// Forgets a medium; false if it was not known.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_medium(&self, sha256: &Sha256) -> Result<bool, StoreError>;

    /// What lies on a site's disk behind a path, by path, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn holdings(&self, site: &SiteId, after: &str, limit: usize) -> Result<Vec<Holding>, StoreError>;

    /// Where a content lies, by site and path, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn holders(&self, sha256: &Sha256, limit: usize) -> Result<Vec<Holding>, StoreError>;
}
