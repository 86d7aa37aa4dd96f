//! One binary for every test that crosses a crate.

mod corpus;
mod supply;
mod tidy;
