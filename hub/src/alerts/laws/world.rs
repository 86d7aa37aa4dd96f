//! Sites whose boxes come, go and get hot, and somebody who reads every news and knows what must not be in them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vigie_shared::id::SiteId;
use vigie_shared::units::ms;

use super::super::alert::{Acknowledgement, Alert, Key, Stage};
use super::super::book::{Around, Book, Turn};
use super::super::facts::{Facts, SiteFacts};
use super::super::incident::{Incident, OPENINGS_MAX, OPENINGS_MS};
use super::super::news::{News, Phase};
use super::super::rules::{AlertsConfig, Armed};
use super::super::silence::{Matcher, Silence};
use super::super::telling::Telling;
use crate::http::testing::heartbeat;

const SITES: usize = 4;
const LOOK_MS: i64 = 15_000;

/// What can happen between two looks.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// Nothing, for some looks.
    Pass(u8),
    /// A box falls silent, or is heard again.
    ComeOrGo(usize),
    /// Every box falls silent, or is heard again.
    All(bool),
    /// A box gets this hot, degrees.
    Heat(usize, i32),
    /// Somebody takes on everything that fires at a site.
    Acknowledge(usize),
    /// Nobody wants to hear of a site for some minutes.
    Silence(usize, u8),
}

pub(super) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1..24_u8).prop_map(Event::Pass),
        4 => (0..SITES).prop_map(Event::ComeOrGo),
        1 => any::<bool>().prop_map(Event::All),
        4 => (0..SITES, 70..84_i32).prop_map(|(site, heat)| Event::Heat(site, heat)),
        1 => (0..SITES).prop_map(Event::Acknowledge),
        1 => (0..SITES, 1..30_u8).prop_map(|(site, minutes)| Event::Silence(site, minutes)),
    ]
}

/// Mistakes that a programmer could make, done to what the core says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// News are told again after each start, because nobody remembers that they were.
    ForgetsNumbers,
    /// The end of what was never told is told.
    ClosesUntold,
    /// Each alert is an incident of its own that is told at once.
    TellsEach,
    /// An incident closes though something lasts.
    ClosesEarly,
    /// What a silent box cannot say counts as well.
    EndsSuspended,
    /// What ended is not stored.
    LosesEnds,
}

impl Mistake {
    pub(super) const ALL: [Self; 6] = [
        Self::ForgetsNumbers,
        Self::ClosesUntold,
        Self::TellsEach,
        Self::ClosesEarly,
        Self::EndsSuspended,
        Self::LosesEnds,
    ];
}

/// What the store kept.
#[derive(Clone, Default)]
struct Kept {
    alerts: BTreeMap<u64, Alert>,
    incidents: BTreeMap<String, Incident>,
    history: BTreeMap<u64, Alert>,
}

pub(super) struct World {
    now_ms: i64,
    silent_since_ms: BTreeMap<usize, i64>,
    heat: BTreeMap<usize, i32>,
    silences: Vec<Silence>,
    rules: Vec<Armed>,
    telling: Telling,
    book: Book,
    kept: Kept,
    mistake: Option<Mistake>,
    /// Everything that was told.
    pub(super) told: Vec<News>,
}

/// The rule that is the root of outages, and one that only boxes can tell of.
fn rules() -> Vec<Armed> {
    let armed = AlertsConfig::default().armed().into_iter();
    armed.filter(|armed| ["site_offline", "temperature"].contains(&armed.name)).collect()
}

fn site(number: usize) -> SiteId {
    format!("s{number}").parse().unwrap()
}

impl World {
    pub(super) fn new(mistake: Option<Mistake>) -> Self {
        Self {
            now_ms: 1_795_183_500_000,
            silent_since_ms: BTreeMap::new(),
            heat: BTreeMap::new(),
            silences: Vec::new(),
            rules: rules(),
            telling: Telling::default(),
            book: Book::default(),
            kept: Kept::default(),
            mistake,
            told: Vec::new(),
        }
    }

