//! The hub: receives what boxes send, keeps it, shows it.

pub mod cli;
pub mod http;
pub mod ingest;
pub mod login;
pub mod store;
pub mod text;
