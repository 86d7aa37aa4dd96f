//! The agent: collects who and what is at a site, keeps it through any outage, delivers it to the hub.

pub mod anchor;
pub mod cli;
pub mod collectors;
pub mod host_names;
pub mod identity;
pub mod naming;
pub mod outbox;
pub mod runner;
pub mod sys;
pub mod timekeeper;
