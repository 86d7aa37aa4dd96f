//! What people are told of outages, flapping, long troubles, at night, and after somebody took it on.

use std::collections::BTreeMap;

use vigie_shared::id::SiteId;

use super::*;
use crate::alerts::alert::Acknowledgement;
use crate::alerts::facts::{Facts, SiteFacts};
use crate::alerts::rules::tests::site as well;
use crate::alerts::rules::{AlertsConfig, Armed};
use crate::alerts::silence::{Matcher, Silence};
use crate::http::testing::NOW;

const LOOK_MS: i64 = 15_000;
const MINUTE_MS: i64 = 60_000;

/// A hub that looks every 15 s, and everything it told.
struct Hub {
    now_ms: i64,
    sites: BTreeMap<SiteId, SiteFacts>,
    silent_since_ms: BTreeMap<SiteId, i64>,
    silences: Vec<Silence>,
    config: AlertsConfig,
    rules: Vec<Armed>,
    book: Book,
    told: Vec<News>,
}

fn site(number: usize) -> SiteId {
    format!("s{number}").parse().unwrap()
}

impl Hub {
    fn new(sites: usize) -> Self {
        let config = AlertsConfig::default();
        Self {
            now_ms: NOW,
            sites: (0..sites).map(|number| (site(number), well())).collect(),
            silent_since_ms: BTreeMap::new(),
            silences: Vec::new(),
            rules: config.armed(),
            config,
            book: Book::default(),
            told: Vec::new(),
        }
    }

    fn heat(&mut self, number: usize, degrees: i32) {
        let site = self.sites.get_mut(&site(number)).unwrap();
        site.pulse.as_mut().unwrap().host.temperature_milli_c = Some(degrees * 1000);
    }

    fn silent(&mut self, number: usize, is_silent: bool) {
        // Heartbeats come every 30 s, each box at its own moment.
        let ago_ms = i64::try_from(number).unwrap() * 7_919 % 30_000;
        match is_silent {
            true => self.silent_since_ms.insert(site(number), self.now_ms - ago_ms),
            false => self.silent_since_ms.remove(&site(number)),
        };
    }

    fn pass(&mut self, minutes: i64) {
        for _ in 0..(minutes * MINUTE_MS / LOOK_MS) {
            self.look();
        }
    }

    fn look(&mut self) {
        self.now_ms += LOOK_MS;
        for (id, site) in &mut self.sites {
            let heard_ms = self.silent_since_ms.get(id).copied().unwrap_or(self.now_ms);
            (site.heard_ms, site.complete_ms) = (Some(heard_ms), Some(heard_ms));
            site.pulse.as_mut().unwrap().stamp.wall_ms = heard_ms;
        }
        let facts = Facts { now_ms: self.now_ms, sites: self.sites.clone(), ..Facts::default() };
        let telling = &self.config.telling;
        let around = Around { facts: &facts, rules: &self.rules, silences: &self.silences, telling };
        let turn = self.book.step(&around);
        self.told.extend(turn.news);
    }

    fn phases(&self) -> Vec<Phase> {
        self.told.iter().map(|news| news.phase).collect()
    }
}

#[test]
fn an_outage_of_100_boxes_for_ten_minutes_is_one_incident_and_two_news() {
    let mut hub = Hub::new(100);
    hub.pass(2);
    (0..100).for_each(|number| hub.silent(number, true));
    hub.pass(10);
    // They come back over a minute, as their back-off lets them.
    for group in 0..4 {
        (0..100).filter(|number| number % 4 == group).for_each(|number| hub.silent(number, false));
        hub.look();
    }
    hub.pass(60);

    assert_eq!(hub.phases(), [Phase::Opened, Phase::Closed]);
    let (opened, closed) = (&hub.told[0], &hub.told[1]);
    assert_eq!((opened.incident.as_str(), opened.number, opened.lines.len()), (closed.incident.as_str(), 1, 100));
    assert_eq!((closed.number, closed.lines.len(), closed.severity), (2, 100, Severity::Critical));
    assert!(closed.lines.iter().all(|line| line.ended_ms.is_some() && line.ending.is_some()));
    assert!(opened.at_ms - opened.began_ms < 8 * MINUTE_MS && hub.book.alerts.len() == 100);
    hub.pass(60);
    assert_eq!((hub.book.alerts.len(), hub.book.incidents.len()), (0, 0), "an hour later it is history");
}

#[test]
fn what_is_over_within_the_first_wait_is_never_told() {
    let mut hub = Hub::new(1);
    hub.heat(0, 78);
    hub.pass(1);
    hub.look();
    assert!(hub.book.alerts.values().any(Alert::is_firing));
    hub.heat(0, 50);
    hub.pass(60);
    assert_eq!(hub.told, []);
    assert_eq!((hub.book.alerts.len(), hub.book.incidents.len()), (0, 0));
}

#[test]
fn while_a_box_is_silent_its_heat_is_neither_told_nor_over() {
    let mut hub = Hub::new(1);
    hub.heat(0, 78);
    hub.pass(3);
    assert_eq!(hub.phases(), [Phase::Opened]);
    hub.silent(0, true);
    hub.pass(2);
    hub.heat(0, 50);
    hub.pass(28);
    assert_eq!(hub.phases(), [Phase::Opened, Phase::Continues], "the site's silence joined its incident");
    assert!(hub.told[1].lines.iter().all(|line| line.ended_ms.is_none()));
    hub.silent(0, false);
    hub.pass(5);
    assert_eq!(hub.phases().last(), Some(&Phase::Closed));
}

