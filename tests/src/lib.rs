//! What tests that cross a crate share.

mod effort;
pub mod fuzz;
pub mod netns;
mod not_run;

pub use effort::effort;
pub use not_run::not_run;
