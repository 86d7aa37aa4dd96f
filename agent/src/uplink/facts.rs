//! Tells the hub what this machine is, at a connection if that is not what it was told last. Nothing depends on it, so it
//! may fail.

use std::sync::{Arc, Mutex, PoisonError};

use vigie_shared::enrol::BoxFacts;
use vigie_shared::lifecycle::Lifecycle;

use crate::identity::{Identity, enrol};

/// What the hub knows, or is being told.
#[derive(Clone, Default)]
pub(super) struct Facts {
    told: Arc<Mutex<Option<BoxFacts>>>,
}

impl Facts {
    /// Tells the hub beside everything else, unless it knows; a failure is tried again at the next call.
    pub(super) fn tell(&self, identity: &Identity, now_ms: i64, lifecycle: &Lifecycle) {
        let facts = enrol::box_facts();
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).replace(facts.clone()).as_ref() == Some(&facts) {
            return;
        }
        let (this, identity, stopping) = (self.clone(), identity.clone(), lifecycle.stopping());
        lifecycle.spawn_detached(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                told = enrol::tell_facts(&identity, &facts, now_ms) => if let Err(error) = told {
                    tracing::debug!("the hub was not told what this machine is: {error:#}");
                    *this.told.lock().unwrap_or_else(PoisonError::into_inner) = None;
                }
            }
        });
    }
}
