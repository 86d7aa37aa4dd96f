//! One binary for every test that crosses a crate.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is all test code: a panic is how it fails, helpers of tests included"
)]

mod alerts;
mod attacks;
mod attendance;
mod backlog;
mod clone;
mod command_lines;
mod commands;
mod connectors;
mod corpus;
mod crash;
mod demo;
mod devices;
mod enrolment;
mod examples;
mod guard;
mod home_assistant;
mod import_tm20;
mod intruders;
mod lan;
mod local_page;
mod machine_list;
mod machines;
mod mail;
mod media;
mod operators;
mod outage;
mod power_cut;
mod presence;
mod queue_full;
mod queue_kill;
mod rebuild;
mod register;
mod replace;
mod restore;
mod rollouts;
mod settings;
mod simulated;
mod stick;
mod supply;
mod terminals;
mod tidy;
mod tm20_paths;
mod update;
