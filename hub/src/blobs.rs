//! What boxes upload because it is too large for a message: files by hash, a folder per site.
//!
//! A site's oldest blobs go when it has no room left; so no box can take another one's place. A blob is whole or
//! not there.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use vigie_shared::blob::BlobRef;
use vigie_shared::file;
use vigie_shared::id::{SiteId, from_hex};

/// What one site may keep, bytes.
const SITE_BYTES_MAX: u64 = 64 << 20;

/// How many blobs one site may keep.
const SITE_BLOBS_MAX: usize = 512;

/// Keeps blobs. Every call waits for the disk: for blocking threads.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

/// Why a blob is not kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It is not what its name says.
    #[error("the content does not have the hash that the address names")]
    OtherContent,
    /// The disk does not work.
    #[error("the blob could not be kept")]
    Storage(#[from] io::Error),
}

impl Blobs {
    /// Keeps blobs below this folder, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a blob under the hash that its sender named.
    ///
    /// # Errors
    ///
    /// Every [`BlobError`].
    pub fn put(&self, site: &SiteId, sha256: &str, content: &[u8]) -> Result<(), BlobError> {
        if BlobRef::of(content).sha256 != sha256 {
            return Err(BlobError::OtherContent);
        }
        let folder = self.folder.join(site.as_str());
        std::fs::create_dir_all(&folder)?;
        make_room(&folder, content.len() as u64)?;
        Ok(file::replace_private(&folder.join(sha256), content)?)
    }

    /// A blob of a site; none if it has none of that hash.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn get(&self, site: &SiteId, sha256: &str) -> io::Result<Option<Vec<u8>>> {
        if !is_hash(sha256) {
            return Ok(None);
        }
        match std::fs::read(self.folder.join(site.as_str()).join(sha256)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a text is a hash as we write it, and so a harmless file name.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && from_hex(text).is_some() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Removes the oldest until so many bytes more have room.
fn make_room(folder: &Path, bytes: u64) -> io::Result<()> {
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        kept.push((about.modified()?, about.len(), entry.path()));
    }
    kept.sort();
    let mut total: u64 = kept.iter().map(|(_, size, _)| size).sum();
    let mut count = kept.len();
    for (_, size, path) in kept {
        if total + bytes <= SITE_BYTES_MAX && count < SITE_BLOBS_MAX {
            break;
        }
        std::fs::remove_file(path)?;
        total -= size;
        count -= 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs() -> (tempfile::TempDir, Blobs, SiteId) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().join("blobs"));
        (folder, blobs, "metz".parse().unwrap())
    }

    #[test]
    fn a_blob_is_kept_under_its_true_hash_for_its_own_site() {
        let (_folder, blobs, metz) = blobs();
        let hash = BlobRef::of(b"log").sha256;
        assert!(matches!(blobs.put(&metz, &hash, b"other"), Err(BlobError::OtherContent)));
        blobs.put(&metz, &hash, b"log").unwrap();
        assert_eq!(blobs.get(&metz, &hash).unwrap().as_deref(), Some(b"log".as_slice()));
        assert_eq!(blobs.get(&"brest".parse().unwrap(), &hash).unwrap(), None);
    }

    #[test]
    fn a_name_that_is_no_hash_leads_nowhere() {
        let (_folder, blobs, metz) = blobs();
        let upper = BlobRef::of(b"x").sha256.to_uppercase();
        for name in ["", "..", "../../etc/passwd", &"z".repeat(64), &upper] {
            assert_eq!(blobs.get(&metz, name).unwrap(), None, "{name}");
            assert!(blobs.put(&metz, name, b"x").is_err(), "{name}");
        }
    }

    #[test]
    fn a_sites_oldest_blobs_make_room() {
        let (_folder, blobs, metz) = blobs();
        let put = |text: String| {
            let hash = BlobRef::of(text.as_bytes()).sha256;
            blobs.put(&metz, &hash, text.as_bytes()).unwrap();
            hash
        };
        for number in 0..=SITE_BLOBS_MAX {
            put(number.to_string());
        }
        let kept = std::fs::read_dir(blobs.folder.join("metz")).unwrap().count();
        assert_eq!(kept, SITE_BLOBS_MAX);
        let newest = BlobRef::of(SITE_BLOBS_MAX.to_string().as_bytes()).sha256;
        assert!(blobs.get(&metz, &newest).unwrap().is_some());
    }
}
