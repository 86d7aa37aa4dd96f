//! The owner's machines as people and older programs want to see them.
//!
//! Pure but for its settings: `order` searches and
//! sorts, `legacy` writes a machine as the program did that Vigie replaces, `sold` reads sizes and years from sold names.

pub mod config;
pub mod legacy;
pub mod order;
mod sold;
