//! From fresh punches to jobs: every punch once, also those that arrive late.

use std::collections::BTreeSet;
use std::sync::Arc;

use vigie_shared::units::ms;

use super::talk::{Halt, Talk};
use crate::connectors::mapping::{PushMapping, Unit};
use crate::connectors::rows::{LOOK_BACK_MS, Look, compare, is_wanted, joined, single};
use crate::store::attendance::{Punch, PunchFilter, PunchKey};

/// Punches that are looked at in one step.
const STEP_PUNCHES: usize = 500;

/// Punches of one person around a fresh one: two weeks, and nobody punches more than a hundred times a day.
const PERSON_PUNCHES_MAX: usize = 1500;

/// Punches that one look over everything takes in.
const SWEEP_PUNCHES_MAX: usize = 20_000;

impl Talk<'_> {
    /// Makes jobs of the punches that arrived since the last round.
    pub(super) async fn feed(&mut self) -> Result<(), Halt> {
        let mapping = Arc::clone(&self.mapping);
        let Some(push) = &mapping.push else { return Ok(()) };
        // Days of presence are handed over by whoever computes them.
        if push.unit == Unit::Presence {
            return self.sweep(push).await;
        }
        loop {
            let punches = self.parts.store.punches_after(self.standing.cursor, STEP_PUNCHES).await?;
            let Some(last) = punches.last().map(|punch| punch.order) else { break };
            let wanted: Vec<Punch> =
                punches.into_iter().filter(|punch| is_wanted(&self.connector, push, punch)).collect();
            match push.unit {
                Unit::Punch | Unit::Event => self.feed_single(push, wanted).await?,
                Unit::Span | Unit::Day => self.feed_joined(push, &wanted).await?,
                Unit::Presence => {}
            }
            self.standing.cursor = last;
            self.keep_standing().await?;
        }
        self.sweep(push).await
    }

    async fn feed_single(&mut self, push: &PushMapping, wanted: Vec<Punch>) -> Result<(), Halt> {
        let fresh: BTreeSet<PunchKey> = wanted.iter().map(|punch| punch.key).collect();
        let needs_others = push.unit == Unit::Event && wanted.iter().any(|punch| punch.direction.is_none());
        let around = if needs_others {
            let mut around = Vec::new();
            for (enrol_id, from_ms) in firsts(&wanted) {
                around.extend(self.punches_of(push, enrol_id, from_ms.saturating_sub(LOOK_BACK_MS)).await?);
            }
            around
        } else {
            wanted
        };
        let jobs = single(push, &fresh, &around);
        let added = self.parts.store.add_jobs(&self.connector.name, &jobs, self.now_ms()).await?;
        self.count("added", added);
        Ok(())
    }

    async fn feed_joined(&mut self, push: &PushMapping, wanted: &[Punch]) -> Result<(), Halt> {
        for (enrol_id, first_ms) in firsts(wanted) {
            let from_ms = first_ms.saturating_sub(push.span_ms_max);
            let punches = self.punches_of(push, enrol_id, first_ms.saturating_sub(LOOK_BACK_MS)).await?;
            let (mapping, now_ms) = (Arc::clone(&self.mapping), self.now_ms());
            let look = Look { enrol_id, from_ms, now_ms, zone: &mapping.zone };
            let amounts = joined(push, &punches.iter().collect::<Vec<_>>(), &look);
            let existing = self.parts.store.person_jobs(&self.connector.name, enrol_id, from_ms).await?;
            let turn = compare(push, amounts, &existing, &look);
            self.parts.store.save_jobs(&turn.change).await?;
            let added = self.parts.store.add_jobs(&self.connector.name, &turn.add, now_ms).await?;
            self.count("added", added);
        }
        Ok(())
    }

    /// Looks over everything now and then: an IN is forgotten because time passes and not because a punch arrives,
    /// and without a list of people nothing else frees what waits for them.
    async fn sweep(&mut self, push: &PushMapping) -> Result<(), Halt> {
        let now_ms = self.now_ms();
        let every_ms = ms(self.parts.config.retry_max);
        if self.standing.swept_ms.is_some_and(|swept_ms| now_ms - swept_ms < every_ms) {
            return Ok(());
        }
        if matches!(push.unit, Unit::Span | Unit::Day) {
            let from_ms = now_ms.saturating_sub(push.span_ms_max.saturating_mul(3));
            let filter = PunchFilter { from_ms: Some(from_ms), only_counting: true, ..PunchFilter::default() };
            let recent = self.parts.store.punches(&filter, None, SWEEP_PUNCHES_MAX).await?;
            let wanted: Vec<Punch> =
                recent.into_iter().filter(|punch| is_wanted(&self.connector, push, punch)).collect();
            self.feed_joined(push, &wanted).await?;
        }
        if self.mapping.people.is_none() {
            self.parts.store.unpark(&self.connector.name, now_ms).await?;
        }
        self.standing.swept_ms = Some(now_ms);
        self.keep_standing().await
    }

    async fn punches_of(&self, push: &PushMapping, enrol_id: u64, from_ms: i64) -> Result<Vec<Punch>, Halt> {
        let filter = PunchFilter {
            enrol_id: Some(enrol_id),
            from_ms: Some(from_ms),
            only_counting: true,
            ..PunchFilter::default()
        };
        let punches = self.parts.store.punches(&filter, None, PERSON_PUNCHES_MAX).await?;
        Ok(punches.into_iter().filter(|punch| is_wanted(&self.connector, push, punch)).collect())
    }
}

/// Whose punches, and the moment of the first of each.
fn firsts(punches: &[Punch]) -> std::collections::BTreeMap<u64, i64> {
    let mut firsts = std::collections::BTreeMap::new();
    for punch in punches {
        if let (Some(enrol_id), Some(at_ms)) = (punch.enrol_id, punch.at_ms) {
            let first_ms = firsts.entry(enrol_id).or_insert(at_ms);
            *first_ms = at_ms.min(*first_ms);
        }
    }
    firsts
}
