//! Who was erased, in a file beside the database: a restore brings back an older database, but not this file, and what
//! was erased since is erased again at the next start.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use vigie_shared::file::replace_private;

use crate::store::Store;
use crate::store::presence::Erased;

const FILE: &str = "erased.json";

/// Erasures that are remembered; the oldest go first. No backup is as old as that many.
const ERASURES_MAX: usize = 10_000;

/// The file of a data folder.
pub struct ErasureBook {
    path: PathBuf,
    turn: Mutex<()>,
}

impl ErasureBook {
    /// That of a data folder; nothing is opened yet.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { path: data.join(FILE), turn: Mutex::default() }
    }

    /// Writes one down, on the disk when this returns.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn remember(&self, erased: &Erased) -> anyhow::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        all.push(erased.clone());
        let surplus = all.len().saturating_sub(ERASURES_MAX);
        all.drain(..surplus);
        let what = || format!("write {}", self.path.display());
        replace_private(&self.path, &serde_json::to_vec_pretty(&all)?).with_context(what)
    }

    /// Erases again whom the store has not erased; returns how many.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or the store failed.
    pub async fn apply(&self, store: &dyn Store) -> anyhow::Result<usize> {
        let known = store.erasures().await?;
        let is_new = |erased: &Erased| !known.contains(erased);
        let missing: Vec<Erased> = self.read()?.into_iter().filter(is_new).collect();
        for erased in &missing {
            store.erase(erased).await?;
        }
        if !missing.is_empty() {
            tracing::info!("{} people who were erased since the backup was made are erased again", missing.len());
        }
        Ok(missing.len())
    }

    fn read(&self) -> anyhow::Result<Vec<Erased>> {
        let what = || format!("read who was erased in {}; restore the file from a backup", self.path.display());
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(what),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::Person;
    use crate::store::{Memory, Registry as _, Timetable as _};

    fn erased(person: &str) -> Erased {
        let (person, tombstone) = (person.to_owned(), "erased-1".to_owned());
        Erased { person, erased_ms: 5, tombstone, devices: vec![("metz".parse().unwrap(), "ab".to_owned())] }
    }

    #[tokio::test]
    async fn who_comes_back_with_an_old_backup_is_erased_again_and_only_once() {
        let (folder, store) = (tempfile::tempdir().unwrap(), Memory::default());
        let ama = Person { id: "ama".to_owned(), name: "Ama".to_owned(), numbers: Vec::new() };
        store.put_person(&ama).await.unwrap();
        let backup = store.snapshot();
        let book = ErasureBook::of(folder.path());
        book.remember(&erased("ama")).unwrap();
        store.erase(&erased("ama")).await.unwrap();
        assert_eq!(book.apply(&store).await.unwrap(), 0);

        store.restore(backup);
        assert_eq!(store.people().await.unwrap().len(), 1);

        assert_eq!(ErasureBook::of(folder.path()).apply(&store).await.unwrap(), 1);
        assert_eq!(store.people().await.unwrap(), []);
        store.put_person(&ama).await.unwrap();
        assert_eq!(book.apply(&store).await.unwrap(), 0, "a new person of that id is somebody else");
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "[{").unwrap();
        let error = ErasureBook::of(folder.path()).remember(&erased("ama")).unwrap_err().to_string();
        assert!(error.contains("erased.json"), "{error}");
    }
}
