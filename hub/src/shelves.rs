//! What is kept in files beside the database, each kind in its folder.

use anyhow::Context as _;

use crate::blobs::Blobs;
use crate::config::HubConfig;
use crate::media::Shelf;
use crate::releases::Releases;

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
    pub(crate) releases: Releases,
}

impl Shelves {
    /// Opens the folders; what is missing is made.
    pub(crate) fn open(config: &HubConfig) -> anyhow::Result<Self> {
        let media = Shelf::open(config.data.join(MEDIA_FOLDER), config.media.clone());
        Ok(Self {
            blobs: Blobs::new(config.data.join(BLOBS_FOLDER)),
            media: media.context("open the folder of media")?,
            releases: Releases::new(config.data.join(RELEASES_FOLDER)),
        })
    }
}
