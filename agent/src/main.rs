//! The program `vigie-agent`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vigie_agent::cli::main()
}
