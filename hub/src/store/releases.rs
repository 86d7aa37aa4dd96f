//! Releases: what boxes may be told to install, what each box last said it runs, and who must stay where he is.

use async_trait::async_trait;
use vigie_shared::id::SiteId;
use vigie_shared::package::Manifest;
use vigie_shared::wire::reading::SoftwareList;

use crate::store::StoreError;

/// A package that boxes can fetch; its bytes lie beside the database, by their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What it is, and who says so.
    pub manifest: Manifest,
    /// When it was added, milliseconds since 1970 UTC.
    pub added_ms: i64,
}

/// One software of one box, as the box last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which box.
    pub site: SiteId,
    /// Which software, by the name of its releases.
    pub software: String,
    /// Its version; none if the box cannot tell.
    pub version: Option<String>,
    /// The machine's processor, as releases name it.
    pub processor: String,
    /// When the hub first heard of this version there, milliseconds since 1970 UTC.
    pub since_ms: i64,
}

/// What a box told about its software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which box.
    pub site: SiteId,
    /// When it arrived, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Everything that is installed there.
    pub list: SoftwareList,
}

/// One software of one box that must stay at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Which box.
    pub site: SiteId,
    /// Which software, by the name of its releases.
    pub software: String,
    /// The version that no rollout replaces.
    pub version: String,
    /// Who wants it so.
    pub account: String,
    /// Why.
    pub reason: String,
    /// Since when, milliseconds since 1970 UTC.
    pub since_ms: i64,
}

/// The releases' part of the store.
#[async_trait]
pub trait Releases {
    /// Remembers a release; the same bytes once more are the release that they are now said to be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_release(&self, release: &Release) -> Result<(), StoreError>;

    /// Every release, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn releases(&self) -> Result<Vec<Release>, StoreError>;

    /// Forgets a release by its SHA-256, 64 hexadecimal digits; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_release(&self, sha256: &str) -> Result<bool, StoreError>;

    /// What boxes run, of one software or of all, by software and site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn installed(&self, software: Option<&str>) -> Result<Vec<Installed>, StoreError>;

    /// Pins a software of a box; a pin that is there is replaced.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_pin(&self, pin: &Pin) -> Result<(), StoreError>;

    /// Takes a pin away; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_pin(&self, site: &SiteId, software: &str) -> Result<bool, StoreError>;

    /// Pins, of one site or of all, by site and software.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn pins(&self, site: Option<&SiteId>) -> Result<Vec<Pin>, StoreError>;
}
