//! Pure: every alert and incident that is not yet history, and what one look at the facts makes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::alert::{Acknowledgement, Alert, Key, Mark, Stage};
use super::facts::Facts;
use super::incident::Incident;
use super::news::{News, Words};
use super::rules::{Armed, Seen};
use super::silence::{Silence, silence_of};
use super::state::{Keep, Look};
use super::telling::Telling;

/// Alerts at a time: what is seen beyond that is left out until others end. Thousands of boxes with several each.
pub const ALERTS_MAX: usize = 20_000;

/// What a look is made of.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// What is known, and when.
    pub facts: &'a Facts,
    /// The rules that are on.
    pub rules: &'a [Armed],
    /// What people do not want to be told of.
    pub silences: &'a [Silence],
    /// How often they are told.
    pub telling: &'a Telling,
}

/// Every alert and incident that is not yet history. What was told stays for an hour after its incident's end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Of each key the newest alert.
    pub alerts: BTreeMap<Key, Alert>,
    /// By name, so oldest first.
    pub incidents: BTreeMap<String, Incident>,
    /// The number of the next alert.
    pub next_no: u64,
    /// What became history in this turn.
    left: Vec<Alert>,
}

/// What a look changed: stored as a whole before anybody is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Alerts that are new or differ.
    pub saved: Vec<Alert>,
    /// Alerts that are history from now on, as they ended.
    pub past: Vec<Alert>,
    /// Numbers of alerts that never fired, and never will.
    pub dropped: Vec<u64>,
    /// Incidents that are new or differ.
    pub incidents: Vec<Incident>,
    /// Names of incidents that were over before anybody was told.
    pub dropped_incidents: Vec<String>,
    /// What people are to be told.
    pub news: Vec<News>,
}

