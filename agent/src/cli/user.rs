//! Verbs that write into the agent's folder do so as its owner: what root wrote there, the agent could not read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;
use nix::unistd::{Gid, Uid, getegid, geteuid, setegid, seteuid, setgid, setgroups, setuid};

/// Where root runs this, becomes the owner of the folder for good; nothing to do otherwise, or if there is no folder yet.
///
/// # Errors
///
/// If the kernel refuses.
pub(super) fn become_owner(folder: &Path) -> anyhow::Result<()> {
    let Some((user, group)) = other_owner(folder) else { return Ok(()) };
    setgroups(&[group])
        .and_then(|()| setgid(group))
        .and_then(|()| setuid(user))
        .with_context(|| format!("become user {user}, whose folder {} is", folder.display()))
}

/// Whom root must become to work in a folder as its owner; none if nothing is to be done.
fn other_owner(folder: &Path) -> Option<(Uid, Gid)> {
    let metadata = folder.metadata().ok()?;
    let is_needed = geteuid().is_root() && metadata.uid() != 0;
    is_needed.then(|| (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid())))
}

/// While this lives, root works as the owner of a folder; files that are open already stay open.
pub(super) struct AsOwner(Option<(Uid, Gid)>);

impl AsOwner {
    /// Becomes the owner for a while; nothing to do otherwise, or if there is no folder yet.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub(super) fn of(folder: &Path) -> anyhow::Result<Self> {
        let Some((user, group)) = other_owner(folder) else { return Ok(Self(None)) };
        let was = (geteuid(), getegid());
        setegid(group)
            .and_then(|()| seteuid(user))
            .with_context(|| format!("work as user {user}, whose folder {} is", folder.display()))?;
        Ok(Self(Some(was)))
    }
}

impl Drop for AsOwner {
    fn drop(&mut self) {
        if let Some((user, group)) = self.0 {
            // What is refused here shows at once: whatever comes next may not write.
            seteuid(user).and_then(|()| setegid(group)).unwrap_or_default();
        }
    }
}
