//! Tells the hub what this machine is, once for each start of the agent. Nothing depends on it, so it may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vigie_shared::lifecycle::Lifecycle;

use crate::identity::{Identity, enrol};

/// Whether the hub knows, or is being told.
#[derive(Clone, Default)]
pub(super) struct Facts {
    is_told: Arc<AtomicBool>,
}

impl Facts {
    /// Tells the hub beside everything else, unless that was done; a failure is tried again at the next call.
    pub(super) fn tell(&self, identity: &Identity, now_ms: i64, lifecycle: &Lifecycle) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let (this, identity, stopping) = (self.clone(), identity.clone(), lifecycle.stopping());
        lifecycle.spawn_detached(async move {
            let facts = enrol::box_facts();
            tokio::select! {
                () = stopping.cancelled() => {}
                told = enrol::tell_facts(&identity, &facts, now_ms) => if let Err(error) = told {
                    tracing::debug!("the hub was not told what this machine is: {error:#}");
                    this.is_told.store(false, Ordering::Relaxed);
                }
            }
        });
    }
}
