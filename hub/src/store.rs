//! Port: what must survive. One trait per concern; an adapter implements them all and passes the
//! contract suite in the tests.
//!
//! Facts are append-only. Everything else that is derived from them (devices, completeness) is a projection
//! that can be rebuilt. Methods return only when their effect is on disk.

pub mod accounts;
pub mod alerts;
pub mod attendance;
pub mod audit;
pub mod commands;
pub mod connectors;
#[cfg(test)]
pub(crate) mod contract;
pub mod diary;
pub mod factors;
pub mod facts;
pub mod jobs;
pub mod machines;
pub mod media;
pub mod memory;
pub mod numbers;
pub mod outbox;
pub mod presence;
pub mod projections;
pub mod releases;
pub mod rollouts;
pub mod sessions;
pub mod sites;
pub mod sqlite;
pub mod terminals;
pub mod timetable;
pub mod upkeep;
pub mod vault;

pub use accounts::Accounts;
pub use alerts::Alerts;
pub use attendance::Attendance;
pub use audit::Audit;
pub use commands::Commands;
pub use connectors::Connectors;
pub use diary::Diary;
pub use factors::Factors;
pub use facts::Facts;
pub use jobs::Jobs;
pub use machines::Machines;
pub use media::Media;
pub use memory::Memory;
pub use numbers::Numbers;
pub use outbox::Outbox;
pub use presence::{Days, Disputes, Registry, Strips};
pub use projections::Projections;
pub use releases::Releases;
pub use rollouts::Rollouts;
pub use sessions::Sessions;
pub use sites::Sites;
pub use sqlite::Sqlite;
pub use terminals::Terminals;
pub use timetable::Timetable;
pub use upkeep::Upkeep;
pub use vault::Vault;

use crate::fleet::completeness::Deliveries;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The same thing already exists.
    #[error("{0} exists already")]
    Conflict(String),
    /// The disk or the database failed; nothing was changed. Trying again later can help.
    #[error("the store failed")]
    Failed(#[source] anyhow::Error),
}

/// Everything that the hub keeps.
pub trait Store:
    Facts
    + Sites
    + Projections
    + Attendance
    + Terminals
    + Timetable
    + Accounts
    + Sessions
    + Factors
    + Audit
    + Diary
    + Commands
    + Media
    + Machines
    + Releases
    + Rollouts
    + Connectors
    + Jobs
    + Numbers
    + Outbox
    + Strips
    + Registry
    + Days
    + Disputes
    + Alerts
    + Upkeep
    + Send
    + Sync
    + 'static
{
}

impl<
    T: Facts
        + Sites
        + Projections
        + Attendance
        + Terminals
        + Timetable
        + Accounts
        + Sessions
        + Factors
        + Audit
        + Diary
        + Commands
        + Media
        + Machines
        + Releases
        + Rollouts
        + Connectors
        + Jobs
        + Numbers
        + Outbox
        + Strips
        + Registry
        + Days
        + Disputes
        + Alerts
        + Upkeep
        + Send
        + Sync
        + 'static,
> Store for T
{
}

/// What is known about the deliveries of all sites.
///
/// # Errors
///
/// [`StoreError::Failed`].
pub async fn deliveries(store: &dyn Store) -> Result<Deliveries, StoreError> {
    Ok(Deliveries::of(store.queues().await?, store.cursors().await?))
}
