//! The agent: collects who and what is at a site, keeps it through any outage, delivers it to the hub.

pub mod collectors;
pub mod identity;
pub mod journal;
pub mod outbox;
pub mod queue;
