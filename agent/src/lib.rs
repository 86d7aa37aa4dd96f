//! The agent: collects who and what is at a site, keeps it through any outage, delivers it to the hub.

pub mod anchor;
pub mod collectors;
pub mod host_names;
pub mod identity;
pub mod journal;
pub mod outbox;
#[cfg(test)]
mod testing;
pub mod queue;
pub mod runner;
pub mod sys;
pub mod timekeeper;
