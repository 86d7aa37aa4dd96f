//! Alerts and incidents in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Memory, State};
use crate::alerts::alert::Alert;
use crate::alerts::book::Turn;
use crate::alerts::incident::Incident;
use crate::alerts::news::News;
use crate::alerts::silence::Silence;
use crate::store::StoreError;
use crate::store::alerts::{AlertFilter, Alerts, Undone};
use crate::store::commands::{CommandState, StoredCommand};
use crate::store::diary::Entry;

#[derive(Debug, Clone, Default)]
pub(super) struct AlertTables {
    /// With whether it is history.
    alerts: BTreeMap<u64, (Alert, bool)>,
    incidents: BTreeMap<String, Incident>,
    /// With whether it was told.
    news: BTreeMap<(String, u32), (News, bool)>,
    silences: BTreeMap<u64, Silence>,
    last_silence: u64,
}

impl AlertTables {
    fn save(&mut self, turn: &Turn) {
        for (alerts, is_past) in [(&turn.saved, false), (&turn.past, true)] {
            self.alerts.extend(alerts.iter().map(|alert| (alert.no, (alert.clone(), is_past))));
        }
        for no in &turn.dropped {
            self.alerts.remove(no);
        }
        self.incidents.extend(turn.incidents.iter().map(|incident| (incident.id.clone(), incident.clone())));
        for id in &turn.dropped_incidents {
            self.incidents.remove(id);
        }
        for news in &turn.news {
            self.news.entry((news.incident.clone(), news.number)).or_insert_with(|| (news.clone(), false));
        }
    }

    /// Forgets what ended before a moment.
    pub(super) fn forget(&mut self, before_ms: i64) -> usize {
        let is_old = |ended_ms: Option<i64>| ended_ms.is_some_and(|ended_ms| ended_ms < before_ms);
        let count = self.alerts.len() + self.incidents.len() + self.silences.len();
        self.alerts.retain(|_, (alert, is_past)| !(*is_past && is_old(alert.ended_ms)));
        self.incidents.retain(|_, incident| !is_old(incident.closed_ms));
        self.silences.retain(|_, silence| silence.until_ms >= before_ms);
        let known = &self.incidents;
        self.news.retain(|(incident, _), _| known.contains_key(incident));
        count - (self.alerts.len() + self.incidents.len() + self.silences.len())
    }
}

fn undone(state: &State, after_ms: i64) -> Vec<Undone> {
    let of_state =
        |command: &&StoredCommand| command.state == CommandState::RolledBack && command.changed_ms > after_ms;
    let mut undone: Vec<Undone> = state
        .commands
        .values()
        .filter(of_state)
        .map(|command| Undone {
            site: command.site.clone(),
            id: command.id,
            kind: command.kind.clone(),
            at_ms: command.changed_ms,
            detail: command.detail.clone(),
        })
        .collect();
    undone.sort_by_key(|one| (one.at_ms, one.id));
    undone
}

#[async_trait]
impl Alerts for Memory {
    async fn save_alerts(&self, turn: &Turn, entries: &[Entry]) -> Result<(), StoreError> {
        self.write(|state| {
            state.alerts.save(turn);
            entries.iter().for_each(|entry| state.people.write(entry.clone()));
            Ok(())
        })
    }

    async fn present_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let present = |(alert, is_past): &(Alert, bool)| (!is_past).then(|| alert.clone());
        Ok(self.read(|state| state.alerts.alerts.values().filter_map(present).collect()))
    }

    async fn next_alert(&self) -> Result<u64, StoreError> {
        Ok(self.read(|state| state.alerts.alerts.keys().next_back().map_or(1, |no| no + 1)))
    }

    async fn alerts(&self, filter: &AlertFilter, before: Option<u64>, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let is_asked =
            |alert: &&Alert| alert.fired_ms > 0 && before.is_none_or(|before| alert.no < before) && filter.fits(alert);
        Ok(self.read(|state| {
            let newest = state.alerts.alerts.values().rev().map(|(alert, _)| alert);
            newest.filter(is_asked).take(limit).cloned().collect()
        }))
    }

    async fn alert(&self, no: u64) -> Result<Option<Alert>, StoreError> {
        Ok(self.read(|state| state.alerts.alerts.get(&no).map(|(alert, _)| alert.clone())))
    }

    async fn incidents_since(&self, closed_ms: i64) -> Result<Vec<Incident>, StoreError> {
        let is_asked = |incident: &&Incident| incident.closed_ms.is_none_or(|ended_ms| ended_ms > closed_ms);
        Ok(self.read(|state| state.alerts.incidents.values().filter(is_asked).cloned().collect()))
    }

    async fn incidents(&self, before: Option<&str>, limit: usize) -> Result<Vec<Incident>, StoreError> {
        let is_asked = |incident: &&Incident| before.is_none_or(|before| incident.id.as_str() < before);
        Ok(self.read(|state| state.alerts.incidents.values().rev().filter(is_asked).take(limit).cloned().collect()))
    }

    async fn incident(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        Ok(self.read(|state| state.alerts.incidents.get(id).cloned()))
    }

    async fn news_of(&self, incident: &str) -> Result<Vec<News>, StoreError> {
        let is_asked = |((of, _), _): &(&(String, u32), &(News, bool))| of == incident;
        Ok(self.read(|state| state.alerts.news.iter().filter(is_asked).map(|(_, (news, _))| news.clone()).collect()))
    }

    async fn untold(&self, limit: usize) -> Result<Vec<News>, StoreError> {
        let untold = |(news, is_told): &(News, bool)| (!is_told).then(|| news.clone());
        let mut all: Vec<News> = self.read(|state| state.alerts.news.values().filter_map(untold).collect());
        all.sort_by(|a, b| (a.at_ms, &a.incident, a.number).cmp(&(b.at_ms, &b.incident, b.number)));
        all.truncate(limit);
        Ok(all)
    }

    async fn mark_told(&self, incident: &str, number: u32) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some((_, is_told)) = state.alerts.news.get_mut(&(incident.to_owned(), number)) {
                *is_told = true;
            }
            Ok(())
        })
    }

    async fn add_silence(&self, silence: &Silence) -> Result<u64, StoreError> {
        self.write(|state| {
            state.alerts.last_silence += 1;
            let no = state.alerts.last_silence;
            state.alerts.silences.insert(no, Silence { no, ..silence.clone() });
            Ok(no)
        })
    }

    async fn silences(&self, after_ms: i64) -> Result<Vec<Silence>, StoreError> {
        let is_asked = |silence: &&Silence| silence.until_ms > after_ms;
        Ok(self.read(|state| state.alerts.silences.values().filter(is_asked).cloned().collect()))
    }

    async fn remove_silence(&self, no: u64) -> Result<bool, StoreError> {
        self.write(|state| Ok(state.alerts.silences.remove(&no).is_some()))
    }

    async fn undone_since(&self, after_ms: i64, limit: usize) -> Result<Vec<Undone>, StoreError> {
        Ok(self.read(|state| undone(state, after_ms).into_iter().take(limit).collect()))
    }
}
