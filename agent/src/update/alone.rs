//! Replaces the program of an agent that no Debian package installed, such as a single file copied to a machine.
//!
//! There is no part with root and no guard then, so this is for a person at the machine, never for a command from the hub.
//! The new program is tried out beside the old one, which stays as `NAME.previous`. The library that swaps them leaves
//! everything in memory: file and folder are put on the disk here, before it counts as done.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use vigie_shared::file::sync_folder;

use crate::privileged::SOFTWARE_FOLDER;

/// Where packages put programs.
const PACKAGED: &str = "/usr/bin";

/// The program that runs.
pub struct Alone {
    program: PathBuf,
}

impl Alone {
    /// The program that runs, if no package installed it.
    #[must_use]
    pub fn here() -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        (!is_packaged(&program)).then_some(Self { program })
    }

    /// Puts a verified program in the place of this one; the running process stays what it is.
    ///
    /// # Errors
    ///
    /// If it fails its self-test, or the disk refuses. This program is in its place then.
    pub fn install(&self, file: &Path) -> anyhow::Result<()> {
        let candidate = self.beside("new");
        let replaced = try_out(file, &candidate).and_then(|()| {
            let previous = self.beside("previous");
            remove(&previous).with_context(|| format!("remove {}", previous.display()))?;
            fs::hard_link(&self.program, &previous).context("keep the program that runs")?;
            self.replace_with(&candidate)
        });
        remove(&candidate).with_context(|| format!("remove {}", candidate.display()))?;
        replaced
    }

    /// Puts the program before the last [`Alone::install`] back.
    ///
    /// # Errors
    ///
    /// If there is none, or the disk refuses.
    pub fn undo(&self) -> anyhow::Result<()> {
        let previous = self.beside("previous");
        ensure!(previous.exists(), "there is no version before this one: {} is missing", previous.display());
        self.replace_with(&previous)
    }

    /// Whether there is a program to go back to.
    #[must_use]
    pub fn has_previous(&self) -> bool {
        self.beside("previous").exists()
    }

    /// The folder of the program.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.program.parent().unwrap_or(Path::new("/"))
    }

    fn replace_with(&self, file: &Path) -> anyhow::Result<()> {
        let shown = self.program.display();
        self_replace::self_replace(file).with_context(|| format!("replace {shown}; may this user write there?"))?;
        File::open(&self.program)
            .and_then(|program| program.sync_all())
            .and_then(|()| sync_folder(self.folder()))
            .with_context(|| format!("put {shown} on the disk"))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.program.clone().into_os_string();
        path.push(".");
        path.push(suffix);
        path.into()
    }
}

/// Programs that belong to the package: its own, and those that it lets updates bring.
fn is_packaged(program: &Path) -> bool {
    program.starts_with(PACKAGED) || program.starts_with(SOFTWARE_FOLDER)
}

/// Copies a program to where this one is, and has it try itself out there.
fn try_out(file: &Path, candidate: &Path) -> anyhow::Result<()> {
    let shown = candidate.display();
    remove(candidate)
        .and_then(|()| fs::copy(file, candidate))
        .and_then(|_bytes| fs::set_permissions(candidate, Permissions::from_mode(0o755)))
        .with_context(|| format!("copy the new program to {shown}; may this user write there?"))?;
    let ended = Command::new(candidate).arg("--self-test").output().context("start the new program")?;
    let words = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "the new program fails its self-test here: {}", words.trim());
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_installed_is_left_to_the_package() {
        for packaged in ["/usr/bin/vigie-agent", "/var/lib/vigie/software/agent"] {
            assert!(is_packaged(Path::new(packaged)), "{packaged}");
        }
        assert!(!is_packaged(Path::new("/opt/vigie-agent")));
    }

    #[test]
    fn what_fails_its_self_test_never_comes_in_the_place_of_what_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (program, bad) = (folder.path().join("agent"), folder.path().join("bad"));
        fs::write(&program, "old").unwrap();
        fs::write(&bad, "#!/bin/sh\necho no queue here >&2\nexit 1\n").unwrap();
        let error = Alone { program: program.clone() }.install(&bad).unwrap_err();
        assert!(error.to_string().contains("no queue here"), "{error:#}");
        assert_eq!(fs::read_to_string(&program).unwrap(), "old");
        assert_eq!(folder.path().read_dir().unwrap().count(), 2, "nothing is left of it");
    }
}