impl Turn {
    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Book {
    /// The book as the store kept it.
    #[must_use]
    pub fn load(alerts: Vec<Alert>, incidents: Vec<Incident>, next_no: u64) -> Self {
        Self {
            alerts: alerts.into_iter().map(|alert| (alert.key.clone(), alert)).collect(),
            incidents: incidents.into_iter().map(|incident| (incident.id.clone(), incident)).collect(),
            next_no,
            left: Vec::new(),
        }
    }

    /// Looks at the facts: alerts move, incidents are made, told and closed.
    pub fn step(&mut self, around: &Around<'_>) -> Turn {
        let before = self.clone();
        self.judge(around);
        self.say_endings(around);
        for alert in self.alerts.values_mut().filter(|alert| alert.is_firing()) {
            alert.silence = silence_of(around.silences, &alert.key, around.facts.now_ms).map(|silence| silence.no);
        }
        let news = self.tell(around);
        self.turn(&before, news)
    }

    /// Somebody takes on what fires: the alert of that number, or all of that incident. Nobody is told of it again unless
    /// it becomes graver.
    pub fn acknowledge(&mut self, is_meant: impl Fn(&Alert) -> bool, by: &Acknowledgement) -> Turn {
        let before = self.clone();
        for alert in self.alerts.values_mut().filter(|alert| alert.is_firing() && is_meant(alert)) {
            alert.acknowledged = Some(by.clone());
        }
        self.turn(&before, Vec::new())
    }

    /// Makes history of alerts.
    pub(super) fn let_go(&mut self, is_past: impl Fn(&Alert) -> bool) {
        let past: Vec<Key> = self.alerts.values().filter(|alert| is_past(alert)).map(|one| one.key.clone()).collect();
        self.left.extend(past.iter().filter_map(|key| self.alerts.remove(key)));
    }

    fn judge(&mut self, around: &Around<'_>) {
        let mut judged = BTreeSet::new();
        for armed in around.rules {
            let seen = armed.rule.look(around.facts);
            for one in seen.iter().filter(|one| can_tell(armed, one.site.as_ref(), around.facts)) {
                let (rule, site, subject) = (armed.name.to_owned(), one.site.clone(), one.subject.clone());
                let key = Key { rule, site, subject };
                self.on_seen(&key, (armed, one), around.facts);
                judged.insert(key);
            }
        }
        let rest: Vec<Key> = self.alerts.keys().filter(|key| !judged.contains(*key)).cloned().collect();
        for key in rest {
            self.on_unseen(&key, around);
        }
    }

    fn on_seen(&mut self, key: &Key, (armed, seen): (&Armed, &Seen), facts: &Facts) {
        let mark: Option<Mark> = key.site.as_ref().and_then(|site| facts.sites.get(site)).map(|site| site.mark);
        let look = Look { seen, after_ms: armed.rule.after_ms(), mark, now_ms: facts.now_ms };
        let Some(alert) = self.alerts.get_mut(key) else {
            self.begin_alert(key, &look);
            return;
        };
        let before = alert.clone();
        if alert.on_seen(&look) == Keep::No {
            self.alerts.remove(key);
            return;
        }
        let is_told_over =
            before.incident.as_ref().is_none_or(|id| self.incidents.get(id).is_none_or(|one| !one.is_live()));
        if before.stage == Stage::Over && alert.is_firing() && is_told_over {
            *alert = Alert {
                no: self.next_no,
                since_ms: before.returning_ms.or(seen.since_ms).unwrap_or(facts.now_ms),
                incident: None,
                told: None,
                returns: before.returns.saturating_add(1),
                ..alert.clone()
            };
            self.next_no += 1;
            self.left.push(before);
        }
    }

    fn begin_alert(&mut self, key: &Key, look: &Look<'_>) {
        if look.seen.reached.is_none() || self.alerts.len() >= ALERTS_MAX {
            return;
        }
        let since_ms = look.seen.since_ms.unwrap_or(look.now_ms);
        let mut alert = Alert::pending(self.next_no, key.clone(), look.seen.name.clone(), since_ms);
        alert.on_seen(look);
        self.next_no += 1;
        self.alerts.insert(key.clone(), alert);
    }

    fn on_unseen(&mut self, key: &Key, around: &Around<'_>) {
        let (facts, armed) = (around.facts, around.rules.iter().find(|armed| armed.name == key.rule));
        let is_gone = key.site.as_ref().is_some_and(|site| !facts.sites.contains_key(site));
        let Some(alert) = self.alerts.get_mut(key) else { return };
        let keep = match armed {
            None => alert.on_gone(facts.now_ms, unwatched()),
            Some(_) if is_gone => alert.on_gone(facts.now_ms, removed()),
            Some(armed) if !can_tell(armed, key.site.as_ref(), facts) => alert.on_suspended(),
            Some(_) => alert.on_absent(facts.now_ms),
        };
        if keep == Keep::No {
            self.alerts.remove(key);
        }
    }

    fn say_endings(&mut self, around: &Around<'_>) {
        for alert in self.alerts.values_mut().filter(|alert| alert.is_ending_open) {
            let armed = around.rules.iter().find(|armed| armed.name == alert.key.rule);
            let ending = armed.and_then(|armed| armed.rule.ending(alert, around.facts));
            alert.is_ending_open = ending.as_ref().is_some_and(|ending| ending.is_open);
            alert.ending = ending.map(|ending| ending.words);
        }
    }

    /// What differs from before.
    fn turn(&mut self, before: &Self, news: Vec<News>) -> Turn {
        let past = std::mem::take(&mut self.left);
        let known: BTreeMap<u64, &Alert> = before.alerts.values().map(|alert| (alert.no, alert)).collect();
        let is_worth = |alert: &&Alert| known.get(&alert.no).is_none_or(|known| known.differs(alert));
        let saved = self.alerts.values().filter(is_worth).cloned().collect();
        let stays: BTreeSet<u64> = self.alerts.values().chain(&past).map(|alert| alert.no).collect();
        let is_new = |incident: &&Incident| before.incidents.get(&incident.id) != Some(*incident);
        let is_dropped = |id: &&String| {
            let was_told = before.incidents.get(*id).is_some_and(|incident| incident.number > 0);
            !was_told && !self.incidents.contains_key(*id)
        };
        Turn {
            saved,
            past,
            dropped: known.into_keys().filter(|no| !stays.contains(no)).collect(),
            incidents: self.incidents.values().filter(is_new).cloned().collect(),
            dropped_incidents: before.incidents.keys().filter(is_dropped).cloned().collect(),
            news,
        }
    }
}

/// Whether a rule can judge what is at a site: its box is heard, or it needs no box.
fn can_tell(armed: &Armed, site: Option<&vigie_shared::id::SiteId>, facts: &Facts) -> bool {
    let is_known = |site| facts.sites.get(site).is_some_and(|site| site.is_known(facts.now_ms));
    !armed.rule.needs_box() || site.is_none_or(is_known)
}

fn unwatched() -> Words {
    Words { en: "This is no longer looked at.".into(), fr: "Ce n’est plus surveillé.".into() }
}

fn removed() -> Words {
    Words { en: "The site was removed.".into(), fr: "Le site a été retiré.".into() }
}
