//! `privileged`: the part that runs as root, for the service manager to start.

use std::process::ExitCode;

/// Answers at the socket that is standard input.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    vigie_shared::telemetry::start("info")?;
    crate::privileged::helper::serve()?;
    Ok(ExitCode::SUCCESS)
}
