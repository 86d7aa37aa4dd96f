//! Whole numbers of things, for programs that were written for a server that numbered everything.
//!
//! A number is given when it is first asked for, and never to anything else, also after the thing is gone.

use async_trait::async_trait;

use crate::store::StoreError;

/// What has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Numbered {
    /// A terminal, by its serial number.
    Terminal,
    /// A connector, by its name.
    Connector,
    /// What is expected on one weekday at one terminal, by the terminal's serial number and the weekday.
    Shift,
    /// Somebody on one terminal, by its serial number and the number there.
    User,
}

/// The numbers' part of the store.
#[async_trait]
pub trait Numbers {
    /// The number of each of these, in their order; whatever has none yet gets the next one, from 1 up.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn numbers(&self, of: Numbered, names: &[String]) -> Result<Vec<i64>, StoreError>;

    /// What has that number, if anything has.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn numbered(&self, of: Numbered, number: i64) -> Result<Option<String>, StoreError>;

    /// Gives these the numbers that they had elsewhere; whatever has a number, and a number that is given, stay as they
    /// are.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn keep_numbers(&self, of: Numbered, all: &[(i64, String)]) -> Result<(), StoreError>;
}
