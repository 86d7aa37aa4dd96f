//! Carries a verb out, after checking it against the owner's list. Runs as root; decides nothing else.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use semver::Version;

use super::owner::{self, Owner};
use super::software::{RunProgram, Software};
use super::{Refusal, SOFTWARE_FOLDER, Verb};

/// The guard, as the package installs it.
pub const GUARD: &str = "/usr/lib/vigie/agent-guard";

/// How long a program may take, seconds: a service that stops slowly is the longest.
const PROGRAM_S: &str = "100";

/// Most bytes of a program's last words that are passed on.
const WORDS_MAX: usize = 500;

/// Everything that the helper works with.
pub struct Acts {
    /// The owner's folder.
    pub owner: PathBuf,
    /// The agent's versions.
    pub software: Software,
    /// How programs are run.
    pub run: Box<RunProgram>,
}

impl Acts {
    /// Works on this machine, with the paths of the package.
    ///
    /// # Errors
    ///
    /// If this program's own version is none.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        Ok(Self {
            owner: PathBuf::from(owner::FOLDER),
            software: Software {
                folder: PathBuf::from(SOFTWARE_FOLDER),
                guard: PathBuf::from(GUARD),
                installed: Version::parse(crate::VERSION)?,
            },
            run: Box::new(run_program),
        })
    }

    /// Carries out one verb.
    ///
    /// # Errors
    ///
    /// Every [`Refusal`] but `Unavailable`.
    pub fn carry_out(&self, verb: &Verb) -> Result<(), Refusal> {
        // Read at every act: what the owner changes holds at once.
        let owner = Owner::load(&self.owner).map_err(|error| Refusal::Failed(format!("{error:#}")))?;
        match verb {
            Verb::Reboot => self.systemctl(&["--no-block", "reboot"]),
            Verb::StopUnit { unit } => self.unit(&owner, "stop", unit),
            Verb::StartUnit { unit } => self.unit(&owner, "start", unit),
            Verb::RestartUnit { unit } => self.unit(&owner, "restart", unit),
            Verb::InstallAgent(package) => self.software.install(package, &owner.release_keys, self.run.as_ref()),
            Verb::KeepAgent { id } => self.software.keep(id),
            Verb::UndoAgent { reason } => self.undo(reason),
        }
    }

    fn unit(&self, owner: &Owner, what: &str, unit: &str) -> Result<(), Refusal> {
        if !owner.allows(unit) {
            return Err(Refusal::NotListed(format!("the service `{unit}`")));
        }
        self.systemctl(&[what, "--", &format!("{unit}.service")])
    }

    fn systemctl(&self, words: &[&str]) -> Result<(), Refusal> {
        (self.run)("/usr/bin/systemctl", words).map(drop).map_err(Refusal::Failed)
    }

    fn undo(&self, reason: &str) -> Result<(), Refusal> {
        if !self.software.folder.join("agent").exists() {
            return Err(Refusal::Failed("there is no version before: the package's own agent runs".to_owned()));
        }
        // It becomes one line of a file.
        let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(200).collect();
        (self.run)(&self.software.guard.to_string_lossy(), &["undo", &reason]).map(drop).map_err(Refusal::Failed)
    }
}

/// Runs a program by its full path, with nothing of our environment and an end.
fn run_program(program: &str, words: &[&str]) -> Result<String, String> {
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["--kill-after=5", PROGRAM_S, program]).args(words).stdin(Stdio::null());
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    let output = command.output().map_err(|error| format!("start {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(WORDS_MAX).collect();
    match output.status.code() {
        Some(124) => Err(format!("{program} took longer than {PROGRAM_S} s")),
        _ if words.is_empty() => Err(format!("{program} ended with {}", output.status)),
        _ => Err(words),
    }
}

#[cfg(test)]
mod tests;
