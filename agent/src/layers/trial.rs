//! Proves that the agent works with settings on trial: it is connected, and the hub holds a record made with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use vigie_shared::config::Sources;
use vigie_shared::lifecycle::Lifecycle;

use super::{Fate, Layers, Trial};
use crate::proof::Proof;

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

/// Decides about what is on trial; returns at once if nothing is. What a stop interrupts goes on at the next start.
///
/// # Errors
///
/// None: settings that cannot be kept are undone.
pub async fn decide(upkeep: Upkeep, proof: Proof, limit: Duration, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let Some(trial) = &upkeep.trial else { return Ok(()) };
    let command = &trial.made.command;
    tracing::info!(command.id = command, "new settings are on trial until the hub confirms a record made with them");
    let reason = tokio::select! {
        () = lifecycle.stopping().cancelled_owned() => return Ok(()),
        () = proof.come() => match upkeep.layers.keep(&trial.made) {
            Ok(()) => {
                tracing::info!(command.id = command, "the new settings have proved themselves and stay");
                upkeep.is_kept.send_replace(true);
                return Ok(());
            }
            Err(error) => format!("the disk failed: {error}"),
        },
        () = tokio::time::sleep(limit) => {
            let said = proof.board.link().last_error.map_or(String::new(), |error| format!(" ({error})"));
            format!("the hub did not confirm a record made with them within {} s{said}", limit.as_secs())
        }
    };
    upkeep.layers.undo(command, &reason);
    upkeep.restart();
    Ok(())
}
