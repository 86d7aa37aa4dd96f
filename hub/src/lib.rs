//! The hub: receives what boxes send, keeps it, shows it.

pub mod backup;
pub mod boxes;
pub mod broker;
pub mod cli;
pub mod fleet;
pub mod gateway;
pub mod http;
pub mod ingest;
pub mod login;
pub mod pki;
pub mod projector;
pub mod rate;
pub mod retention;
pub mod store;
mod strangers;
pub mod text;
