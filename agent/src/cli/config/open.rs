//! Lets the agent write into the folders of the application whose settings were imported.
//!
//! The agent is another user than the application. The unit's drop-in puts it into the group of the application's folder;
//! here that group gets the right to write in each folder below, and what is made there becomes the group's. Files keep their
//! rights: they are replaced whole, or read. Root does this in folders of somebody else, so no link is followed, and a
//! folder of another group stays as it is.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use nix::libc::{O_DIRECTORY, O_NOFOLLOW};

/// Read, write and enter for the group; new entries take the group of the folder.
const OPEN: u32 = 0o2070;

/// Deepest folder that is visited.
const DEPTH_MAX: usize = 32;

/// Opens every folder of this group at `root` and below; counts those that were not open. With `is_dry_run` it only counts.
///
/// # Errors
///
/// Those of the file system.
pub(super) fn to_group(root: &Path, group: u32, is_dry_run: bool) -> io::Result<usize> {
    enter(root, group, is_dry_run, DEPTH_MAX)
}

fn enter(path: &Path, group: u32, is_dry_run: bool, depth: usize) -> io::Result<usize> {
    let folder = OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW).open(path)?;
    let found = folder.metadata()?;
    let is_open = found.gid() != group || found.mode() & OPEN == OPEN;
    if !is_open && !is_dry_run {
        folder.set_permissions(Permissions::from_mode(found.mode() & 0o7777 | OPEN))?;
    }
    let mut opened = usize::from(!is_open);
    if depth > 0 {
        for entry in path.read_dir()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                opened += enter(&entry.path(), group, is_dry_run, depth - 1)?;
            }
        }
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn the_group_may_write_in_its_folders_and_nowhere_else() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let videos = root.path().join("videos");
        std::fs::create_dir(&videos).unwrap();
        std::fs::set_permissions(&videos, Permissions::from_mode(0o755)).unwrap();
        std::fs::write(root.path().join("configuration.json"), "{}").unwrap();
        let file = root.path().join("configuration.json");
        let before = (mode(&file), mode(elsewhere.path()));
        std::os::unix::fs::symlink(elsewhere.path(), videos.join("link")).unwrap();
        let group = root.path().metadata().unwrap().gid();

        assert_eq!(to_group(root.path(), group.wrapping_add(1), false).unwrap(), 0);
        assert_eq!(to_group(root.path(), group, true).unwrap(), 2);
        assert_eq!(mode(&videos), 0o755);
        assert_eq!(to_group(root.path(), group, false).unwrap(), 2);
        assert_eq!(mode(&videos), 0o2775);
        assert_eq!((mode(&file), mode(elsewhere.path())), before);
        assert_eq!(to_group(root.path(), group, false).unwrap(), 0, "nothing is left to do");
    }
}
