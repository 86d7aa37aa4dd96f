//! The agent: collects who and what is at a site, keeps it through any outage, delivers it to the hub.

pub mod cli;
pub mod collectors;
pub mod identity;
pub mod outbox;
pub mod naming;
pub mod sys;
