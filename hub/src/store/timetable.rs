//! Port: what people set for attendance. These are no projections: a rebuild leaves them, a backup holds them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;

use crate::attendance::{Holiday, Person, Profile, Schedule};
use crate::store::StoreError;

/// A day that was final once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closing {
    /// By which plan, as in [`PersonDay::plan`](crate::attendance::book::PersonDay::plan).
    pub plan: String,
    /// Which day.
    pub date: Date,
    /// When everything of it had arrived, milliseconds since 1970 UTC.
    pub closed_ms: i64,
}

/// The timetable's part of the store.
#[async_trait]
pub trait Timetable {
    /// Every schedule, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;

    /// Adds a schedule or replaces the one of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_schedule(&self, schedule: &Schedule) -> Result<(), StoreError>;

    /// Removes a schedule; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_schedule(&self, name: &str) -> Result<bool, StoreError>;

    /// Every holiday, by date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn holidays(&self) -> Result<Vec<Holiday>, StoreError>;

    /// Adds a holiday or renames it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_holiday(&self, holiday: &Holiday) -> Result<(), StoreError>;

    /// Removes a holiday of one schedule or of all; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_holiday(&self, date: Date, schedule: Option<&str>) -> Result<bool, StoreError>;

    /// Everybody who is known beyond one terminal, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn people(&self) -> Result<Vec<Person>, StoreError>;

    /// Adds a person or replaces the one of that id. A number belongs to whom it was given last.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_person(&self, person: &Person) -> Result<(), StoreError>;

    /// Removes a person and what was said of the person's numbers; punches stay. False if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_person(&self, id: &str) -> Result<bool, StoreError>;

    /// How terminals are read that are not read by the usual tables, by serial number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn terminal_profiles(&self) -> Result<BTreeMap<String, Profile>, StoreError>;

    /// Sets how a terminal is read. Punches that it reads otherwise than before get a new place in the order of arrival.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_terminal_profile(&self, terminal: &str, profile: &Profile) -> Result<(), StoreError>;

    /// Days that were final once, from one date through another.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn closings(&self, from: Date, through: Date) -> Result<Vec<Closing>, StoreError>;

    /// Remembers that days are final; one that was so before keeps its moment.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn close(&self, days: &[Closing]) -> Result<(), StoreError>;
}
