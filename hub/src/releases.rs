//! Releases: packages that boxes may fetch, files by hash, each with its signed manifest.
//!
//! A package arrives in pieces and counts once its manifest comes and its hash is right. The hub does not judge
//! signatures and holds no release key: the boxes judge.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use ring::digest::{self, SHA256};
use serde::{Deserialize, Serialize};
use vigie_shared::file::{replace_private, sync_folder};
use vigie_shared::id::{from_hex, to_hex};
use vigie_shared::package::{MANIFEST_SUFFIX, Manifest};

/// Largest package.
pub const PACKAGE_BYTES_MAX: u64 = 4 << 30;

/// Largest piece of one, bytes.
pub const PIECE_BYTES_MAX: usize = 8 << 20;

/// Keeps releases. Every call waits for the disk: for blocking threads.
#[derive(Debug, Clone)]
pub struct Releases {
    folder: PathBuf,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What it is.
    pub manifest: Manifest,
    /// When it was added, milliseconds since 1970 UTC.
    pub added_ms: i64,
}

/// Why a release is not kept.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The name is no SHA-256.
    #[error("a release is named by its SHA-256, 64 lower-case hexadecimal digits")]
    Name,
    /// A piece does not follow what is there.
    #[error("{have} bytes are here, the piece begins at {offset}; go on at {have}")]
    Gap {
        /// What is there.
        have: u64,
        /// Where the piece begins.
        offset: u64,
    },
    /// The package is not what the manifest says.
    #[error("the package that arrived has {size_bytes} bytes and the SHA-256 {sha256}; send it again")]
    OtherContent {
        /// Its size.
        size_bytes: u64,
        /// Its hash.
        sha256: String,
    },
    /// The manifest cannot be one.
    #[error("{0}")]
    Manifest(String),
    /// The disk does not work.
    #[error("the release could not be kept: {0}")]
    Storage(#[from] io::Error),
}

impl Releases {
    /// Keeps releases in this folder, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Takes a piece of a package; returns how many bytes are here. A piece at 0 begins anew.
    ///
    /// # Errors
    ///
    /// Every [`ReleaseError`] but those of the manifest.
    pub fn take(&self, sha256: &str, offset: u64, piece: &[u8]) -> Result<u64, ReleaseError> {
        let path = self.path(sha256, ".part")?;
        std::fs::create_dir_all(&self.folder)?;
        let mut file = OpenOptions::new().create(true).truncate(offset == 0).write(true).open(path)?;
        let have = file.metadata()?.len();
        if have != offset {
            return Err(ReleaseError::Gap { have, offset });
        }
        let now = have.saturating_add(piece.len() as u64);
        if now > PACKAGE_BYTES_MAX {
            return Err(ReleaseError::Manifest(format!("a package has at most {PACKAGE_BYTES_MAX} bytes")));
        }
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(piece)?;
        Ok(now)
    }

    /// Makes the package that arrived a release.
    ///
    /// # Errors
    ///
    /// Every [`ReleaseError`] but [`ReleaseError::Gap`].
    pub fn add(&self, manifest: Manifest, now_ms: i64) -> Result<Release, ReleaseError> {
        manifest.check().map_err(|error| ReleaseError::Manifest(error.to_string()))?;
        let (part, whole) = (self.path(&manifest.sha256, ".part")?, self.path(&manifest.sha256, "")?);
        let arrived = if part.exists() { &part } else { &whole };
        let (size_bytes, sha256) = fingerprint(arrived)?;
        if (size_bytes, &sha256) != (manifest.size_bytes, &manifest.sha256) {
            return Err(ReleaseError::OtherContent { size_bytes, sha256 });
        }
        File::open(arrived)?.sync_all()?;
        let release = Release { manifest, added_ms: now_ms };
        let about = serde_json::to_vec(&release).map_err(io::Error::other)?;
        if part.exists() {
            std::fs::rename(&part, &whole)?;
            sync_folder(&self.folder)?;
        }
        replace_private(&self.path(&release.manifest.sha256, MANIFEST_SUFFIX)?, &about)?;
        Ok(release)
    }

