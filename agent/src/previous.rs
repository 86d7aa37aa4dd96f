//! What a file held before it was replaced: the last few contents, each in a file of its own, oldest first by name.

use std::io;
use std::path::{Path, PathBuf};

use vigie_shared::file::{make_private_folder, replace_private};

/// Contents that are kept.
pub const KEPT_MAX: usize = 5;

/// A folder of earlier contents.
#[derive(Debug, Clone)]
pub struct Previous {
    folder: PathBuf,
}

impl Previous {
    /// Keeps them in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a content, on the disk when this returns, and forgets those beyond [`KEPT_MAX`]. `cause` is what replaced
    /// it, letters and digits; a content that the same cause kept last is not kept twice. Returns where it lies.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn keep(&self, cause: &str, content: &[u8]) -> io::Result<PathBuf> {
        make_private_folder(&self.folder)?;
        let mut kept = self.list()?;
        if let Some(last) = kept.last().filter(|last| cause_of(last) == Some(cause)) {
            return Ok(last.clone());
        }
        let number = kept.last().and_then(|last| number_of(last)).unwrap_or(0).saturating_add(1);
        let path = self.folder.join(format!("{number:09}-{cause}.json"));
        replace_private(&path, content)?;
        kept.push(path.clone());
        for old in kept.iter().take(kept.len().saturating_sub(KEPT_MAX)) {
            std::fs::remove_file(old)?;
        }
        Ok(path)
    }

    /// The files, oldest first.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn list(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut kept: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        kept.retain(|path| number_of(path).is_some());
        kept.sort();
        Ok(kept)
    }
}

fn parts(path: &Path) -> Option<(&str, &str)> {
    path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')
}

fn number_of(path: &Path) -> Option<u64> {
    parts(path)?.0.parse().ok()
}

fn cause_of(path: &Path) -> Option<&str> {
    Some(parts(path)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_five_are_kept_and_a_repeated_cause_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let previous = Previous::new(folder.path().join("previous"));
        assert_eq!(previous.list().unwrap(), Vec::<PathBuf>::new());
        for number in 0..8 {
            previous.keep(&format!("c{number}"), number.to_string().as_bytes()).unwrap();
            previous.keep(&format!("c{number}"), b"what the cause itself wrote").unwrap();
        }
        let contents: Vec<String> =
            previous.list().unwrap().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        assert_eq!(contents, ["3", "4", "5", "6", "7"]);
    }
}
