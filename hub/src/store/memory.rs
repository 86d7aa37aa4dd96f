//! Adapter: the store in memory, a twin for tests and the simulated fleet. It passes the same contract suite.
//!
//! It can be told to fail, and a copy of its state can be taken and put back, as a backup is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::StoreError;

mod alerts;
mod attendance;
mod audit;
mod commands;
mod connectors;
mod days;
mod disputes;
mod factors;
mod facts;
mod jobs;
mod machines;
mod media;
mod numbers;
mod outbox;
mod people;
mod projections;
mod registry;
mod releases;
mod rollouts;
mod sessions;
mod sites;
mod step;
mod strips;
mod timetable;
mod upkeep;

/// The store in memory.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

/// Everything that a [`Memory`] holds.
#[derive(Debug, Clone, Default)]
pub struct State {
    facts: facts::FactTables,
    sites: sites::SiteTables,
    media: media::MediaTables,
    people: people::PeopleTables,
    sessions: sessions::SessionTable,
    factors: factors::FactorTable,
    acts: audit::ActTable,
    projections: projections::ProjectionTables,
    /// What settled records amount to.
    kept: projections::ProjectionTables,
    attendance: attendance::AttendanceTables,
    /// What settled records amount to.
    kept_attendance: attendance::AttendanceTables,
    places: attendance::Places,
    strips: strips::StripTables,
    /// What settled records amount to.
    kept_strips: strips::StripTables,
    machines: machines::MachineTables,
    /// What settled records amount to.
    kept_machines: machines::MachineTables,
    forgotten_machines: machines::Forgotten,
    registry: registry::RegistryTables,
    days: days::DayTables,
    disputes: disputes::DisputeTable,
    timetable: timetable::TimetableTables,
    hours: upkeep::Hours,
    commands: commands::CommandTable,
    releases: releases::ReleaseTables,
    rollouts: rollouts::RolloutTable,
    connectors: connectors::ConnectorTable,
    jobs: jobs::JobTable,
    numbers: numbers::NumberTables,
    alerts: alerts::AlertTables,
    outbox: outbox::LetterTable,
    is_failing: bool,
}

impl Memory {
    /// A copy of everything, as a backup is.
    #[must_use]
    pub fn snapshot(&self) -> State {
        self.lock().clone()
    }

    /// Puts a copy back: whatever came after it is gone.
    pub fn restore(&self, state: State) {
        *self.lock() = state;
    }

    /// From now on every write fails and changes nothing, or works again.
    pub fn fail(&self, is_failing: bool) {
        self.lock().is_failing = is_failing;
    }

    /// Looks at a state.
    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, or leaves it as it was.
    fn write<T>(&self, change: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut state = self.lock();
        if state.is_failing {
            return Err(StoreError::Failed(anyhow::anyhow!("the store was told to fail")));
        }
        change(&mut state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
