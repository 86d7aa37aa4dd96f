//! The folder of the owner's software: what is installed, what was before, and how one takes the place of the other.
//!
//! Everything of ours lies inside the folder, so that every change is a rename on one file system:
//!
//! ```text
//! .vigie/journal    the installation under way; none when all is well
//! .vigie/new/       the new version, unpacked
//! .vigie/old/       what it replaced, until it has proved itself
//! .vigie/installed  which version that is
//! backups/backup-000012-2.1.2/   what the twelfth installation replaced, and .vigie-backup.json about it
//! ```
//!
//! A version brings entries at the top of the folder and replaces those of the same name; what it does not bring stays.
//! The version before is not copied: it *is* the backup.

mod backups;
mod disk;
mod swap;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

pub use backups::Backup;
pub use disk::{Disk, RealDisk};
pub use swap::Swap;

use super::archive::{self, Contents, Limits};
use super::machine::Phase;
use super::settings::Software;

/// The folder of everything that is ours.
const OURS: &str = ".vigie";

/// An installation under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Whose it is: the command's id, or `by-hand`.
    pub id: String,
    /// Where it is.
    #[serde(flatten)]
    pub phase: Phase,
    /// The version before; none if nobody knows.
    pub from: Option<String>,
    /// The version that it brings.
    pub to: Installed,
    /// What it brings: the name at the top, and where that lies now; nowhere if the name goes away.
    pub brings: BTreeMap<String, Option<PathBuf>>,
    /// What takes whose place; known once the services stand.
    pub swaps: Vec<Swap>,
    /// Backups that are used up by it.
    pub uses: Vec<String>,
}

/// What is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Its version.
    pub version: String,
    /// The SHA-256 of its package; none if nobody knows.
    pub sha256: Option<String>,
}

/// The folder of one software.
#[derive(Clone)]
pub struct Place {
    folder: PathBuf,
    backups: PathBuf,
    preserve: Vec<PathBuf>,
    keep: usize,
    disk: Arc<dyn Disk>,
}

impl Place {
    /// The place that the owner declared.
    #[must_use]
    pub fn new(software: &Software, disk: Arc<dyn Disk>) -> Self {
        let backups = software.folder.join(&software.backups);
        Self {
            folder: software.folder.clone(),
            backups,
            preserve: software.preserve.clone(),
            keep: software.keep,
            disk,
        }
    }

    /// What is installed; none if it was not installed by us.
    #[must_use]
    pub fn installed(&self) -> Option<Installed> {
        serde_json::from_slice(&std::fs::read(self.ours("installed")).ok()?).ok()
    }

    /// The installation under way.
    ///
    /// # Errors
    ///
    /// If there is a journal that cannot be read.
    pub fn journal(&self) -> anyhow::Result<Option<Journal>> {
        let path = self.ours("journal");
        match std::fs::read(&path) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text).with_context(|| format!("read {}", path.display()))?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }

    /// Notes where the installation is; on disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the disk; then do not go on.
    pub fn note(&self, journal: &Journal) -> anyhow::Result<()> {
        self.disk.make_folder(&self.ours(""))?;
        self.disk.write(&self.ours("journal"), &serde_json::to_vec(journal)?).context("write the journal")
    }

    /// Ends the installation: the journal first, then what is left of it.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn clean(&self) -> anyhow::Result<()> {
        self.disk.remove(&self.ours("journal"))?;
        self.disk.sync(&self.folder)?;
        self.disk.remove(&self.ours("new"))?;
        self.disk.remove(&self.ours("old"))?;
        Ok(())
    }

    /// Unpacks a package beside what runs; says what it brings.
    ///
    /// # Errors
    ///
    /// For people: a hostile package, a full disk….
    pub fn unpack(
        &self,
        package: &Path,
        limits: Limits,
    ) -> anyhow::Result<(Contents, BTreeMap<String, Option<PathBuf>>)> {
        let new = self.ours("new");
        self.disk.remove(&new)?;
        self.disk.make_folder(&new)?;
        let contents = archive::unpack(package, &new, limits)?;
        ensure!(!contents.tops.contains(OURS), "the package holds `{OURS}`, which is not its own");
        self.disk.sync(&self.folder)?;
        let brings = contents.tops.iter().map(|name| (name.clone(), Some(new.join(name)))).collect();
        Ok((contents, brings))
    }

    /// Checks that what is replaced can be put away as a backup: by a rename.
    ///
    /// # Errors
    ///
    /// If the backups lie on another file system, or cannot be written.
    pub fn try_backup(&self) -> anyhow::Result<()> {
        let (old, probe) = (self.ours("old"), self.backups.join(".probe"));
        self.disk.remove(&old)?;
        self.disk.make_folder(&old)?;
        self.disk.make_folder(&self.backups).with_context(|| format!("make {}", self.backups.display()))?;
        self.disk.remove(&probe)?;
        self.disk.rename(&old, &probe).and_then(|()| self.disk.rename(&probe, &old)).with_context(|| {
            format!(
                "move a folder to {}, which must be on the file system of {}",
                self.backups.display(),
                self.folder.display()
            )
        })
    }

    /// Puts what the journal brings in place. The services stand.
    ///
    /// # Errors
    ///
    /// Those of the disk; what was done so far is taken back by [`Place::undo`].
    pub fn switch(&self, journal: &mut Journal) -> anyhow::Result<()> {
        let old = self.ours("old");
        self.disk.make_folder(&old)?;
        let swaps = swap::plan(&self.folder, &journal.brings, &self.preserve);
        let added = swaps.iter().filter(|swap| !swap::is_there(&self.folder.join(&swap.entry)));
        let added = added.map(|swap| swap.entry.clone()).collect();
        let backup = Backup { version: journal.from.clone(), replaced_by: journal.to.version.clone(), added };
        self.disk.write(&old.join(backups::ABOUT), &serde_json::to_vec(&backup)?)?;
        journal.swaps = swaps;
        self.note(journal)?;
        for swap in &journal.swaps {
            swap.perform(&self.folder, &old, self.disk.as_ref())
                .with_context(|| format!("put `{}` in its place", swap.entry))?;
        }
        Ok(self.disk.sync(&self.folder)?)
    }

    /// Puts everything back where it was; harmless again and again.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn undo(&self, journal: &Journal) -> anyhow::Result<()> {
        let old = self.ours("old");
        for swap in journal.swaps.iter().rev() {
            swap.take_back(&self.folder, &old, self.disk.as_ref())
                .with_context(|| format!("put `{}` back in its place", swap.entry))?;
        }
        Ok(self.disk.sync(&self.folder)?)
    }

    /// Makes what was replaced a backup, and forgets the oldest ones; harmless again and again.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn keep(&self, journal: &Journal) -> anyhow::Result<()> {
        let old = self.ours("old");
        if swap::is_there(&old) {
            let name = self.next_backup_name(journal.from.as_deref());
            self.disk.rename(&old, &self.backups.join(&name)).with_context(|| format!("put away the backup {name}"))?;
            self.disk.sync(&self.folder)?;
        }
        self.disk.write(&self.ours("installed"), &serde_json::to_vec(&journal.to)?)?;
        for used in &journal.uses {
            self.disk.remove(&self.backups.join(used))?;
        }
        for (name, _) in self.backups().into_iter().skip(self.keep) {
            self.disk.remove(&self.backups.join(name))?;
        }
        Ok(())
    }

    fn ours(&self, name: &str) -> PathBuf {
        self.folder.join(OURS).join(name)
    }
}
