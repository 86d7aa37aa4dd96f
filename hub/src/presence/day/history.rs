//! One person's past, from which each day is judged.

use std::collections::BTreeMap;

use jiff::civil::Date;
use vigie_shared::id::SiteId;

use super::{Answer, Day, Flag, SeenDevice, SiteDay, Unseen, left, slots, worth};
use crate::attendance::time::midnight;
use crate::attendance::window::next;
use crate::presence::Counts;
use crate::presence::coverage::Blind;
use crate::presence::facts::{Facts, Held, Place};
use crate::presence::policy::Policy;
use crate::presence::session::{GRACE_MAX_MS, LEAST_MS, SETTLE_MS, Session, Sight, stays};
use crate::presence::stretch::Stretch;

/// The newest statement of an observer may be this old before the time since then counts as unseen, milliseconds: boxes
/// tell a row every five minutes.
const TAIL_MS: i64 = 10 * 60_000;

/// One person's past under one policy: computed once, asked for days.
#[derive(Debug)]
pub struct History<'a> {
    facts: Facts<'a>,
    policy: &'a Policy,
    held: Vec<Held<'a>>,
    /// For each device, when it was there without a break, whatever it says about the person.
    stays: Vec<Vec<Stretch>>,
}

/// A site on a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) place: &'a Place,
    pub(super) day: Stretch,
    pub(super) window: Stretch,
}

/// The sessions of a site that touch a day.
pub(super) struct Found<'a> {
    site: &'a SiteId,
    pub(super) here: Here<'a>,
    pub(super) sessions: Vec<Session>,
}

/// The devices of a day, and those of them that count, each with its number there.
#[derive(Default)]
struct Devices<'d> {
    named: Vec<SeenDevice>,
    counted: Vec<(u16, &'d Held<'d>)>,
    left: Vec<Flag>,
}

impl<'a> History<'a> {
    /// Takes the facts; they reach [`LOOK_BACK_DAYS`](crate::presence::facts::LOOK_BACK_DAYS) before the days that are
    /// asked for.
    #[must_use]
    pub fn new(facts: Facts<'a>, policy: &'a Policy) -> Self {
        let held = facts.held();
        let stays = held.iter().map(|held| left::unbroken(held, facts, policy)).collect();
        Self { facts, policy, held, stays }
    }

    /// What a day was.
    #[must_use]
    pub fn day(&self, date: Date, now_ms: i64) -> Day {
        let sites = self.sites(date);
        let devices = self.devices(&sites);
        let slots = slots::seen(&devices.counted, &sites);
        let found = self.found(&sites, &devices.counted);
        let unseen = unseen(&sites, now_ms);
        let mut flags = devices.left;
        flags.extend(self.flags(&found, !slots.is_empty()));
        flags.sort_unstable();
        let is_known = self.held.iter().all(|held| self.facts.places.contains_key(held.site));
        Day {
            date,
            policy: self.policy.name.clone(),
            version: self.policy.version,
            value: worth::value(self.policy.rule, slots.len(), &found, date),
            answer: answer(!slots.is_empty(), &sites, &unseen),
            minutes: worth::minutes(&worth::whole(&found)),
            slots,
            devices: devices.named,
            is_complete: is_known && sites.values().all(|here| here.is_settled()),
            sites: site_days(found),
            flags,
            unseen,
        }
    }

    /// The sites at which the person had a device on a day by which it can be known that the person is there.
    fn sites(&self, date: Date) -> BTreeMap<&'a SiteId, Here<'a>> {
        let mut sites = BTreeMap::new();
        for held in self.held.iter().filter(|held| held.counts == Counts::Yes) {
            let Some(place) = self.facts.places.get(held.site) else { continue };
            let day = Stretch { from_ms: midnight(date, &place.zone), to_ms: midnight(next(date), &place.zone) };
            if held.is_held_on(day) {
                sites.insert(held.site, Here { place, day, window: self.policy.window.on(date, &place.zone) });
            }
        }
        sites
    }

