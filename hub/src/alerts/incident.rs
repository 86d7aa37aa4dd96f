//! Pure: what belongs together is told together, and when.
//!
//! An incident gathers alerts for a first wait, then it is told; what is over by then is never told. Alerts of a site
//! join its incident; while one gathers, everything joins it, so that an outage of a hundred boxes is one. What comes to
//! it is told at most every few minutes, what nobody acknowledges again after hours, and its end once all of it has been
//! over for a while: longer for what comes back again and again. Whatever flaps, few incidents are told in an hour: more
//! join the youngest, and none ends before there is room for the next.

use serde::{Deserialize, Serialize};

use super::alert::{Alert, Key, Stage};
use super::book::{Around, Book};
use super::news::{News, Phase, Severity};
use vigie_shared::units::ms;

/// Incidents that are told within [`OPENINGS_MS`].
pub const OPENINGS_MAX: usize = 6;

/// See [`OPENINGS_MAX`]; and for so long it is remembered what an incident was about, so that what comes back is known.
pub const OPENINGS_MS: i64 = 60 * 60 * 1000;

/// Incidents at a time: more than anybody can follow.
pub const LIVE_MAX: usize = 50;

/// What many sites can have for one cause joins an older incident of its site only so long after that was told.
const ROOT_JOINS_MS: i64 = 60 * 60 * 1000;

/// What people are told together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name: when it was made, UTC. Never used again.
    pub id: String,
    /// How far it is.
    pub stage: IncidentStage,
    /// When the first of it began, milliseconds since 1970 UTC.
    pub began_ms: i64,
    /// When it was told first.
    pub opened_ms: Option<i64>,
    /// When it was told last.
    pub told_ms: Option<i64>,
    /// When it ended.
    pub closed_ms: Option<i64>,
    /// News that were told of it.
    pub number: u32,
    /// The gravest that it had.
    pub severity: Severity,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStage {
    /// Nobody was told yet.
    Gathering,
    /// It was told.
    Open,
    /// Its end was told.
    Closed,
}

impl IncidentStage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Gathering, Self::Open, Self::Closed];
}

impl Incident {
    /// Whether it is not over.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.stage != IncidentStage::Closed
    }
}

impl Book {
    /// Puts alerts into incidents and says what people are to be told.
    pub(super) fn tell(&mut self, around: &Around<'_>) -> Vec<News> {
        self.join(around);
        self.let_untold_go();
        let live: Vec<String> = self.live().map(|incident| incident.id.clone()).collect();
        let news = live.iter().filter_map(|id| self.news_of(id, around)).collect();
        self.let_told_go(around.facts.now_ms);
        news
    }