    /// Lets something happen.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Pass(looks) => return (0..*looks).try_for_each(|_| self.look()),
            Event::ComeOrGo(number) => self.switch(*number, !self.silent_since_ms.contains_key(number)),
            Event::All(is_silent) => (0..SITES).for_each(|number| self.switch(number, *is_silent)),
            Event::Heat(number, heat) => drop(self.heat.insert(*number, *heat)),
            Event::Acknowledge(number) => {
                let by = Acknowledgement { account: "anna".into(), at_ms: self.now_ms, note: String::new() };
                let turn = self.book.acknowledge(|alert| alert.key.site == Some(site(*number)), &by);
                self.keep(&turn);
            }
            Event::Silence(number, minutes) => {
                let matcher = Matcher { site: Some(site(*number)), ..Matcher::default() };
                let until_ms = self.now_ms + i64::from(*minutes) * 60_000;
                let (no, made_ms) = (self.silences.len() as u64, self.now_ms);
                let (note, account) = (String::new(), "anna".into());
                self.silences.push(Silence { no, matcher, until_ms, note, account, made_ms });
            }
        }
        Ok(())
    }

    fn switch(&mut self, number: usize, is_silent: bool) {
        if is_silent {
            self.silent_since_ms.entry(number).or_insert(self.now_ms);
        } else {
            self.silent_since_ms.remove(&number);
        }
    }

    /// One look of the hub; what it decided is stored, then told.
    pub(super) fn look(&mut self) -> Result<(), String> {
        self.now_ms += LOOK_MS;
        let facts = self.facts();
        let before = self.book.clone();
        let around = Around { facts: &facts, rules: &self.rules, silences: &self.silences, telling: &self.telling };
        let mut turn = self.book.step(&around);
        self.spoil(&mut turn);
        self.keep(&turn);
        self.check_book(&before, &facts)?;
        for news in &turn.news {
            self.check_news(news)?;
            self.told.push(news.clone());
        }
        self.check_store()
    }

    /// All is well for long enough: then everything that was told must have an end.
    pub(super) fn settle(mut self) -> Result<(), String> {
        (self.silent_since_ms, self.heat) = (BTreeMap::new(), BTreeMap::new());
        let looks_max = 6 * 60 * 60_000 / LOOK_MS;
        for _ in 0..looks_max {
            self.look()?;
            if self.book.alerts.is_empty() && self.book.incidents.is_empty() {
                break;
            }
        }
        let of = |phase| {
            let named = self.told.iter().filter(move |news| news.phase == phase);
            named.map(|news| news.incident.clone()).collect::<BTreeSet<_>>()
        };
        if of(Phase::Opened) != of(Phase::Closed) {
            return Err("something that was told has no end though all is well for hours".to_owned());
        }
        if self.book.alerts.is_empty() && self.kept.alerts.is_empty() {
            Ok(())
        } else {
            Err("something stays".to_owned())
        }
    }

    /// The hub ends and starts again from what the store kept.
    pub(super) fn start_again(&mut self) {
        let next_no = self.kept.alerts.keys().chain(self.kept.history.keys()).max().map_or(0, |no| no + 1);
        let (alerts, incidents) = (self.kept.alerts.values().cloned(), self.kept.incidents.values().cloned());
        self.book = Book::load(alerts.collect(), incidents.collect(), next_no);
    }

    fn facts(&self) -> Facts {
        let site_facts = |number: usize| {
            let mut pulse = heartbeat();
            pulse.host.temperature_milli_c = self.heat.get(&number).map(|heat| heat * 1000).or(Some(50_000));
            let heard_ms = self.silent_since_ms.get(&number).copied().unwrap_or(self.now_ms);
            pulse.stamp.wall_ms = heard_ms;
            let name = format!("Site {number}");
            let complete_ms = Some(heard_ms);
            let heard_ms = Some(heard_ms);
            SiteFacts { name, has_delivered: true, heard_ms, complete_ms, pulse: Some(pulse), ..SiteFacts::default() }
        };
        let sites = (0..SITES).map(|number| (site(number), site_facts(number))).collect();
        Facts { now_ms: self.now_ms, listening_since_ms: 0, sites, ..Facts::default() }
    }

    fn keep(&mut self, turn: &Turn) {
        for alert in &turn.saved {
            self.kept.alerts.insert(alert.no, alert.clone());
        }
        for alert in turn.past.iter().filter(|_| self.mistake != Some(Mistake::LosesEnds)) {
            self.kept.alerts.remove(&alert.no);
            self.kept.history.insert(alert.no, alert.clone());
        }
        turn.dropped.iter().for_each(|no| drop(self.kept.alerts.remove(no)));
        for incident in &turn.incidents {
            self.kept.incidents.insert(incident.id.clone(), incident.clone());
        }
        turn.dropped_incidents.iter().for_each(|id| drop(self.kept.incidents.remove(id)));
        self.kept.incidents.retain(|id, incident| incident.is_live() || self.book.incidents.contains_key(id));
    }

    fn spoil(&mut self, turn: &mut Turn) {
        match self.mistake {
            Some(Mistake::ForgetsNumbers) => turn.news.iter_mut().for_each(|news| news.number = 1),
            Some(Mistake::ClosesUntold) => {
                let ended = |alert: &Alert| alert.told.is_none() && alert.fired_ms > 0;
                let closed = turn.past.iter().filter(|alert| ended(alert)).map(|alert| News {
                    incident: format!("untold-{}", alert.no),
                    number: 1,
                    phase: Phase::Closed,
                    severity: alert.grade.severity,
                    began_ms: alert.since_ms,
                    at_ms: self.now_ms,
                    lines: vec![alert.line()],
                    more: 0,
                });
                turn.news.extend(closed);
            }
            Some(Mistake::TellsEach) => {
                let fresh = turn.saved.iter().filter(|alert| alert.fired_ms == self.now_ms).map(|alert| News {
                    incident: format!("each-{}-{}", alert.no, self.now_ms),
                    number: 1,
                    phase: Phase::Opened,
                    severity: alert.grade.severity,
                    began_ms: alert.since_ms,
                    at_ms: self.now_ms,
                    lines: vec![alert.line()],
                    more: 0,
                });
                turn.news = fresh.collect();
            }
            Some(Mistake::ClosesEarly) => {
                turn.news.iter_mut().filter(|news| news.phase == Phase::Continues).for_each(|news| {
                    news.phase = Phase::Closed;
                });
            }
            Some(Mistake::EndsSuspended) => {
                for alert in self.book.alerts.values_mut().filter(|alert| alert.is_suspended) {
                    (alert.stage, alert.ended_ms) = (Stage::Over, Some(self.now_ms));
                }
            }
            Some(Mistake::LosesEnds) | None => {}
        }
    }

    /// Nothing of a box that is not heard begins or ends.
    fn check_book(&self, before: &Book, facts: &Facts) -> Result<(), String> {
        let is_heard = |key: &Key| key.site.as_ref().is_none_or(|id| facts.sites[id].is_known(facts.now_ms));
        for (key, was) in before.alerts.iter().filter(|(key, _)| key.rule == "temperature" && !is_heard(key)) {
            let stays = self.book.alerts.get(key).map(|alert| alert.stage);
            if was.is_firing() && stays != Some(Stage::Firing) {
                return Err(format!("{key:?} ended though its box is not heard"));
            }
            if !was.is_firing() && stays == Some(Stage::Firing) {
                return Err(format!("{key:?} fires though its box is not heard"));
            }
        }
        Ok(())
    }

    /// What is told is in order, whole, and not too often.
    fn check_news(&self, news: &News) -> Result<(), String> {
        let before: Vec<&News> = self.told.iter().filter(|told| told.incident == news.incident).collect();
        let wrong = |what: &str| Err(format!("{what}: {news:?}"));
        if before.last().map_or(0, |last| last.number) + 1 != news.number {
            return wrong("its number is not the next");
        }
        let (is_first, is_closed) = (before.is_empty(), before.iter().any(|told| told.phase == Phase::Closed));
        if is_first != (news.phase == Phase::Opened) || is_closed {
            return wrong("it is not in the order of an incident");
        }
        if news.lines.is_empty() {
            return wrong("it says nothing");
        }
        if news.phase == Phase::Closed && news.lines.iter().any(|line| line.ended_ms.is_none()) {
            return wrong("it closes though something lasts");
        }
        let has_waited = |line: &super::super::news::Line| {
            let key = self.book.alerts.values().find(|alert| alert.name == line.subject && alert.key.rule == line.rule);
            key.is_none_or(|alert| news.at_ms - alert.fired_ms >= ms(self.telling.first_wait))
        };
        if is_first && !news.lines.iter().any(has_waited) {
            return wrong("nobody waited for the rest");
        }
        if before
            .last()
            .is_some_and(|last| news.phase == Phase::Continues && news.at_ms - last.at_ms < ms(self.telling.more_after))
        {
            return wrong("it follows too soon");
        }
        let recent =
            self.told.iter().filter(|told| told.phase == Phase::Opened && news.at_ms - told.at_ms < OPENINGS_MS);
        if is_first && recent.count() >= OPENINGS_MAX {
            return wrong("too many incidents in an hour");
        }
        Ok(())
    }

    /// Who starts again finds the same, but for words.
    fn check_store(&self) -> Result<(), String> {
        let kept: BTreeMap<&Key, &Alert> = self.kept.alerts.values().map(|alert| (&alert.key, alert)).collect();
        let is_same = |alert: &Alert| kept.get(&alert.key).is_some_and(|kept| !alert.differs(kept));
        let is_whole = kept.len() == self.book.alerts.len() && self.kept.alerts.len() == kept.len();
        if !is_whole || !self.book.alerts.values().all(is_same) || self.kept.incidents != self.book.incidents {
            return Err("the store does not hold what the hub knows".to_owned());
        }
        Ok(())
    }
}
