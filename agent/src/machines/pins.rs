//! The file of the pinned host keys; agent and command line may change it at the same time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use vigie_shared::file::{make_private_folder, read_json, replace_private};

use super::known::Known;

/// The file in an agent's data folder.
#[derive(Debug, Clone)]
pub struct Pins {
    folder: PathBuf,
}

impl Pins {
    /// Those in an agent's data folder.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("machines") }
    }

    /// What is pinned; nothing if the file is missing or damaged, and that is said in the log.
    #[must_use]
    pub fn load(&self) -> Known {
        read_json(&self.file()).unwrap_or_default()
    }

    /// Changes what is pinned, and returns it as it is then. Waits for whoever else changes it.
    ///
    /// # Errors
    ///
    /// Those of the disk; then nothing is changed.
    pub fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> io::Result<T> {
        make_private_folder(&self.folder)?;
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        let before = self.load();
        let mut known = before.clone();
        let outcome = change(&mut known);
        if known != before {
            replace_private(&self.file(), &serde_json::to_vec_pretty(&known)?)?;
        }
        Ok(outcome)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("pins.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Pins::of(folder.path()).change(|known| known.pin("SHA256:marie", 1)).unwrap());
        assert_eq!(Pins::of(folder.path()).load().iter().map(|(key, _)| key).collect::<Vec<_>>(), ["SHA256:marie"]);
    }

    #[test]
    fn two_writers_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let write = |n: usize| Pins::of(folder.path()).change(|known| known.pin(&n.to_string(), 1)).unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                scope.spawn(move || write(n));
            }
        });
        assert_eq!(Pins::of(folder.path()).load().iter().count(), 8);
    }
}
