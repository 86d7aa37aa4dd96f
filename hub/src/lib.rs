//! The hub: receives what boxes send, keeps it, shows it.

pub mod store;
