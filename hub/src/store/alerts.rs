//! Alerts and incidents: what fires, what was, what is still to be told, and what nobody wants to hear of.

use async_trait::async_trait;
use vigie_shared::id::{CommandId, SiteId};

use crate::alerts::alert::Alert;
use crate::alerts::book::Turn;
use crate::alerts::incident::Incident;
use crate::alerts::news::News;
use crate::alerts::silence::Silence;
use crate::store::StoreError;
use crate::store::diary::Entry;

/// Which alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Only at this site.
    pub site: Option<SiteId>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this incident.
    pub incident: Option<String>,
}

impl AlertFilter {
    /// Whether an alert is one of those asked for.
    #[must_use]
    pub fn fits(&self, alert: &Alert) -> bool {
        self.site.as_ref().is_none_or(|site| alert.key.site.as_ref() == Some(site))
            && self.rule.as_ref().is_none_or(|rule| alert.key.rule == *rule)
            && self.incident.as_ref().is_none_or(|incident| alert.incident.as_ref() == Some(incident))
    }
}

/// An update that a box undid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// At which site.
    pub site: SiteId,
    /// The command.
    pub id: CommandId,
    /// The name of its kind.
    pub kind: String,
    /// When that was told, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Why, in the box's words.
    pub detail: String,
}

/// The alerts' part of the store.
#[async_trait]
pub trait Alerts {
    /// Keeps what a look changed, news that are to be told included, and what the diary says of it: everything or
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn save_alerts(&self, turn: &Turn, entries: &[Entry]) -> Result<(), StoreError>;

    /// Alerts that are not history, by number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn present_alerts(&self) -> Result<Vec<Alert>, StoreError>;

    /// The number of the next alert: higher than any that was kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn next_alert(&self) -> Result<u64, StoreError>;

    /// Alerts that fired, present ones and history, newest first, before the one with that number, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn alerts(&self, filter: &AlertFilter, before: Option<u64>, limit: usize) -> Result<Vec<Alert>, StoreError>;

    /// One alert.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn alert(&self, no: u64) -> Result<Option<Alert>, StoreError>;

    /// Incidents that ended after a moment or did not end, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn incidents_since(&self, closed_ms: i64) -> Result<Vec<Incident>, StoreError>;

    /// Incidents, newest first, before the one of that name, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn incidents(&self, before: Option<&str>, limit: usize) -> Result<Vec<Incident>, StoreError>;

    /// One incident.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn incident(&self, id: &str) -> Result<Option<Incident>, StoreError>;

    /// Everything that was or is to be told of an incident, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn news_of(&self, incident: &str) -> Result<Vec<News>, StoreError>;

    /// News that are still to be told, the oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn untold(&self, limit: usize) -> Result<Vec<News>, StoreError>;

    /// Somebody else has taken news over: they need not be told again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn mark_told(&self, incident: &str, number: u32) -> Result<(), StoreError>;

    /// Adds a silence under the next number, which it returns; its own is ignored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_silence(&self, silence: &Silence) -> Result<u64, StoreError>;

    /// Silences that end after a moment, by number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn silences(&self, after_ms: i64) -> Result<Vec<Silence>, StoreError>;

    /// Ends a silence; false if there is none of that number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_silence(&self, no: u64) -> Result<bool, StoreError>;

    /// Commands that boxes undid after a moment, the oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn undone_since(&self, after_ms: i64, limit: usize) -> Result<Vec<Undone>, StoreError>;
}