    fn live(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.is_live())
    }

    fn join(&mut self, around: &Around<'_>) {
        let waiting = self.alerts.values().filter(|alert| alert.is_news() && alert.incident.is_none());
        let waiting: Vec<Key> = waiting.map(|alert| alert.key.clone()).collect();
        for key in waiting {
            let id = self.incident_for(&key, around).unwrap_or_else(|| self.begin(around.facts.now_ms));
            if let Some(alert) = self.alerts.get_mut(&key) {
                alert.incident = Some(id);
            }
        }
    }

    /// The incident that an alert joins; none if it is the first of one.
    fn incident_for(&self, key: &Key, around: &Around<'_>) -> Option<String> {
        let now_ms = around.facts.now_ms;
        let is_root = around.rules.iter().any(|armed| armed.name == key.rule && armed.rule.is_root());
        let is_young = |incident: &Incident| {
            incident.opened_ms.is_none_or(|opened_ms| now_ms.saturating_sub(opened_ms) < ROOT_JOINS_MS)
        };
        let of_site =
            self.live().filter(|incident| self.concerns_site(incident, key) && (!is_root || is_young(incident)));
        let gathering = || self.live().find(|incident| incident.stage == IncidentStage::Gathering);
        let is_crowded = self.openings(now_ms) >= OPENINGS_MAX || self.live().count() >= LIVE_MAX;
        let youngest = || self.live().last().filter(|_| is_crowded);
        of_site.last().or_else(gathering).or_else(youngest).map(|incident| incident.id.clone())
    }

    fn concerns_site(&self, incident: &Incident, key: &Key) -> bool {
        let is_there = |alert: &Alert| alert.incident.as_ref() == Some(&incident.id) && alert.key.site == key.site;
        key.site.is_some() && self.alerts.values().any(is_there)
    }

    fn openings(&self, now_ms: i64) -> usize {
        let is_recent = |opened_ms: i64| now_ms.saturating_sub(opened_ms) < OPENINGS_MS;
        self.incidents.values().filter(|incident| incident.opened_ms.is_some_and(is_recent)).count()
    }

    fn begin(&mut self, now_ms: i64) -> String {
        let made = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let made = made.strftime("%Y%m%d-%H%M%S").to_string();
        // A second one in the same second has another name.
        let mut names = std::iter::once(made.clone()).chain((2_u64..).map(|number| format!("{made}-{number}")));
        let id = names.find(|id| !self.incidents.contains_key(id)).unwrap_or_default();
        let incident = Incident {
            id: id.clone(),
            stage: IncidentStage::Gathering,
            began_ms: now_ms,
            opened_ms: None,
            told_ms: None,
            closed_ms: None,
            number: 0,
            severity: Severity::Warning,
        };
        self.incidents.insert(id.clone(), incident);
        id
    }

    /// What is over and was never told leaves its incident, and an incident that nobody is in is none.
    fn let_untold_go(&mut self) {
        self.let_go(|alert| alert.stage == Stage::Over && alert.told.is_none());
        let taken: Vec<&String> = self.alerts.values().filter_map(|alert| alert.incident.as_ref()).collect();
        self.incidents.retain(|id, incident| incident.stage != IncidentStage::Gathering || taken.contains(&id));
    }

    /// What was told long enough ago to be over is history.
    fn let_told_go(&mut self, now_ms: i64) {
        let is_past = |closed_ms: i64| now_ms.saturating_sub(closed_ms) >= OPENINGS_MS;
        self.incidents.retain(|_, incident| !incident.closed_ms.is_some_and(is_past));
        let kept: Vec<String> = self.incidents.keys().cloned().collect();
        self.let_go(|alert| alert.stage == Stage::Over && alert.incident.as_ref().is_some_and(|id| !kept.contains(id)));
    }

    /// What is to be told of an incident at this moment, if anything.
    fn news_of(&mut self, id: &str, around: &Around<'_>) -> Option<News> {
        let incident = self.incidents.get(id)?;
        let members: Vec<&Alert> = self.members(id).collect();
        let phase = match incident.stage {
            IncidentStage::Gathering => around.is_due(&members).then_some(Phase::Opened),
            IncidentStage::Open if self.is_over(incident, &members, around) => Some(Phase::Closed),
            IncidentStage::Open => around.goes_on(incident, &members).then_some(Phase::Continues),
            IncidentStage::Closed => None,
        };
        self.compose(id, phase?, around.facts.now_ms)
    }

    /// Whether all of it has been over for long enough, and there is room for the next incident.
    fn is_over(&self, incident: &Incident, members: &[&Alert], around: &Around<'_>) -> bool {
        let now_ms = around.facts.now_ms;
        let returns = members.iter().map(|alert| alert.returns).max().unwrap_or(0);
        let over_after_ms = around.telling.over_after_ms(returns);
        let is_over = |alert: &&Alert| {
            let ended_ms = alert.ended_ms.filter(|_| alert.stage == Stage::Over && !alert.is_ending_open);
            ended_ms.is_some_and(|ended_ms| now_ms.saturating_sub(ended_ms) >= over_after_ms)
        };
        let is_calm =
            incident.severity == Severity::Critical || members.iter().all(|alert| !around.is_quiet(&alert.key));
        members.iter().all(is_over) && is_calm && self.openings(now_ms) < OPENINGS_MAX
    }
}

impl Around<'_> {
    /// Whether the first wait of something that may be told is over.
    fn is_due(&self, members: &[&Alert]) -> bool {
        members.iter().any(|alert| self.may_tell(alert) && self.has_waited(alert))
    }

    /// Whether something came to an incident, or a part of it ended long ago, or nobody took it on.
    fn goes_on(&self, incident: &Incident, members: &[&Alert]) -> bool {
        let now_ms = self.facts.now_ms;
        let quiet_ms = incident.told_ms.map_or(i64::MAX, |told_ms| now_ms.saturating_sub(told_ms));
        if quiet_ms < ms(self.telling.more_after) {
            return false;
        }
        let is_more = |alert: &Alert| self.may_tell(alert) && alert.told < Some(alert.grade) && self.has_waited(alert);
        let is_end = |alert: &Alert| {
            let ended_ms = alert.ended_ms.filter(|_| alert.stage == Stage::Over && !alert.is_end_told);
            let is_long_ago = |ended_ms| now_ms.saturating_sub(ended_ms) >= ms(self.telling.ends_after);
            ended_ms.is_some_and(is_long_ago) && self.may_tell_now(alert)
        };
        let is_forgotten = |alert: &Alert| {
            let again_ms = self.telling.again_after_ms(alert.grade.severity);
            self.may_tell(alert) && alert.acknowledged.is_none() && quiet_ms >= again_ms
        };
        let lasts = members.iter().any(|alert| alert.is_firing());
        members.iter().any(|alert| is_more(alert) || is_forgotten(alert) || (lasts && is_end(alert)))
    }

    fn has_waited(&self, alert: &Alert) -> bool {
        self.facts.now_ms.saturating_sub(alert.fired_ms) >= ms(self.telling.first_wait)
    }

    /// Whether people may be told of something that fires: warnings wait in quiet hours.
    fn may_tell(&self, alert: &Alert) -> bool {
        alert.is_news() && self.may_tell_now(alert)
    }

    fn may_tell_now(&self, alert: &Alert) -> bool {
        alert.grade.severity == Severity::Critical || !self.is_quiet(&alert.key)
    }

    fn is_quiet(&self, key: &Key) -> bool {
        let zone = key.site.as_ref().and_then(|site| self.facts.sites.get(site)).map(|site| &site.zone);
        let zone = zone.unwrap_or(&self.facts.zone);
        self.telling.quiet.is_some_and(|hours| hours.hold(self.facts.now_ms, zone))
    }
}

#[cfg(test)]
mod tests;
