//! Verbs that write into the agent's folder do so as its owner: what root wrote there, the agent could not read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;
use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};

/// Where root runs this, becomes the owner of the folder for good; nothing to do otherwise, or if there is no folder yet.
///
/// # Errors
///
/// If the kernel refuses.
pub(super) fn become_owner(folder: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = folder.metadata() else { return Ok(()) };
    if !geteuid().is_root() || metadata.uid() == 0 {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
    setgroups(&[group])
        .and_then(|()| setgid(group))
        .and_then(|()| setuid(user))
        .with_context(|| format!("become user {user}, whose folder {} is", folder.display()))
}
