//! Port: days that somebody says are wrong, and what was answered.

use async_trait::async_trait;
use jiff::civil::Date;

use crate::store::StoreError;

/// Somebody says that a person's day is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Whose day.
    pub person: String,
    /// Which.
    pub date: Date,
    /// What is wrong with it.
    pub text: String,
    /// Who says so.
    pub account: String,
    /// Since when, milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// What was answered; none while it waits.
    pub answer: Option<DisputeAnswer>,
}

/// What somebody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeAnswer {
    /// The answer.
    pub text: String,
    /// Who gave it.
    pub account: String,
    /// When, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// The disputes' part of the store.
#[async_trait]
pub trait Disputes {
    /// Disputes of one person or of all, those that wait or all of them, newest day first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn disputes(&self, person: Option<&str>, only_open: bool, limit: usize) -> Result<Vec<Dispute>, StoreError>;

    /// The dispute of a day.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn dispute(&self, person: &str, date: Date) -> Result<Option<Dispute>, StoreError>;

    /// Keeps what is wrong with a day; what was said of it before is replaced, its answer too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_dispute(&self, dispute: &Dispute) -> Result<(), StoreError>;

    /// Answers what waits; false if nothing does.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn answer_dispute(&self, (person, date): (&str, Date), answer: &DisputeAnswer) -> Result<bool, StoreError>;
}
