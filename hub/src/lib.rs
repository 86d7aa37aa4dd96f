//! The hub: receives what boxes send, keeps it, shows it.

pub mod ingest;
pub mod store;
