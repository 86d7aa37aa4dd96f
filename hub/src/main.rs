//! The program `vigie-hub`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vigie_hub::root::main()
}
