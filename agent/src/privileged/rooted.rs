//! Whom a path can be trusted to: only root may be able to change the file, or any folder on the way to it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Others than the owner may write: group and world.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Checks that nobody but root can change what lies at this path.
///
/// # Errors
///
/// Words for people that name the file or folder which somebody else can change, or that it is not there.
pub fn ensure_rooted(path: &Path) -> anyhow::Result<()> {
    // Links are followed first: a link that only root can change may lead to what others can.
    let real = path.canonicalize().with_context(|| format!("find {}", path.display()))?;
    for part in real.ancestors() {
        let metadata = part.symlink_metadata().with_context(|| format!("look at {}", part.display()))?;
        ensure!(
            is_rooted(metadata.uid(), metadata.mode()),
            "{} can be changed by others than root (owner {}, mode {:03o}); as root: chown root {0} && chmod go-w {0}",
            part.display(),
            metadata.uid(),
            metadata.mode() & 0o7777,
        );
    }
    Ok(())
}

fn is_rooted(uid: u32, mode: u32) -> bool {
    uid == 0 && mode & WRITABLE_BY_OTHERS == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_write_is_not_roots() {
        assert!(is_rooted(0, 0o100_755));
        assert!(!is_rooted(1000, 0o100_755));
        assert!(!is_rooted(0, 0o100_775));
        assert!(!is_rooted(0, 0o100_757));
        // A sticky folder lets nobody delete, but everybody add.
        assert!(!is_rooted(0, 0o041_777));
    }

    #[test]
    fn the_systems_shell_is_roots_and_a_file_in_a_public_folder_is_not() {
        ensure_rooted(Path::new("/bin/sh")).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = ensure_rooted(file.path()).unwrap_err().to_string();
        assert!(error.contains("can be changed by others than root"), "{error}");
    }

    #[test]
    fn a_link_is_judged_by_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("sh");
        std::os::unix::fs::symlink("/bin/sh", &link).unwrap();
        ensure_rooted(&link).unwrap();
        ensure_rooted(&folder.path().join("none")).unwrap_err();
    }
}
