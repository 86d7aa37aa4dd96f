//! Puts a new agent in place: copied, verified, tried out, on trial. Taking it back is the guard's, outside this program.
//!
//! The copy is judged, never the file that was handed over: its owner could change it in between. Order is everything
//! in a power cut: the new file and the link to the version before are on disk before the trial is announced, the trial
//! before the new file takes its place. Each step before the last leaves what runs as it was.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use nix::libc;
use ring::digest::{self, SHA256};
use semver::Version;
use vigie_shared::file::sync_folder;
use vigie_shared::id::to_hex;
use vigie_shared::release::{AGENT, ReleaseKey, Statement};

use super::trial::{self, Trial};
use super::{Package, Refusal};

/// Larger than any agent will be.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Runs a program as root, waits for it and returns what it printed; an error is for people.
pub type RunProgram = dyn Fn(&str, &[&str]) -> Result<String, String> + Send + Sync;

/// The folder of the agent's versions.
#[derive(Debug, Clone)]
pub struct Software {
    /// The folder; only root may change it.
    pub folder: PathBuf,
    /// The guard, which tries a version out and takes it back.
    pub guard: PathBuf,
    /// The version that the package installed.
    pub installed: Version,
}

impl Software {
    /// Puts a package's agent in place, on trial.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unfit`] if it must not be taken, [`Refusal::Failed`] if that did not work. Nothing was changed then.
    pub fn install(&self, package: &Package, keys: &[ReleaseKey], run: &RunProgram) -> Result<(), Refusal> {
        let version = self.acceptable(package, keys, run)?;
        let candidate = self.folder.join("agent.new");
        let taken = self.take(package, &version, &candidate, keys).and_then(|sha256| {
            let file = candidate.to_string_lossy();
            run(&self.guard.to_string_lossy(), &["test", &file])
                .map_err(|error| Refusal::Failed(format!("version {version} fails its self-test here: {error}")))?;
            self.switch(package, &candidate, sha256).map_err(|error| Refusal::Failed(format!("{error:#}")))
        });
        if taken.is_err() {
            // What is left of it takes space until the next try replaces it, no more.
            drop(std::fs::remove_file(&candidate));
        }
        taken
    }

    /// Ends the trial of this name: the version stays.
    ///
    /// # Errors
    ///
    /// [`Refusal::Failed`] if no such trial is under way, or the disk refuses.
    pub fn keep(&self, id: &str) -> Result<(), Refusal> {
        if trial::trial(&self.folder).is_none_or(|trial| trial.id != id) {
            return Err(Refusal::Failed(format!("no update called {id} is on trial")));
        }
        trial::end(&self.folder).map_err(|error| Refusal::Failed(format!("end the trial: {error}")))
    }

    /// What can be judged before the file is read.
    fn acceptable(&self, package: &Package, keys: &[ReleaseKey], run: &RunProgram) -> Result<Version, Refusal> {
        let unfit = |text: String| Err(Refusal::Unfit(text));
        if keys.is_empty() {
            return unfit(
                "this box trusts no release key; its owner puts one into /etc/vigie/release-keys/".to_owned(),
            );
        }
        if let Some(trial) = trial::trial(&self.folder) {
            return unfit(format!("version {} is still on trial", trial.version));
        }
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if package.id.is_empty() || package.id.len() > 64 || !package.id.chars().all(is_plain) {
            return unfit("an installation's name is 1 to 64 letters, digits and hyphens".to_owned());
        }
        let present = self.present(run);
        match Version::parse(&package.version) {
            Ok(version) if version > present => Ok(version),
            Ok(version) => unfit(format!("version {version} is not newer than {present}, which is here")),
            Err(error) => unfit(format!("`{}` is no version: {error}", package.version)),
        }
    }

    /// The version that is in place: the one that an update brought, or the package's.
    fn present(&self, run: &RunProgram) -> Version {
        let brought = self.folder.join("agent").exists().then(|| run(&self.guard.to_string_lossy(), &["version"]));
        let words = brought.and_then(Result::ok).unwrap_or_default();
        let version = words.split_whitespace().nth(1).and_then(|text| Version::parse(text).ok());
        version.unwrap_or_else(|| self.installed.clone())
    }

    /// Copies the file and checks that the makers signed what was copied.
    fn take(
        &self,
        package: &Package,
        version: &Version,
        candidate: &Path,
        keys: &[ReleaseKey],
    ) -> Result<[u8; 32], Refusal> {
        let (size_bytes, sha256) =
            copy(&package.file, candidate).map_err(|error| Refusal::Failed(format!("{error:#}")))?;
        let version = version.to_string();
        let processor = std::env::consts::ARCH;
        let statement = Statement { name: AGENT, version: &version, processor, size_bytes, sha256: &sha256 };
        statement.verify(keys, &package.signature).map_err(|error| Refusal::Unfit(error.to_string()))?;
        Ok(sha256)
    }

    fn switch(&self, package: &Package, candidate: &Path, sha256: [u8; 32]) -> anyhow::Result<()> {
        let (agent, previous) = (self.folder.join("agent"), self.folder.join("previous"));
        remove(&previous)?;
        if agent.exists() {
            std::fs::hard_link(&agent, &previous).context("keep the version that runs")?;
        }
        sync_folder(&self.folder).context("write the folder of versions")?;
        let sha256 = to_hex(&sha256);
        let announced = Trial { id: package.id.clone(), version: package.version.clone(), sha256, starts: 0 };
        trial::announce(&self.folder, &announced).context("announce the trial")?;
        std::fs::rename(candidate, &agent).context("put the new version in its place")?;
        sync_folder(&self.folder).context("write the folder of versions")
    }
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a regular file, durably and at most [`FILE_BYTES_MAX`]; says how large it is and its SHA-256.
fn copy(from: &Path, to: &Path) -> anyhow::Result<(u64, [u8; 32])> {
    // A link could lead to what only root may read, a pipe would wait for ever.
    let mut source = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(from)
        .with_context(|| format!("open the package {}", from.display()))?;
    ensure!(source.metadata()?.is_file(), "the package {} is no file", from.display());
    remove(to)?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(to)
        .with_context(|| format!("make {}", to.display()))?;
    let copied = copy_hashed(&mut source, &mut target).context("copy the package")?;
    target.sync_all().context("write the copy to the disk")?;
    Ok(copied)
}

fn copy_hashed(source: &mut File, target: &mut File) -> anyhow::Result<(u64, [u8; 32])> {
    let (mut context, mut size_bytes) = (digest::Context::new(&SHA256), 0_u64);
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = source.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        size_bytes += part.len() as u64;
        ensure!(size_bytes <= FILE_BYTES_MAX, "it is larger than {} MiB, which no agent is", FILE_BYTES_MAX >> 20);
        context.update(part);
        target.write_all(part)?;
    }
    let hash = context.finish();
    Ok((size_bytes, hash.as_ref().try_into()?))
}

#[cfg(test)]
mod tests;
