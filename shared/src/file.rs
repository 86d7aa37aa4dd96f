//! Files and folders for one user's eyes: small files that must be whole, replaced by rename, on disk before the call
//! returns.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::de::DeserializeOwned;

/// Replaces a file with new content, readable by its owner only. After a power cut either the old or the new
/// content is there.
///
/// # Errors
///
/// Those of the file system; the old content is untouched then.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?.to_os_string();
    name.push(".new");
    let fresh = folder.join(name);
    // What an interrupted replacement left may have another mode: the new file is never an old one.
    if let Err(error) = std::fs::remove_file(&fresh)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    sync_folder(folder)
}

/// What a JSON file says; one that cannot be read or is damaged counts as missing, and that is said in the log.
#[must_use]
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!("{} cannot be read: {error}", path.display());
            return None;
        }
    };
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::warn!("{} is damaged and counts as missing: {error}", path.display()))
        .ok()
}

/// Makes a folder that only its owner may enter, and those above it; an existing one is left as it is.
///
/// # Errors
///
/// Those of the file system.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the names in a folder durable.
///
/// # Errors
///
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_an_interrupted_replacement_left_does_not_lend_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        let left = folder.path().join("identity.json.new");
        std::fs::write(&left, b"half").unwrap();
        std::fs::set_permissions(&left, std::fs::Permissions::from_mode(0o644)).unwrap();
        replace_private(&path, b"whole").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_private_folder_is_its_owners_with_all_that_was_made_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("above/below");
        make_private_folder(&path).unwrap();
        make_private_folder(&path).unwrap();
        for made in [path.parent().unwrap(), &path] {
            assert_eq!(std::fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_replaced_file_is_private_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        replace_private(&path, b"one").unwrap();
        replace_private(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
