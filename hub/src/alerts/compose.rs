//! Pure: an incident's news, from the alerts in it.

use std::cmp::Reverse;

use super::alert::{Alert, Stage};
use super::book::Book;
use super::incident::IncidentStage;
use super::news::{LINES_MAX, Line, News, Phase};

impl Book {
    /// Everything that belongs to an incident.
    pub(super) fn members<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Alert> {
        self.alerts.values().filter(move |alert| alert.incident.as_deref() == Some(id))
    }

    /// Writes the next news of an incident, and remembers what was told.
    pub(super) fn compose(&mut self, id: &str, phase: Phase, now_ms: i64) -> Option<News> {
        let is_closed = phase == Phase::Closed;
        let told = |alert: &&mut Alert| alert.incident.as_deref() == Some(id) && is_told(alert, is_closed);
        let mut lines = Vec::new();
        for alert in self.alerts.values_mut().filter(told) {
            lines.push(alert.line());
            match alert.stage {
                Stage::Over => alert.is_end_told = true,
                Stage::Pending | Stage::Firing => alert.told = alert.told.max(Some(alert.grade)),
            }
        }
        lines.sort_by_key(|line| (Reverse(line.severity), line.ended_ms.is_some(), line.since_ms));
        let incident = self.incidents.get_mut(id)?;
        let gravest = lines.iter().map(|line| line.severity).max()?;
        incident.severity = incident.severity.max(gravest);
        incident.number += 1;
        incident.told_ms = Some(now_ms);
        match phase {
            Phase::Opened => {
                incident.stage = IncidentStage::Open;
                incident.opened_ms = Some(now_ms);
                incident.began_ms = began_ms(&lines, incident.began_ms);
            }
            Phase::Continues => {}
            Phase::Closed => (incident.stage, incident.closed_ms) = (IncidentStage::Closed, Some(now_ms)),
        }
        let more = u32::try_from(lines.len().saturating_sub(LINES_MAX)).unwrap_or(u32::MAX);
        lines.truncate(LINES_MAX);
        Some(News {
            incident: id.to_owned(),
            number: incident.number,
            phase,
            severity: incident.severity,
            began_ms: incident.began_ms,
            at_ms: now_ms,
            lines,
            more,
        })
    }
}

/// Whether an alert is told: what is wrong and not silenced before anybody heard of it; what ended since the last news,
/// and at the end all of it.
fn is_told(alert: &Alert, is_closed: bool) -> bool {
    match alert.stage {
        Stage::Pending => false,
        Stage::Firing => alert.told.is_some() || alert.is_news(),
        Stage::Over => is_closed || !alert.is_end_told,
    }
}

fn began_ms(lines: &[Line], made_ms: i64) -> i64 {
    lines.iter().map(|line| line.since_ms).min().map_or(made_ms, |first_ms| first_ms.min(made_ms))
}
