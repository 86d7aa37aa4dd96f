//! What earlier installations replaced, newest first, and the way back to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::{Installed, Place};

/// The file in each backup that says what it is.
pub(super) const ABOUT: &str = ".vigie-backup.json";

/// What one installation replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The version that it was; none if nobody knows.
    pub version: Option<String>,
    /// The version that came instead.
    pub replaced_by: String,
    /// Names that came new, and have to go on the way back.
    pub added: Vec<String>,
}

/// The way back: what it brings, which version that is, and the backups that it uses up.
pub(crate) struct WayBack {
    pub(crate) brings: BTreeMap<String, Option<PathBuf>>,
    pub(crate) to: Installed,
    pub(crate) uses: Vec<String>,
}

impl Place {
    /// The backups and their names, newest first. A folder that does not say what it is, is none.
    #[must_use]
    pub fn backups(&self) -> Vec<(String, Backup)> {
        let entries = self.backups.read_dir().into_iter().flatten().flatten();
        let about = |name: &str| serde_json::from_slice(&std::fs::read(self.backups.join(name).join(ABOUT)).ok()?).ok();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<(String, Backup)> = names.filter_map(|name| Some((name.clone(), about(&name)?))).collect();
        found.sort_by_key(|(name, _)| std::cmp::Reverse(number(name)));
        found
    }

    /// The way back to what was before the last `steps` installations.
    ///
    /// # Errors
    ///
    /// If there are not as many backups, or one cannot be read.
    pub(crate) fn way_back(&self, steps: usize) -> anyhow::Result<WayBack> {
        let backups = self.backups();
        ensure!(steps >= 1 && steps <= backups.len(), "there are {} backups; {steps} is none of them", backups.len());
        let mut brings = BTreeMap::new();
        let mut version = None;
        let mut uses = Vec::new();
        // An older backup knows better what was there before.
        for (name, backup) in backups.into_iter().take(steps) {
            let folder = self.backups.join(&name);
            for entry in folder.read_dir().with_context(|| format!("list {}", folder.display()))?.flatten() {
                if let Ok(entry_name) = entry.file_name().into_string()
                    && entry_name != ABOUT
                {
                    brings.insert(entry_name, Some(entry.path()));
                }
            }
            brings.extend(backup.added.into_iter().map(|entry| (entry, None)));
            version = backup.version;
            uses.push(name);
        }
        let version = version.unwrap_or_else(|| "unknown".to_owned());
        Ok(WayBack { brings, to: Installed { version, sha256: None }, uses })
    }

    /// Numbers, not dates: a box may not know the date.
    pub(super) fn next_backup_name(&self, version: Option<&str>) -> String {
        let highest = self.backups().first().and_then(|(name, _)| number(name)).unwrap_or(0);
        let fits = |letter: &char| letter.is_ascii_alphanumeric() || "-_.+".contains(*letter);
        let version: String = version.unwrap_or("unknown").chars().filter(fits).take(64).collect();
        format!("backup-{:06}-{version}", highest + 1)
    }
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix("backup-")?.split('-').next()?.parse().ok()
}
