//! Clean Desk: once a week, when its owner wants it, a message appears on the owner's machines, and who saw it is counted.
//!
//! `agenda` says when, `message` what and to whom, both pure; `driver` gives it as ordinary commands whose ids follow from
//! day and site, so that no restart says it twice. Whether somebody is logged in is seen by the box.

pub mod agenda;
pub mod config;
pub mod driver;
pub mod message;
