//! The command line of the agent.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vigie_agent::cli::scan;

/// The agent on the box: sees who and what is at a site, and tells the hub.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Scan(scan::ScanArgs),
}

fn main() -> ExitCode {
    let Verb::Scan(args) = Arguments::parse().verb;
    scan::run(&args).unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "a command speaks to the person who called it")]
        {
            eprintln!("error: {error:#}");
        }
        ExitCode::FAILURE
    })
}
