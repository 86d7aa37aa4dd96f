//! Proves that the agent that an update brought works: it is connected, and the hub holds a record that it made itself.
//!
//! Nobody decides here to go back: if the proof does not come, the guard outside this program takes the version back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::privileged::{Privileges, Verb, trial};
use crate::proof::Proof;

/// Pause before the part that runs as root is asked again.
const AGAIN: Duration = Duration::from_secs(10);

/// Ends the trial of this version once it has proved itself; returns at once if it is not on trial.
///
/// # Errors
///
/// None: a trial that cannot be ended is tried again.
pub async fn prove(
    proof: Proof,
    privileges: Arc<dyn Privileges>,
    folder: &Path,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let Some(trial) = trial::trial(folder).filter(|trial| trial.version == crate::VERSION) else {
        return Ok(());
    };
    tracing::info!(version = trial.version, "this version is on trial until the hub confirms a record that it made");
    tokio::select! {
        () = stopping.cancelled() => return Ok(()),
        () = proof.come() => {}
    }
    loop {
        match privileges.act(Verb::KeepAgent { id: trial.id.clone() }).await {
            Ok(()) => {
                tracing::info!(version = trial.version, "this version has proved itself and stays");
                return Ok(());
            }
            Err(error) => tracing::warn!("the trial of this version could not be ended yet: {error}"),
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}
