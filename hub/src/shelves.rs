//! What is kept in files beside the database, each kind in its folder.

use anyhow::Context as _;

use crate::blobs::Blobs;
use crate::config::HubConfig;
use crate::releases;
use crate::shelf::Shelf;
use crate::store::Store;

/// The folder of what boxes uploaded, in the data folder.
const BLOBS_FOLDER: &str = "blobs";

/// The folder of what boxes may be given, in the data folder.
const MEDIA_FOLDER: &str = "media";

/// The folder of releases, in the data folder.
const RELEASES_FOLDER: &str = "releases";

/// What is kept in files.
pub(crate) struct Shelves {
    pub(crate) blobs: Blobs,
    pub(crate) media: Shelf,
    pub(crate) releases: Shelf,
}

impl Shelves {
    /// Opens the folders; what is missing is made, and what an older hub kept of releases in files goes to the store.
    pub(crate) async fn open(config: &HubConfig, store: &dyn Store) -> anyhow::Result<Self> {
        let old = config.data.join(RELEASES_FOLDER);
        releases::take_in(&old, store).await.context("take old releases in")?;
        let releases = Shelf::open(old, config.releases.clone());
        let media = Shelf::open(config.data.join(MEDIA_FOLDER), config.media.clone());
        Ok(Self {
            blobs: Blobs::new(config.data.join(BLOBS_FOLDER)),
            media: media.context("open the folder of media")?,
            releases: releases.context("open the folder of releases")?,
        })
    }
}