#[test]
fn what_comes_to_an_incident_is_told_every_five_minutes_at_most_and_once() {
    let mut hub = Hub::new(1);
    hub.heat(0, 78);
    hub.pass(3);
    hub.heat(0, 82);
    hub.pass(3);
    assert_eq!(hub.phases(), [Phase::Opened], "it became graver, but the news is not five minutes old");
    hub.pass(60);
    assert_eq!(hub.phases(), [Phase::Opened, Phase::Continues]);
    assert_eq!((hub.told[1].severity, hub.told[1].number), (Severity::Critical, 2));
    hub.heat(0, 78);
    hub.pass(60);
    hub.heat(0, 82);
    hub.pass(60);
    assert_eq!(hub.told.len(), 2, "the same as was told already");
}

#[test]
fn nobody_is_told_again_before_four_hours_and_not_after_somebody_took_it_on() {
    let mut hub = Hub::new(2);
    hub.silent(0, true);
    hub.pass(4 * 60);
    assert_eq!(hub.phases(), [Phase::Opened]);
    hub.pass(10);
    assert_eq!(hub.phases(), [Phase::Opened, Phase::Continues]);
    let by = Acknowledgement { account: "anna".into(), at_ms: hub.now_ms, note: "I drive there".into() };
    let turn = hub.book.acknowledge(|alert| alert.is_firing(), &by);
    assert_eq!(turn.saved[0].state(), "acknowledged");
    hub.pass(24 * 60);
    assert_eq!(hub.told.len(), 2);
    hub.silent(0, false);
    hub.pass(5);
    assert_eq!(hub.phases().last(), Some(&Phase::Closed));
}

#[test]
fn a_part_that_ended_is_told_when_the_rest_lasts() {
    let mut hub = Hub::new(2);
    (0..2).for_each(|number| hub.silent(number, true));
    hub.pass(8);
    hub.silent(1, false);
    hub.pass(14);
    assert_eq!(hub.phases(), [Phase::Opened]);
    hub.pass(3);
    assert_eq!(hub.phases(), [Phase::Opened, Phase::Continues]);
    let ended: Vec<bool> = hub.told[1].lines.iter().map(|line| line.ended_ms.is_some()).collect();
    assert_eq!(ended, [false, true], "what lasts comes first");
}

#[test]
fn whatever_flaps_is_one_incident_soon_and_costs_few_news() {
    let mut hub = Hub::new(1);
    for _ in 0..40 {
        hub.silent(0, true);
        hub.pass(7);
        hub.silent(0, false);
        hub.pass(3);
    }
    assert!(hub.told.len() <= 8, "{:?}", hub.phases());
    hub.pass(120);
    assert_eq!(hub.phases().last(), Some(&Phase::Closed));
}

#[test]
fn a_silence_keeps_from_being_told_until_it_ends() {
    let mut hub = Hub::new(1);
    let matcher = Matcher { site: Some(site(0)), ..Matcher::default() };
    let until_ms = hub.now_ms + 60 * MINUTE_MS;
    hub.silences = vec![Silence { no: 7, matcher, until_ms, note: String::new(), account: "anna".into(), made_ms: 0 }];
    hub.silent(0, true);
    hub.pass(59);
    assert_eq!(hub.told, []);
    assert_eq!(hub.book.alerts.values().next().unwrap().silence, Some(7));
    hub.pass(3);
    assert_eq!(hub.phases(), [Phase::Opened]);
}

#[test]
fn in_quiet_hours_warnings_wait_and_what_is_critical_does_not() {
    let mut hub = Hub::new(3);
    // It is 14:05 UTC, and the sites of the test have that zone.
    hub.config.telling.quiet = Some("14:00-16:00".parse().unwrap());
    hub.heat(0, 78);
    hub.pass(60);
    assert_eq!(hub.told, []);
    hub.silent(1, true);
    hub.pass(10);
    assert_eq!((hub.phases(), hub.told[0].severity), (vec![Phase::Opened], Severity::Critical));
    assert_eq!(hub.told[0].lines.len(), 2, "since people read now, they may know the rest");

    let mut calm = Hub::new(1);
    calm.config.telling.quiet = Some("14:00-16:00".parse().unwrap());
    calm.heat(0, 78);
    calm.pass(114);
    assert_eq!(calm.told, []);
    calm.pass(2);
    assert_eq!(calm.phases(), [Phase::Opened]);
}

#[test]
fn a_site_that_is_removed_takes_its_alerts_with_it() {
    let mut hub = Hub::new(2);
    (0..2).for_each(|number| hub.silent(number, true));
    hub.pass(8);
    hub.sites.remove(&site(0));
    hub.silent(1, false);
    hub.pass(5);
    assert_eq!(hub.phases(), [Phase::Opened, Phase::Closed]);
    assert!(hub.told[1].lines.iter().any(|line| line.ending.as_ref().is_some_and(|end| end.en.contains("removed"))));
}
