//! Port: people's days of presence, what people decided of them, and who looked.

use async_trait::async_trait;
use jiff::civil::Date;

use crate::attendance::book::Mark;
use crate::store::StoreError;

/// A person's day as it was computed last.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDay {
    /// Whose: a person's id, or the tombstone of somebody who was erased.
    pub person: String,
    /// The day, in the zone of its site.
    pub date: Date,
    /// The whole day with its reason, JSON.
    pub body: String,
    /// What the day is worth, in days; none if nobody could see.
    pub value: Option<f64>,
    /// 1 for the first answer, and one more for each other one.
    pub revision: u32,
    /// How sure it is.
    pub mark: Mark,
    /// The newest revision that was published; 0 if none was.
    pub published_revision: u32,
    /// When that was, milliseconds since 1970 UTC.
    pub published_ms: Option<i64>,
}

/// Which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFilter {
    /// Only of this person.
    pub person: Option<String>,
    /// From this day.
    pub from: Date,
    /// Through this day.
    pub through: Date,
    /// Only those of which a newer revision waits to be published.
    pub only_unpublished: bool,
}

/// What somebody decided of a day. It stands beside the computed value.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Whose day.
    pub person: String,
    /// Which.
    pub date: Date,
    /// What it shall be worth, in days.
    pub value: f64,
    /// Why.
    pub comment: String,
    /// Who decided.
    pub account: String,
    /// When, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// Somebody said that a person was gone at a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PresenceEnd {
    /// Who was gone.
    pub person: String,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who said so.
    pub account: String,
    /// When it was said.
    pub made_ms: i64,
}

/// A policy as somebody set it. A version never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyText {
    /// Its name.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// What it says, JSON.
    pub body: String,
    /// When it was set, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// Somebody looked at a person's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who looked.
    pub account: String,
    /// At whose presence.
    pub person: String,
    /// At what of it, one word: `day`, `export`….
    pub what: String,
}

/// The days' part of the store.
#[async_trait]
pub trait Days {
    /// Days after the one of that date and person, by date and person, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn person_days(
        &self,
        filter: &DayFilter,
        after: Option<(Date, String)>,
        limit: usize,
    ) -> Result<Vec<StoredDay>, StoreError>;

    /// Keeps days as they were computed. What was published of them stays as it was; a day of a smaller revision than
    /// the kept one changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_person_days(&self, days: &[StoredDay]) -> Result<(), StoreError>;

    /// Remembers that a revision was published; false if that or a newer one was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn note_published(
        &self,
        (person, date): (&str, Date),
        revision: u32,
        now_ms: i64,
    ) -> Result<bool, StoreError>;

    /// Decisions of days from one through another, of one person or of all, by date and person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn overrides(&self, person: Option<&str>, from: Date, through: Date) -> Result<Vec<Override>, StoreError>;

    /// Decides of a day; a former decision is replaced.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_override(&self, one: &Override) -> Result<(), StoreError>;

    /// Takes a decision back; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_override(&self, person: &str, date: Date) -> Result<bool, StoreError>;

    /// Remembers that people were gone; saying the same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn end_presences(&self, ends: &[PresenceEnd]) -> Result<(), StoreError>;

    /// Who was said to be gone with `from_ms <= at_ms < to_ms`, by time and person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn presence_ends(&self, from_ms: i64, to_ms: i64) -> Result<Vec<PresenceEnd>, StoreError>;

    /// Every policy, by name and version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn policies(&self) -> Result<Vec<PolicyText>, StoreError>;

    /// Adds a version of a policy.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if there is that version, [`StoreError::Failed`].
    async fn add_policy(&self, policy: &PolicyText) -> Result<(), StoreError>;

    /// Remembers who looked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn note_look(&self, look: &Look) -> Result<(), StoreError>;

    /// Who looked at one person's presence or at all, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn looks(&self, person: Option<&str>, limit: usize) -> Result<Vec<Look>, StoreError>;
}
