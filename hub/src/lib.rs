//! The hub: receives what boxes send, keeps it, shows it.

pub mod boxes;
pub mod broker;
pub mod gateway;
pub mod pki;
pub mod rate;
pub mod ingest;
pub mod store;
mod strangers;
