//! The application's files that we change: read whole, replaced whole, with the permissions that they had.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use vigie_shared::file::sync_folder;

/// Largest file that is changed, bytes.
const SIZE_BYTES_MAX: u64 = 8 << 20;

/// A file as it was read: what must still be so when it is replaced.
#[derive(Debug)]
pub struct Kept {
    /// Its text; empty if it does not exist.
    pub text: String,
    /// Where it really lies: the owner may have put a link.
    path: PathBuf,
    was: Option<(u64, i64, i64, u64)>,
}

/// Why a file was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Somebody else changed it after it was read; read it again.
    #[error("another program changed it meanwhile")]
    Changed,
    /// The file system failed; it is as it was.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// Reads a file; one that does not exist is empty.
///
/// # Errors
///
/// Those of the file system; also if it is too large, not a plain file, or not text.
pub fn read(path: &Path) -> io::Result<Kept> {
    let path = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Kept { text: String::new(), path: path.to_owned(), was: None });
        }
        Err(error) => return Err(error),
    };
    let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path)?;
    let known = file.metadata()?;
    if !known.is_file() || known.len() > SIZE_BYTES_MAX {
        return Err(io::Error::other(format!("it is not a plain file of at most {} MiB", SIZE_BYTES_MAX >> 20)));
    }
    let mut text = String::new();
    file.take(SIZE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(Kept { text, path, was: Some(state(&known)) })
}

/// Replaces a file that was read; returns a warning if its owner could not be kept.
///
/// After a power cut either the old or the new text is there. Mode, owner and group stay, or else its group may do what its owner could; a new file is readable by all.
///
/// # Errors
///
/// [`ReplaceError`].
pub fn replace(kept: &Kept, text: &str) -> Result<Option<String>, ReplaceError> {
    let path = &kept.path;
    let folder = path.parent().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?);
    name.push(".vigie-new");
    let fresh = folder.join(name);
    remove_if_there(&fresh)?;
    let result = write_fresh(&fresh, path, text).and_then(|warning| {
        let now = std::fs::metadata(path).ok().as_ref().map(state);
        if now != kept.was {
            return Err(ReplaceError::Changed);
        }
        std::fs::rename(&fresh, path)?;
        sync_folder(folder)?;
        Ok(warning)
    });
    if result.is_err() {
        remove_if_there(&fresh)?;
    }
    result
}

fn write_fresh(fresh: &Path, path: &Path, text: &str) -> Result<Option<String>, ReplaceError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh)?;
    file.write_all(text.as_bytes())?;
    let warning = match std::fs::metadata(path) {
        Ok(old) => dress(&file, &old)?,
        Err(_) => {
            file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
            None
        }
    };
    file.sync_all()?;
    Ok(warning)
}

/// Gives a file the owner, group and mode of another one, as far as this user may.
fn dress(file: &File, old: &std::fs::Metadata) -> io::Result<Option<String>> {
    let fresh = file.metadata()?;
    let is_same = (fresh.uid(), fresh.gid()) == (old.uid(), old.gid());
    let (mut mode, mut warning) = (old.mode() & 0o777, None);
    if !is_same && std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let has_group = fresh.gid() == old.gid() || std::os::unix::fs::fchown(file, None, Some(old.gid())).is_ok();
        if has_group {
            // What its owner could do, he still can as a member of its group.
            mode |= (mode & 0o700) >> 3;
        } else {
            let user = old.uid();
            let text = format!("the file belongs to this agent now, no longer to user {user}, nor to the group it had");
            warning = Some(text);
        }
    }
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    Ok(warning)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn state(known: &std::fs::Metadata) -> (u64, i64, i64, u64) {
    (known.ino(), known.mtime(), known.mtime_nsec(), known.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_link_to_it_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("configuration.json"));
        std::fs::write(&real, "{}").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o664)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let kept = read(&link).unwrap();
        assert_eq!((kept.text.as_str(), replace(&kept, "{\"a\":1}").unwrap()), ("{}", None));
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "{\"a\":1}");
        assert_eq!(std::fs::metadata(&real).unwrap().mode() & 0o777, 0o664);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("configuration.json");
        let absent = read(&path).unwrap();
        assert_eq!(absent.text, "");
        std::fs::write(&path, "theirs").unwrap();
        assert!(matches!(replace(&absent, "ours"), Err(ReplaceError::Changed)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_pipe_or_a_folder_in_its_place_is_an_error_and_no_wait() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read(&pipe).is_err() && read(folder.path()).is_err());
    }
}
