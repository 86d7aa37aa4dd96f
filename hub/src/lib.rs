//! The hub: receives what boxes send, keeps it, shows it.

pub mod fleet;
pub mod ingest;
pub mod projector;
pub mod store;
