//! Whose packages this box takes: the release keys in the owner's folder, and the judgement of a file on the disk.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use ring::digest::{self, SHA256};
use vigie_shared::id::to_hex;
use vigie_shared::package::{Manifest, PackageError};
use vigie_shared::release::{ANY_PROCESSOR, ReleaseKey};

/// Longest file of a key.
const KEY_BYTES_MAX: u64 = 4096;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// What somebody says about a package.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Which software.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its signature.
    pub signature: Option<&'a str>,
}

/// The owner's release keys: every `*.pub` in the folder. No folder, no keys.
///
/// # Errors
///
/// If one cannot be read: then nobody knows whom to trust, and nothing is taken.
pub fn keys(folder: &Path) -> anyhow::Result<Vec<ReleaseKey>> {
    let mut keys = Vec::new();
    if !folder.exists() {
        return Ok(keys);
    }
    for entry in folder.read_dir().with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pub") {
            let mut text = String::new();
            let read = File::open(&path).and_then(|file| file.take(KEY_BYTES_MAX).read_to_string(&mut text));
            read.with_context(|| format!("read the release key {}", path.display()))?;
            keys.push(text.parse().with_context(|| format!("read the release key {}", path.display()))?);
        }
    }
    Ok(keys)
}

/// Size and hash of a file.
///
/// # Errors
///
/// If it cannot be read.
pub fn fingerprint(file: &Path) -> anyhow::Result<Fingerprint> {
    let mut source = File::open(file).with_context(|| format!("open {}", file.display()))?;
    let (mut hash, mut size_bytes) = (digest::Context::new(&SHA256), 0);
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = source.read(&mut buffer).with_context(|| format!("read {}", file.display()))?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        size_bytes += part.len() as u64;
        hash.update(part);
    }
    Ok(Fingerprint { size_bytes, sha256: to_hex(hash.finish().as_ref()) })
}

/// Judges what is claimed about a file by what the file is.
///
/// # Errors
///
/// Words for people.
pub fn judge(claim: Claim<'_>, is: &Fingerprint, keys: &[ReleaseKey]) -> Result<(), PackageError> {
    let manifest = |processor: &str| Manifest {
        name: claim.name.to_owned(),
        version: claim.version.to_owned(),
        processor: processor.to_owned(),
        size_bytes: is.size_bytes,
        sha256: is.sha256.clone(),
        signature: claim.signature.map(str::to_owned),
    };
    let here = std::env::consts::ARCH;
    // A claim does not say which processor was signed: the box's own, or all.
    manifest(here).judge(keys, here).or_else(|first| manifest(ANY_PROCESSOR).judge(keys, here).map_err(|_same| first))
}

/// Checks that a file is what was promised of it.
///
/// # Errors
///
/// Says what is and what was promised.
pub fn ensure_is(is: &Fingerprint, size_bytes: Option<u64>, sha256: Option<&str>) -> anyhow::Result<()> {
    if let Some(expected) = size_bytes {
        ensure!(is.size_bytes == expected, "the package has {} bytes instead of {expected}", is.size_bytes);
    }
    if let Some(expected) = sha256 {
        let found = &is.sha256;
        ensure!(expected.eq_ignore_ascii_case(found), "the package's SHA-256 is {found} instead of {expected}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_files_and_a_damaged_one_stops_everything() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(keys(&folder.path().join("none")).unwrap(), []);
        std::fs::write(folder.path().join("a.pub"), ReleaseKey([7; 32]).to_string()).unwrap();
        std::fs::write(folder.path().join("note.txt"), "no key").unwrap();
        assert_eq!(keys(folder.path()).unwrap(), [ReleaseKey([7; 32])]);
        std::fs::write(folder.path().join("b.pub"), "damaged").unwrap();
        assert!(keys(folder.path()).unwrap_err().to_string().contains("b.pub"));
    }

    #[test]
    fn a_file_is_what_was_promised_or_both_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("package");
        std::fs::write(&file, b"content").unwrap();
        let is = fingerprint(&file).unwrap();
        let upper = is.sha256.to_uppercase();
        ensure_is(&is, Some(7), Some(&upper)).unwrap();
        assert!(ensure_is(&is, Some(8), None).unwrap_err().to_string().contains("7 bytes instead of 8"));
        assert!(ensure_is(&is, None, Some("00")).unwrap_err().to_string().contains("instead of 00"));
    }
}
