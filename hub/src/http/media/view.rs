//! How media are shown.

use serde::Serialize;
use utoipa::ToSchema;
use vigie_shared::id::to_hex;

use crate::http::time::Time;
use crate::store::media::{Holding, Medium};

/// Something that boxes may be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediumView {
    /// The SHA-256 of its content.
    sha256: String,
    /// The name that its giver gave it.
    name: String,
    /// Its size.
    size_bytes: u64,
    /// The address for `deploy_video`: boxes fetch it from this hub.
    url: String,
    /// When it came.
    added: Time,
    /// Who gave it.
    account: String,
}

/// A video on a box's disk.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldingView {
    /// Whose disk.
    site: String,
    /// Its path below the box's folder of videos.
    path: String,
    /// The SHA-256 of its content.
    sha256: String,
    /// Its size.
    size_bytes: u64,
    /// When the box last told of it.
    told: Time,
}

impl From<&Medium> for MediumView {
    fn from(medium: &Medium) -> Self {
        let sha256 = to_hex(&medium.sha256);
        Self {
            url: format!("{}{sha256}", vigie_shared::blob::MEDIA_PATH),
            sha256,
            name: medium.name.clone(),
            size_bytes: medium.size_bytes,
            added: Time(medium.added_ms),
            account: medium.account.clone(),
        }
    }
}

impl From<&Holding> for HoldingView {
    fn from(holding: &Holding) -> Self {
        Self {
            site: holding.site.to_string(),
            path: holding.path.clone(),
            sha256: to_hex(&holding.sha256),
            size_bytes: holding.size_bytes,
            told: Time(holding.told_ms),
        }
    }
}
