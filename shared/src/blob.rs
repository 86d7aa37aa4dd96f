//! What is too large for a message: it travels by HTTPS and is referred to by hash.

use serde::{Deserialize, Serialize};

/// `PUT` with the box's certificate, the SHA-256 of the content at the end of the path: the hub keeps it.
pub const BLOBS_PATH: &str = "/boxes/v1/blobs/";

/// `GET` with the box's certificate, the SHA-256 of the content at the end of the path: the hub gives a medium, whole or
/// in parts.
pub const MEDIA_PATH: &str = "/v1/media/";

/// Largest blob that a hub takes, bytes.
pub const BLOB_BYTES_MAX: usize = 16 << 20;

/// A blob, as messages refer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// The SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

impl BlobRef {
    /// Refers to this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, content);
        Self { sha256: crate::id::to_hex(digest.as_ref()), size_bytes: content.len() as u64 }
    }
}
