//! Proves that the agent works with settings on trial: it is connected, and the hub holds a record made with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use vigie_shared::config::Sources;
use vigie_shared::id::QueueId;
use vigie_shared::lifecycle::Lifecycle;

use super::{Fate, Layers, Trial};
use crate::journal::Journal;
use crate::outbox::LaneState;
use crate::status::Board;

/// What an agent can do about its own settings. Clones share it.
#[derive(Clone)]
pub struct Upkeep {
    /// The owner's files.
    pub sources: Sources,
    /// What the hub made.
    pub layers: Layers,
    /// What this start tries.
    pub trial: Option<Trial>,
    restart: Restart,
    is_kept: watch::Sender<bool>,
}

/// Asks the program to begin anew, with settings read anew.
#[derive(Clone)]
pub struct Restart {
    lifecycle: Lifecycle,
    is_wanted: Arc<AtomicBool>,
}

impl Restart {
    /// Stops this lifecycle when asked.
    #[must_use]
    pub fn new(lifecycle: &Lifecycle) -> Self {
        Self { lifecycle: lifecycle.clone(), is_wanted: Arc::default() }
    }

    /// Ends everything softly.
    pub fn request(&self) {
        self.is_wanted.store(true, Ordering::SeqCst);
        self.lifecycle.stop();
    }

    /// Whether the end was asked for in order to begin anew.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::SeqCst)
    }
}

impl Upkeep {
    /// For an agent that runs with `trial`.
    #[must_use]
    pub fn new(sources: Sources, layers: Layers, trial: Option<Trial>, restart: Restart) -> Self {
        Self { sources, layers, trial, restart, is_kept: watch::Sender::default() }
    }

    /// Begins anew.
    pub fn restart(&self) {
        self.restart.request();
    }

    /// How the trial of a command's settings ended, once it has. A start whose settings are undone never says so: it
    /// may not be able to keep a word. The next one does.
    pub async fn fate(&self, command: &str) -> Fate {
        let is_tried = self.trial.as_ref().is_some_and(|trial| trial.made.command == command);
        if is_tried && self.is_kept.subscribe().wait_for(|is_kept| *is_kept).await.is_err() {
            return Fate::Unknown;
        }
        self.layers.fate(command)
    }
}

/// What the proof is taken from.
pub struct Proof {
    /// The lanes as they were before this start made its first record.
    pub before: Vec<Standing>,
    /// The lanes.
    pub journal: Journal,
    /// The way to the hub.
    pub board: Board,
    /// Time for the proof.
    pub limit: Duration,
}

/// Decides about what is on trial; returns at once if nothing is. What a stop interrupts goes on at the next start.
///
/// # Errors
///
/// None: settings that cannot be kept are undone.
pub async fn decide(upkeep: Upkeep, proof: Proof, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let Some(trial) = &upkeep.trial else { return Ok(()) };
    let command = &trial.made.command;
    tracing::info!(command.id = command, "new settings are on trial until the hub confirms a record made with them");
    let reason = tokio::select! {
        () = lifecycle.stopping().cancelled_owned() => return Ok(()),
        () = proved(&proof) => match upkeep.layers.keep(&trial.made) {
            Ok(()) => {
                tracing::info!(command.id = command, "the new settings have proved themselves and stay");
                upkeep.is_kept.send_replace(true);
                return Ok(());
            }
            Err(error) => format!("the disk failed: {error}"),
        },
        () = tokio::time::sleep(proof.limit) => {
            let said = proof.board.link().last_error.map_or(String::new(), |error| format!(" ({error})"));
            format!("the hub did not confirm a record made with them within {} s{said}", proof.limit.as_secs())
        }
    };
    upkeep.layers.undo(command, &reason);
    upkeep.restart();
    Ok(())
}

async fn proved(proof: &Proof) {
    let mut changed = proof.journal.changes();
    while proof.board.link().last_receipt_ms.is_none() || !has_fresh_receipt(&proof.before, &standing(&proof.journal)) {
        if changed.changed().await.is_err() {
            // The journal is gone, and with it this process, soon.
            std::future::pending::<()>().await;
        }
    }
}

/// What a lane holds, and how much it ever gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    queue: QueueId,
    first: u64,
    last: u64,
    dropped: u64,
}

/// What each open lane holds at this moment.
#[must_use]
pub fn standing(journal: &Journal) -> Vec<Standing> {
    let depths = journal.depths();
    let dropped = |queue| depths.iter().find(|depth| depth.queue == queue).map_or(0, |depth| depth.dropped);
    let of = |lane: LaneState| Standing {
        queue: lane.queue,
        first: lane.first,
        last: lane.last,
        dropped: dropped(lane.queue),
    };
    journal.lanes().into_iter().map(of).collect()
}

/// Whether the hub took a record that did not exist before this start. A lane with a new name proves nothing, nor does
/// one that gave records up: those leave it without a receipt.
fn has_fresh_receipt(before: &[Standing], now: &[Standing]) -> bool {
    now.iter().any(|now| {
        let before = before.iter().find(|before| (before.queue, before.dropped) == (now.queue, now.dropped));
        before.is_some_and(|before| now.first > before.last + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(queue: u8, first: u64, last: u64) -> Standing {
        Standing { queue: QueueId([queue; 16]), first, last, dropped: 0 }
    }

    #[test]
    fn only_a_receipt_for_a_record_of_this_start_is_a_proof() {
        let before = [lane(1, 5, 9)];
        assert!(!has_fresh_receipt(&before, &[lane(1, 5, 12)]), "made, not confirmed");
        assert!(!has_fresh_receipt(&before, &[lane(1, 10, 12)]), "only the old ones are confirmed");
        assert!(has_fresh_receipt(&before, &[lane(1, 11, 12)]));
        assert!(!has_fresh_receipt(&before, &[lane(2, 20, 22)]), "another lane");
        let dropping = Standing { dropped: 3, ..lane(1, 11, 12) };
        assert!(!has_fresh_receipt(&before, &[dropping]), "a lane without room lets records go");
    }
}
