//! Port: brings letters to their readers' servers.

use async_trait::async_trait;

use crate::mail::letter::Letter;
use crate::mail::queue::Posted;

/// Nobody could be reached at all: whom it concerns is every letter, not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// Brings letters.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Sets out with letters.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] with words for people; nothing was sent.
    async fn set_out(&self) -> Result<Box<dyn Round>, Unreachable>;
}

/// One round with several letters.
#[async_trait]
pub trait Round: Send {
    /// Brings one letter, in bounded time.
    async fn post(&mut self, letter: &Letter) -> Posted;

    /// Whether this round can bring no more letters; another one may.
    fn is_broken(&self) -> bool;

    /// Comes home.
    async fn end(self: Box<Self>);
}
