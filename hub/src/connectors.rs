//! Connectors: punches on their way to third parties, and people on their way from them.
//!
//! Reading order: a [`mapping`] declares how to speak with one kind of third party, in [`template`]s; [`rows`] makes
//! rows of punches, [`job`]s carry them; [`outcome`] and [`results`] say what answers mean, [`queue`] what becomes of
//! a job. All of that is pure. The [`driver`] does it, by the [`web`] port.

pub mod auth;
pub mod config;
pub mod driver;
pub mod guard;
pub mod job;
pub mod mapping;
pub mod outcome;
pub mod paging;
pub mod pair;
pub mod people;
pub mod presence;
pub mod queue;
pub mod records;
pub mod request;
pub mod results;
pub mod rows;
pub mod settings;
pub mod template;
pub mod tree;
pub mod trial;
pub mod wait;
pub mod web;
