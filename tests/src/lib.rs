//! What tests that cross a crate share.

#![expect(clippy::indexing_slicing, reason = "this is all test code: a panic is how it fails")]

pub mod border;
pub mod cgroup;
pub mod chaos;
mod effort;
pub mod fleet;
pub mod fuzz;
pub mod hr;
pub mod load;
pub mod machines;
pub mod netns;
mod not_run;
pub mod packages;
pub mod presence;
pub mod processes;
pub mod punches;
pub mod queue_writer;
pub mod smtp;
pub mod stored;
pub mod terminals;
pub mod tickets;
pub mod to_hr;
pub mod wire_client;

pub use effort::effort;
pub use not_run::not_run;
