//! What tests that cross a crate share.

pub mod border;
mod effort;
pub mod fuzz;
pub mod memory_sites;
pub mod netns;
mod not_run;
pub mod wire_client;

pub use effort::effort;
pub use not_run::not_run;
