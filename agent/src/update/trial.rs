//! Proves that the agent that an update brought works: it is connected, and the hub holds a record that it made itself.
//!
//! Nobody decides here to go back: if the proof does not come, the guard outside this program takes the version back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::journal::Journal;
use crate::outbox::LaneState;
use crate::privileged::{Privileges, Verb, trial};
use crate::status::Board;

/// Pause before the part that runs as root is asked again.
const AGAIN: Duration = Duration::from_secs(10);

/// What the proof is taken from.
pub struct Proof {
    /// The lanes as they were before this start made its first record.
    pub before: Vec<LaneState>,
    /// The lanes.
    pub journal: Journal,
    /// The way to the hub.
    pub board: Board,
    /// Ends the trial.
    pub privileges: Arc<dyn Privileges>,
}

/// Ends the trial of this version once it has proved itself; returns at once if it is not on trial.
///
/// # Errors
///
/// None: a trial that cannot be ended is tried again.
pub async fn prove(proof: Proof, folder: &Path, stopping: CancellationToken) -> anyhow::Result<()> {
    let Some(trial) = trial::trial(folder).filter(|trial| trial.version == env!("CARGO_PKG_VERSION")) else {
        return Ok(());
    };
    tracing::info!(version = trial.version, "this version is on trial until the hub confirms a record that it made");
    tokio::select! {
        () = stopping.cancelled() => return Ok(()),
        () = proved(&proof) => {}
    }
    loop {
        match proof.privileges.act(Verb::KeepAgent { id: trial.id.clone() }).await {
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

async fn proved(proof: &Proof) {
    let mut changed = proof.journal.changes();
    while proof.board.link().last_receipt_ms.is_none() || !has_fresh_receipt(&proof.before, &proof.journal.lanes()) {
        if changed.changed().await.is_err() {
            // The journal is gone, and with it this process, soon.
            std::future::pending::<()>().await;
        }
    }
}

/// Pure: whether a record is gone from its lane that did not exist before this start. Records leave by a receipt; the
/// oldest are dropped from a full lane too, but a whole lane is not within a trial.
fn has_fresh_receipt(before: &[LaneState], now: &[LaneState]) -> bool {
    now.iter().any(|now| {
        let before = before.iter().find(|before| before.queue == now.queue);
        before.is_some_and(|before| now.first > before.last + 1)
    })
}

#[cfg(test)]
mod tests {
    use vigie_shared::id::QueueId;
    use vigie_shared::wire::Lane;

    use super::*;

    fn lane(queue: u8, first: u64, last: u64) -> LaneState {
        LaneState { lane: Lane::Telemetry, queue: QueueId([queue; 16]), first, last }
    }

    #[test]
    fn only_a_receipt_for_a_record_of_this_start_is_a_proof() {
        let before = [lane(1, 5, 9)];
        assert!(!has_fresh_receipt(&before, &before));
        assert!(!has_fresh_receipt(&before, &[lane(1, 5, 12)]), "made, not confirmed");
        assert!(!has_fresh_receipt(&before, &[lane(1, 10, 12)]), "only the old ones are confirmed");
        assert!(has_fresh_receipt(&before, &[lane(1, 11, 12)]));
        assert!(!has_fresh_receipt(&[lane(1, 10, 9)], &[lane(1, 10, 9)]), "an empty lane proves nothing");
    }

    #[test]
    fn a_lane_that_took_a_new_name_proves_nothing() {
        assert!(!has_fresh_receipt(&[lane(1, 5, 9)], &[lane(2, 20, 22)]));
    }
}
