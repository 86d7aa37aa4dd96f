//! The agent's own update: verified here, put in place by the part that runs as root, taken back by the guard outside.
//!
//! The new program proves itself by [`trial`](super::trial). Whoever asked for the update learns how it ended from what
//! root's part and the guard leave in the folder of versions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vigie_shared::release::AGENT;
use vigie_shared::version;

use crate::privileged::{Package, Privileges, Refusal, SOFTWARE_FOLDER, Verb, trial};

/// Names by which people call the agent's own software.
const NAMES: [&str; 2] = ["agent", AGENT];

/// This agent, as something that can be updated.
#[derive(Clone)]
pub struct Own {
    folder: PathBuf,
    version: String,
    end: Arc<dyn Fn() + Send + Sync>,
}

/// How an update of the agent stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The new version stays.
    Kept,
    /// It runs, and must still prove itself.
    OnTrial,
    /// The version before runs again, for that reason.
    TakenBack(String),
    /// It never took the place.
    Absent,
}

impl Default for Own {
    /// The agent that runs here, in the folder of the package.
    fn default() -> Self {
        let end = || {
            if let Err(error) = kill(Pid::this(), Signal::SIGTERM) {
                tracing::error!("the agent cannot end itself for its update: {error}");
            }
        };
        Self::new(PathBuf::from(SOFTWARE_FOLDER), crate::VERSION.to_owned(), Arc::new(end))
    }
}

/// Whether a name means the agent itself.
#[must_use]
pub fn is_own(name: &str) -> bool {
    NAMES.contains(&name)
}

impl Own {
    /// An agent of this version, whose versions lie there and which `end` ends.
    #[must_use]
    pub fn new(folder: PathBuf, version: String, end: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { folder, version, end }
    }

    /// The version that runs.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Why this version would not come instead of the one that runs; none if it would.
    #[must_use]
    pub fn objection(&self, wanted: &str) -> Option<String> {
        let (present, parsed) = (&self.version, version::parse(wanted));
        let is_newer = parsed.is_some() && parsed > version::parse(present);
        (!is_newer).then(|| format!("version {wanted} is not newer than {present}, which runs here"))
    }

    /// Hands a verified package over. The agent must then end.
    ///
    /// # Errors
    ///
    /// Every [`Refusal`]; nothing was changed then.
    pub async fn install(&self, privileges: &dyn Privileges, package: Package) -> Result<(), Refusal> {
        privileges.act(Verb::InstallAgent(package)).await
    }

    /// Ends this program; the service manager starts the version that is in place.
    pub fn end(&self) {
        (self.end)();
    }

    /// How the installation of that name stands.
    #[must_use]
    pub fn standing(&self, id: &str, wanted: &str) -> Standing {
        if let Some(undone) = trial::undone(&self.folder).filter(|undone| undone.id == id) {
            return Standing::TakenBack(undone.reason);
        }
        match trial::trial(&self.folder) {
            Some(trial) if trial.id == id => Standing::OnTrial,
            _ if self.version == wanted => Standing::Kept,
            _ => Standing::Absent,
        }
    }

    /// The folder of versions.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(folder: &Path) -> Own {
        Own::new(folder.to_owned(), "0.2.0".to_owned(), Arc::new(|| {}))
    }

    #[test]
    fn only_a_newer_version_comes() {
        let own = own(Path::new("/none"));
        assert_eq!(own.objection("0.2.1"), None);
        for wanted in ["0.2.0", "0.1.9", "newest"] {
            assert!(own.objection(wanted).is_some(), "{wanted}");
        }
    }

    #[test]
    fn what_the_guard_left_tells_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let own = own(folder.path());
        assert_eq!(own.standing("a-1", "0.2.0"), Standing::Kept);
        assert_eq!(own.standing("a-1", "0.3.0"), Standing::Absent);
        std::fs::write(folder.path().join("trial"), "id=a-1\nversion=0.2.0\nsha256=ab\nstarts=1\n").unwrap();
        assert_eq!(own.standing("a-1", "0.2.0"), Standing::OnTrial);
        std::fs::write(folder.path().join("undone"), "id=a-1\nversion=0.3.0\nreason=its self-test fails\n").unwrap();
        assert_eq!(own.standing("a-1", "0.3.0"), Standing::TakenBack("its self-test fails".to_owned()));
        assert_eq!(own.standing("b-2", "0.3.0"), Standing::Absent);
    }
}
