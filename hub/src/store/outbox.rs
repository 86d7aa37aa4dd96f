//! The outbox: letters on their way to people and programs, and the secrets by which they go.

use async_trait::async_trait;

use crate::mail::letter::{Letter, LetterState, NewLetter, Way};
use crate::store::StoreError;

/// Which letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Only those that travel so.
    pub way: Option<Way>,
    /// Only in this state.
    pub state: Option<LetterState>,
    /// Only about this: an incident, a week.
    pub about: Option<String>,
    /// Only to this reader.
    pub reader: Option<String>,
}

/// How many letters of a way are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterCount {
    /// How they travel.
    pub way: Way,
    /// How far they are.
    pub state: LetterState,
    /// How many.
    pub count: u64,
}

/// The outbox's part of the store.
#[async_trait]
pub trait Outbox {
    /// Adds letters, all or none, but for those whose name is known; returns how many are new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; none was added.
    async fn put_letters(&self, letters: &[NewLetter]) -> Result<usize, StoreError>;

    /// Keeps how letters changed; those that no longer exist stay away.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn save_letters(&self, letters: &[Letter]) -> Result<(), StoreError>;

    /// Letters to be tried, in their order, at most `limit`. One that is being sent is left out, and one behind
    /// another that waits for the same reader about the same.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn due_letters(&self, way: Way, now_ms: i64, limit: usize) -> Result<Vec<Letter>, StoreError>;

    /// When the next letter is to be tried, milliseconds since 1970 UTC; none if none waits for its time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn next_letter_ms(&self, way: Way, now_ms: i64) -> Result<Option<i64>, StoreError>;

    /// Letters that are marked as being sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn letters_midway(&self, way: Way) -> Result<Vec<Letter>, StoreError>;

    /// One letter.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn letter(&self, no: i64) -> Result<Option<Letter>, StoreError>;

    /// Letters, newest first, before the one with that number, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn letters(
        &self,
        filter: &LetterFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Letter>, StoreError>;

    /// Has a dead or waiting letter tried at once, until its new end; false if it is in another state or being sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn retry_letter(&self, no: i64, (now_ms, expires_ms): (i64, i64)) -> Result<bool, StoreError>;

    /// How many letters of each way are in each state; what is not there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn letter_counts(&self) -> Result<Vec<LetterCount>, StoreError>;

    /// Forgets settled letters that changed before a moment, at most `limit`; returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget_letters(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError>;

    /// A secret, opened; none if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], also if the key file is not the one that sealed it.
    async fn letter_secret(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a secret, sealed; without a value it is removed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_letter_secret(&self, name: &str, value: Option<&str>) -> Result<(), StoreError>;
}
