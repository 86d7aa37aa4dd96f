//! Port: the few acts that need root, as verbs of a fixed list. The agent itself is an ordinary user.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

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
}

/// Why an act was not carried out; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", content = "detail", rename_all = "snake_case")]
pub enum Refusal {
    /// The owner's list does not have it.
    #[error("{0} is not on this box's list")]
    NotListed(String),
    /// Nobody here may do it: the package is not installed, or its root part does not run.
    #[error("the part that runs as root does not answer: {0}")]
    Unavailable(String),
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
