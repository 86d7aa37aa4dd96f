//! Port: the few acts that need root, as verbs of a fixed list. The agent itself is an ordinary user.
//!
//! [`door`] asks; [`helper`] answers, as root, started by the service manager from the path that the package installed.
//! [`acts`] carries a verb out after checking it against [`owner`]'s list; [`software`] puts a new agent in place;
//! [`trial`] is what both know of a version that must prove itself; [`rooted`] says whom a path can be trusted to.

pub mod acts;
pub mod door;
pub mod helper;
pub mod owner;
pub mod rooted;
pub mod software;
pub mod trial;

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Where the helper listens; the package's socket unit says the same.
pub const SOCKET: &str = "/run/vigie-privileged.sock";

/// The folder of the agent's versions, owned by root; the package's guard uses the same.
pub const SOFTWARE_FOLDER: &str = "/var/lib/vigie/software";

/// An act that needs root. Whoever carries it out checks it again against the owner's own list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verb {
    /// Restart the machine.
    Reboot,
    /// Stop a unit of the owner's list.
    StopUnit {
        /// Its name, without `.service`.
        unit: String,
    },
    /// Start a unit of the owner's list.
    StartUnit {
        /// Its name, without `.service`.
        unit: String,
    },
    /// Restart a unit of the owner's list.
    RestartUnit {
        /// Its name, without `.service`.
        unit: String,
    },
    /// Put a new agent in place, on trial. The agent then ends itself, and the service manager starts the new one.
    InstallAgent(Package),
    /// The agent on trial has proved itself: it stays.
    KeepAgent {
        /// The trial's name, as [`Package::id`].
        id: String,
    },
    /// Put the version before in place and start it.
    UndoAgent {
        /// Why, for people.
        reason: String,
    },
}

/// A new agent: the program's file, and what its makers signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What the installation is called afterwards: 1 to 64 letters, digits and hyphens. The command's id fits.
    pub id: String,
    /// The file, anywhere that root can read; it is copied before it is judged.
    pub file: PathBuf,
    /// The version that the signature names.
    pub version: String,
    /// The signature over the [`Statement`](vigie_shared::release::Statement), base64.
    pub signature: String,
}

/// Why an act was not carried out; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", content = "detail", rename_all = "snake_case")]
pub enum Refusal {
    /// The owner's list does not have it.
    #[error("{0} is not on this box's list")]
    NotListed(String),
    /// A package that this box must not take: no trusted signature, an old version, another processor….
    #[error("{0}")]
    Unfit(String),
    /// Nobody here may do it: the package is not installed, or its root part does not run.
    #[error("the part that runs as root does not answer: {0}")]
    Unavailable(String),
    /// It was asked, and ended before it answered: nobody here knows whether the act was done.
    #[error("the part that runs as root ended before it answered: {0}")]
    Unanswered(String),
    /// It was tried and did not work.
    #[error("{0}")]
    Failed(String),
}

/// Carries out acts that need root.
#[async_trait]
pub trait Privileges: Send + Sync {
    /// Carries out one act; returns when it is done, or for a reboot when it is under way.
    ///
    /// # Errors
    ///
    /// Every [`Refusal`].
    async fn act(&self, verb: Verb) -> Result<(), Refusal>;
}

/// Nobody who may: on a machine where the part that runs as root is not installed.
pub struct Absent;

#[async_trait]
impl Privileges for Absent {
    async fn act(&self, _verb: Verb) -> Result<(), Refusal> {
        Err(Refusal::Unavailable("it is not installed on this machine".to_owned()))
    }
}
