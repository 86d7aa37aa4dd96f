//! What the folder of versions tells: which version must still prove itself, and which was taken back and why.
//!
//! The files hold lines of `key=value`, because the guard that also writes them is a shell script. The agent reads them at
//! its start: a trial is its own if it has the same version; what was undone settles the command that asked for it.

use std::io;
use std::path::Path;

use vigie_shared::file;

/// A version that must prove itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What the installation is called.
    pub id: String,
    /// The version.
    pub version: String,
    /// The SHA-256 of its file, lower-case hexadecimal.
    pub sha256: String,
    /// How often it was started.
    pub starts: u32,
}

/// A version that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What the installation was called; empty if it was not on trial any more.
    pub id: String,
    /// The version; empty if its file could not say.
    pub version: String,
    /// Why, for people.
    pub reason: String,
}

const TRIAL: &str = "trial";
const UNDONE: &str = "undone";

/// The version on trial, if there is one.
#[must_use]
pub fn trial(folder: &Path) -> Option<Trial> {
    let text = std::fs::read_to_string(folder.join(TRIAL)).ok()?;
    Some(Trial {
        id: value(&text, "id")?,
        version: value(&text, "version")?,
        sha256: value(&text, "sha256")?,
        starts: value(&text, "starts")?.parse().ok()?,
    })
}

/// The last version that was taken back, if there is one.
#[must_use]
pub fn undone(folder: &Path) -> Option<Undone> {
    let text = std::fs::read_to_string(folder.join(UNDONE)).ok()?;
    Some(Undone { id: value(&text, "id")?, version: value(&text, "version")?, reason: value(&text, "reason")? })
}

/// Announces a trial, before its version is put in place. For root.
pub(super) fn announce(folder: &Path, trial: &Trial) -> io::Result<()> {
    let Trial { id, version, sha256, starts } = trial;
    let text = format!("id={id}\nversion={version}\nsha256={sha256}\nstarts={starts}\n");
    let path = folder.join(TRIAL);
    file::replace_private(&path, text.as_bytes())?;
    // The agent, an ordinary user, reads it.
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

/// Ends a trial: the version stays. For root.
pub(super) fn end(folder: &Path) -> io::Result<()> {
    std::fs::remove_file(folder.join(TRIAL))?;
    file::sync_folder(folder)
}

fn value(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_read_as_it_was_announced_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let announced = Trial { id: "a-1".to_owned(), version: "0.2.0".to_owned(), sha256: "ab".repeat(32), starts: 0 };
        announce(folder.path(), &announced).unwrap();
        assert_eq!(trial(folder.path()), Some(announced));
        end(folder.path()).unwrap();
        assert_eq!(trial(folder.path()), None);
    }

    #[test]
    fn half_a_file_is_no_trial() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(TRIAL), "id=a-1\nversion=0.2.0\nsha25").unwrap();
        assert_eq!(trial(folder.path()), None);
        assert_eq!(undone(folder.path()), None);
    }
}
