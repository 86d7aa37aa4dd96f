//! The program `vigie-hub`.

use std::process::ExitCode;

/// The packages are linked with musl, whose own allocator serves one thread at a time: beside it, pages took more than twice
/// as long (`tests/benches/overview`).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    vigie_hub::root::main()
}
