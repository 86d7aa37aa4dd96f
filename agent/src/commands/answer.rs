//! What a command found out or did, or how it ended instead.

use serde_json::Value;

use crate::privileged::Refusal;

/// What a command found out or did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// A sentence for people.
    pub text: String,
    /// The same for programs; none if the sentence says it all. What is larger than
    /// [`ANSWER_BYTES_MAX`](vigie_shared::wire::command::ANSWER_BYTES_MAX) as JSON goes to the hub by HTTPS.
    pub value: Option<Value>,
}

impl Answer {
    /// A sentence.
    #[must_use]
    pub fn said(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None }
    }

    /// A sentence, and the same for programs.
    #[must_use]
    pub fn with(text: impl Into<String>, value: Value) -> Self {
        Self { text: text.into(), value: Some(value) }
    }
}

/// How a command ended that was not done. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Tried, did not work.
    #[error("{0}")]
    Failed(String),
    /// Not tried: not allowed, not possible here, wrong parameters.
    #[error("{0}")]
    Refused(String),
    /// Tried, did not work, everything is as before.
    #[error("{0}")]
    RolledBack(String),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotListed(_) | Refusal::Unfit(_) => Self::Refused(refusal.to_string()),
            Refusal::Unavailable(_) | Refusal::Unanswered(_) | Refusal::Failed(_) => Self::Failed(refusal.to_string()),
        }
    }
}