    /// The devices that were seen on a day and speak for the person, or would if they had not been left behind.
    fn devices(&self, sites: &BTreeMap<&SiteId, Here<'_>>) -> Devices<'_> {
        let mut devices = Devices::default();
        for (held, stays) in self.held.iter().zip(&self.stays).filter(|(held, _)| held.counts == Counts::Yes) {
            let Some(here) = sites.get(held.site).filter(|here| held.is_seen_on(here.day)) else { continue };
            let Ok(number) = u16::try_from(devices.named.len()) else { break };
            devices.named.push(SeenDevice { site: held.site.clone(), device: held.device.to_owned() });
            match left::since(stays, here.day, here.window) {
                Some(since_ms) => devices.left.push(Flag::LeftDevice { device: number, since_ms }),
                None => devices.counted.push((number, held)),
            }
        }
        devices
    }

    /// The sessions of each site that touch its day.
    fn found(&self, sites: &BTreeMap<&'a SiteId, Here<'a>>, counted: &[(u16, &Held<'_>)]) -> Vec<Found<'a>> {
        let of_site = |(site, here): (&&'a SiteId, &Here<'a>)| {
            // What is further away belongs to no session that begins or ends in the day.
            let around = Stretch {
                from_ms: here.day.from_ms.saturating_sub(SETTLE_MS),
                to_ms: here.day.to_ms.saturating_add(SETTLE_MS),
            };
            let own = counted.iter().filter(|(_, held)| held.site == *site);
            let sights = own.flat_map(|(_, held)| held.sights(around, self.policy.grace_ms())).collect();
            let mut sessions = stays(sights, &here.place.coverage, self.facts.closings, self.policy.arrival_ms());
            sessions.retain(|session| session.counts() && session.stretch().within(here.day).is_some());
            Found { site, here: *here, sessions }
        };
        sites.iter().map(of_site).collect()
    }

    fn flags(&self, found: &[Found<'_>], is_seen: bool) -> Vec<Flag> {
        let mut flags: Vec<Flag> = worth::at_once(found).into_iter().map(Flag::TwoSites).collect();
        for Found { here, sessions, .. } in found.iter().filter(|found| !found.sessions.is_empty()) {
            let bridged = sessions.iter().flat_map(|session| &session.bridged);
            flags.extend(bridged.filter_map(|gap| gap.within(here.window)).map(Flag::Bridged));
            let goes_on = sessions.iter().any(|session| session.to_ms > here.day.to_ms);
            flags.extend(goes_on.then_some(Flag::NoDeparture));
            let closed = self.facts.closings.iter().filter(|at_ms| here.day.holds(**at_ms));
            flags.extend(closed.map(|at_ms| Flag::Closed { at_ms: *at_ms }));
        }
        let is_glimpsed = is_seen && found.iter().all(|found| found.sessions.is_empty());
        flags.extend(is_glimpsed.then_some(Flag::Glimpsed));
        flags.sort_unstable();
        flags.dedup();
        flags
    }
}

impl Here<'_> {
    fn is_settled(&self) -> bool {
        let settles_ms = self.day.to_ms.saturating_add(SETTLE_MS);
        self.place.complete_ms.is_some_and(|complete_ms| complete_ms >= settles_ms)
    }

    /// When its observers could not see, so far. What they have not told yet is not unseen.
    fn unseen(&self, now_ms: i64) -> Vec<Blind> {
        if now_ms <= self.window.from_ms {
            return Vec::new();
        }
        let mut blind = self.place.coverage.blind(Stretch { to_ms: self.window.to_ms.min(now_ms), ..self.window });
        blind.retain(|one| one.to_ms < now_ms || one.to_ms.saturating_sub(one.from_ms) > TAIL_MS);
        blind
    }
}

impl Held<'_> {
    fn is_held_on(&self, day: Stretch) -> bool {
        self.held.from_ms < day.to_ms && day.from_ms < self.held.to_ms
    }

    fn is_seen_on(&self, day: Stretch) -> bool {
        let first = self.spans.partition_point(|span| span.to_ms < day.from_ms);
        self.spans.get(first).is_some_and(|span| span.from_ms < day.to_ms)
    }

    /// Its sights that touch a stretch.
    pub(super) fn sights(&self, around: Stretch, grace_ms: i64) -> impl Iterator<Item = Sight> + '_ {
        let grace_ms = self.grace_ms.unwrap_or(grace_ms).min(GRACE_MAX_MS);
        let first = self.spans.partition_point(|span| span.to_ms < around.from_ms);
        let near = self.spans.iter().skip(first).take_while(move |span| span.from_ms <= around.to_ms);
        near.map(move |span| Sight { span: *span, grace_ms })
    }
}

/// Which of the three answers: a blindness shorter than any session hides nobody.
fn answer(is_seen: bool, sites: &BTreeMap<&SiteId, Here<'_>>, unseen: &[Unseen]) -> Answer {
    let blind_ms = unseen.iter().map(|one| one.blind.to_ms.saturating_sub(one.blind.from_ms)).max();
    match blind_ms.unwrap_or(0) {
        _ if is_seen => Answer::Present,
        _ if sites.is_empty() => Answer::NotObserved,
        LEAST_MS.. => Answer::NotObserved,
        _ => Answer::Absent,
    }
}

fn unseen(sites: &BTreeMap<&SiteId, Here<'_>>, now_ms: i64) -> Vec<Unseen> {
    let of_site = |(site, here): (&&SiteId, &Here<'_>)| {
        let site: SiteId = (**site).clone();
        here.unseen(now_ms).into_iter().map(move |blind| Unseen { site: site.clone(), blind })
    };
    sites.iter().flat_map(of_site).collect()
}

/// Where the person was, the longest first.
fn site_days(found: Vec<Found<'_>>) -> Vec<SiteDay> {
    let seen = found.into_iter().filter(|found| !found.sessions.is_empty());
    let of_site = |found: Found<'_>| SiteDay {
        site: found.site.clone(),
        minutes: worth::minutes(&worth::timed(&found)),
        sessions: found.sessions.into_iter().filter_map(|session| session.cut(found.here.day)).collect(),
    };
    let mut sites: Vec<SiteDay> = seen.map(of_site).collect();
    sites.sort_by(|one, other| (other.minutes, &one.site).cmp(&(one.minutes, &other.site)));
    sites
}
