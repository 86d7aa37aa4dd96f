//! The videos of the local application: where each may lie, how it gets there, and what the application reads of it.
//!
//! [`names`] is the only way from a foreign text to a path, [`library`] the only one to a file: it walks folder by
//! folder and follows no link. [`catalogue`] edits the application's list, [`listing`] keeps it true, [`ordered`] leaves the
//! rest of it as it was. [`inventory`] compares what lies there with what was last told.

pub mod catalogue;
pub mod inventory;
pub mod library;
pub mod listing;
pub mod names;
pub mod ordered;
