//! What is really on a box's disk, by hash.

use serde::{Deserialize, Serialize};

/// Every video between two paths, in the order of the paths' bytes.
///
/// What is not named here and lies between the two is not there. Each stretch is true by itself, whichever were lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaStretch {
    /// The stretch begins behind this path; empty: at the beginning.
    pub after: String,
    /// It ends with this path; none: at the end.
    pub through: Option<String>,
    /// What lies there, by path.
    pub files: Vec<MediaFile>,
}

/// One video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFile {
    /// Its path below the folder of videos, with `/`.
    pub path: String,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// Its size.
    pub size_bytes: u64,
}

impl MediaStretch {
    /// Whether a path lies in the stretch.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        let is_behind = self.after.is_empty() || path > self.after.as_str();
        is_behind && self.through.as_deref().is_none_or(|through| path <= through)
    }
}
