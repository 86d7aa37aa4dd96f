//! The way back: puts a backup into the place of a hub that does not run.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{DATABASE, FolderLock, Manifest, make_folder, place, sync, verify};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was put back.
    pub manifest: Manifest,
    /// Where the files that stood there before lie; none if there were none.
    pub set_aside: Option<PathBuf>,
}

/// Checks a backup and puts it into the data folder. What was there is set aside, not deleted.
///
/// # Errors
///
/// If a hub runs on the folder, the backup is not whole, or the disk refuses; before the last case nothing was
/// changed. The text says where things are.
pub fn restore(backup: &Path, data: &Path, now_ms: i64) -> anyhow::Result<Restored> {
    make_folder(data)?;
    let _lock = FolderLock::take(data)?;
    let manifest = verify(backup)?;
    let aside = data.join(format!("before-restore-{now_ms}"));
    // New files first lie beside the old ones, so that a full disk changes nothing.
    for item in &manifest.files {
        let (from, to) = (backup.join(place(&item.path)), fresh(data, &item.path));
        to.parent().map_or(Ok(()), make_folder)?;
        std::fs::copy(&from, &to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
        sync(&to)?;
    }
    let mut has_old = false;
    let logs = ["vigie.db-wal", "vigie.db-shm"].map(PathBuf::from);
    for path in manifest.files.iter().map(|item| &item.path).chain(&logs) {
        has_old |= set_aside(data, path, &aside)?;
    }
    for item in &manifest.files {
        move_file(&fresh(data, &item.path), &data.join(&item.path))?;
    }
    sync(data)?;
    Ok(Restored { manifest, set_aside: has_old.then_some(aside) })
}

fn fresh(data: &Path, path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".restoring");
    data.join(name)
}

fn set_aside(data: &Path, path: &Path, aside: &Path) -> anyhow::Result<bool> {
    let old = data.join(path);
    if !old.exists() {
        return Ok(false);
    }
    let to = aside.join(path);
    to.parent().map_or(Ok(()), make_folder)?;
    move_file(&old, &to)?;
    Ok(true)
}

fn move_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::rename(from, to).with_context(|| format!("move {} to {}", from.display(), to.display()))
}

/// The sentence that a person reads after a restore.
impl std::fmt::Display for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let made = jiff::Timestamp::from_millisecond(self.manifest.made_ms)
            .map_or_else(|_| String::new(), |at| at.to_string());
        writeln!(f, "The hub is as it was at {made} ({DATABASE} and {} other files).", self.manifest.files.len() - 1)?;
        writeln!(f, "Boxes send again what they still hold. What the hub had received since then and boxes no longer")?;
        write!(f, "hold is named as a gap with each site, and in the diary, as soon as the box says hello.")?;
        match &self.set_aside {
            Some(aside) => write!(f, "\nWhat stood there before lies in {}.", aside.display()),
            None => Ok(()),
        }
    }
}
