//! One binary for everything that is seen in a real browser.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is all test code: a panic is how it fails, helpers of tests included"
)]

mod axe;
mod browser;
mod clocks;
mod journeys;
mod pages;
mod scene;
mod shots;
