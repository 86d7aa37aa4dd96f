//! Port: a request to a third party, and what came back.

mod client;

use std::time::Duration;

use async_trait::async_trait;

pub use self::client::Client;
use super::outcome::Answer;
use super::request::Call;

/// Largest answer that is read, bytes: a list of fifty thousand people. Of what is longer the beginning is kept.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// One request.
#[derive(Clone)]
pub struct Ask {
    /// Where the third party is.
    pub base: String,
    /// What is asked.
    pub call: Call,
    /// Headers that prove who asks: they go to the base's host and nowhere else.
    pub credentials: Vec<(String, String)>,
    /// Longest wait for the whole answer.
    pub timeout: Duration,
    /// A redirect is followed with a GET, without body and without credentials.
    pub follows: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The request must not be made, or cannot be: a person must change something.
    #[error("{0}")]
    Refused(String),
    /// It did not reach anybody.
    #[error("{0}")]
    Unsent(String),
    /// It may have arrived.
    #[error("{0}")]
    Lost(String),
}

/// Speaks with third parties.
#[async_trait]
pub trait Web: Send + Sync {
    /// Asks and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    async fn ask(&self, ask: Ask) -> Result<Answer, Broken>;
}