    /// Every release, newest first.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn list(&self) -> io::Result<Vec<Release>> {
        let entries = match self.folder.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut releases: Vec<Release> = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(MANIFEST_SUFFIX) {
                releases.push(serde_json::from_slice(&std::fs::read(&path)?).map_err(io::Error::other)?);
            }
        }
        releases.sort_by(|a, b| (b.added_ms, &b.manifest.sha256).cmp(&(a.added_ms, &a.manifest.sha256)));
        Ok(releases)
    }

    /// The package of a release from an offset on, and its whole size; none if there is no such release.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn open(&self, sha256: &str, offset: u64) -> io::Result<Option<(File, u64)>> {
        let (Ok(about), Ok(path)) = (self.path(sha256, MANIFEST_SUFFIX), self.path(sha256, "")) else {
            return Ok(None);
        };
        if !about.exists() {
            return Ok(None);
        }
        let mut file = File::open(path)?;
        let size_bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset.min(size_bytes)))?;
        Ok(Some((file, size_bytes)))
    }

    /// Removes a release; false if there was none.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn remove(&self, sha256: &str) -> io::Result<bool> {
        let (Ok(about), Ok(path)) = (self.path(sha256, MANIFEST_SUFFIX), self.path(sha256, "")) else {
            return Ok(false);
        };
        if !about.exists() {
            return Ok(false);
        }
        std::fs::remove_file(about)?;
        std::fs::remove_file(path)?;
        Ok(true)
    }

    fn path(&self, sha256: &str, suffix: &str) -> Result<PathBuf, ReleaseError> {
        let is_lower = !sha256.bytes().any(|byte| byte.is_ascii_uppercase());
        let is_hash = sha256.len() == 64 && is_lower && from_hex(sha256).is_some();
        if is_hash { Ok(self.folder.join(format!("{sha256}{suffix}"))) } else { Err(ReleaseError::Name) }
    }
}

fn fingerprint(path: &std::path::Path) -> io::Result<(u64, String)> {
    let mut file = match File::open(path) {
        // Nothing arrived: an empty file says the same.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok((0, to_hex(digest::digest(&SHA256, b"").as_ref())));
        }
        file => file?,
    };
    let (mut hash, mut size_bytes) = (digest::Context::new(&SHA256), 0);
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        size_bytes += part.len() as u64;
        hash.update(part);
    }
    Ok((size_bytes, to_hex(hash.finish().as_ref())))
}

#[cfg(test)]
mod tests {
    use vigie_shared::release::ANY_PROCESSOR;

    use super::*;

    fn releases() -> (tempfile::TempDir, Releases) {
        let folder = tempfile::tempdir().unwrap();
        let releases = Releases::new(folder.path().join("releases"));
        (folder, releases)
    }

    fn manifest(version: &str, content: &[u8]) -> Manifest {
        Manifest::unsigned("player", version, ANY_PROCESSOR, content)
    }

    fn read(releases: &Releases, sha256: &str, offset: u64) -> Option<String> {
        let (mut file, _) = releases.open(sha256, offset).unwrap()?;
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn a_package_counts_when_it_is_whole_and_is_what_its_manifest_says() {
        let (_folder, releases) = releases();
        let manifest = manifest("2.1.3", b"content");
        let name = manifest.sha256.as_str();
        assert!(matches!(releases.add(manifest.clone(), 1), Err(ReleaseError::OtherContent { size_bytes: 0, .. })));
        assert_eq!(releases.take(name, 0, b"cont").unwrap(), 4);
        assert!(matches!(releases.take(name, 5, b"nt"), Err(ReleaseError::Gap { have: 4, offset: 5 })));
        assert!(matches!(releases.add(manifest.clone(), 1), Err(ReleaseError::OtherContent { size_bytes: 4, .. })));
        assert_eq!(read(&releases, name, 0), None);
        assert_eq!(releases.take(name, 4, b"ent").unwrap(), 7);
        let release = releases.add(manifest.clone(), 5).unwrap();
        assert_eq!(read(&releases, name, 0).as_deref(), Some("content"));
        assert_eq!(read(&releases, name, 4).as_deref(), Some("ent"));
        assert_eq!(read(&releases, name, 40).as_deref(), Some(""));
        assert_eq!(releases.list().unwrap(), [release]);
        assert!(releases.remove(name).unwrap() && !releases.remove(name).unwrap());
        assert_eq!(releases.list().unwrap(), []);
    }

    #[test]
    fn the_newest_release_stands_first() {
        let (_folder, releases) = releases();
        for (version, at_ms) in [("1.0.0", 10), ("2.0.0", 30), ("1.0.1", 20)] {
            let manifest = manifest(version, version.as_bytes());
            releases.take(&manifest.sha256, 0, version.as_bytes()).unwrap();
            releases.add(manifest, at_ms).unwrap();
        }
        let versions: Vec<_> = releases.list().unwrap().into_iter().map(|release| release.manifest.version).collect();
        assert_eq!(versions, ["2.0.0", "1.0.1", "1.0.0"]);
    }

    #[test]
    fn a_name_that_is_no_hash_leads_nowhere() {
        let (_folder, releases) = releases();
        for name in ["", "..", "../../etc/passwd", &"z".repeat(64), &"AB".repeat(32)] {
            assert!(matches!(releases.take(name, 0, b"x"), Err(ReleaseError::Name)), "{name}");
            assert_eq!(read(&releases, name, 0), None);
            assert!(!releases.remove(name).unwrap());
        }
    }
}
