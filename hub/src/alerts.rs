//! What is wrong in the fleet, since when, and what people are told of it: once, and once more when it is over.
//!
//! Pure but for its driver. [`facts`] are what is known at a moment; each of the [`rules`] looks at them; [`state`] says
//! how far each alert is; [`incident`] groups alerts into what people are told; the [`book`] holds both.

pub mod alert;
pub mod book;
mod compose;
mod diary;
pub mod driver;
pub mod facts;
pub(crate) mod forecast;
pub mod incident;
#[cfg(test)]
mod laws;
pub mod news;
pub mod quiet;
pub mod rules;
pub mod silence;
pub mod state;
pub mod telling;
