//! The hub: receives what boxes send, keeps it, shows it.

pub mod broker;
pub mod pki;
pub mod store;
