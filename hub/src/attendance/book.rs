//! Whose days: punches by person and day, judged, and marked by how far the facts are complete.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::day::{Day, Judged, Row, judge};
use super::plan::{Holiday, Person, Schedule, schedule_of};
use super::window::{Window, next, window};
use crate::store::attendance::{Punch, PunchKey, PunchKind};

/// A hole in the facts that was noticed so long after a day may be a hole in that day.
const GAP_REACH_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Days that are computed at once: a year and a day.
pub const DAYS_MAX: usize = 367;

/// What days are computed from, besides punches.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Holidays.
    pub holidays: Vec<Holiday>,
    /// Who is who.
    pub people: Vec<Person>,
    /// Every terminal that is known, by serial number.
    pub terminals: BTreeMap<String, Clock>,
    /// When days were final first, by plan and day; milliseconds since 1970 UTC.
    pub closed: BTreeMap<(String, Date), i64>,
    /// When somebody decided of a punch, milliseconds since 1970 UTC.
    pub decided: BTreeMap<PunchKey, i64>,
}

/// A terminal, as far as days depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its IANA zone.
    pub zone: String,
    /// Everything that was punched on it before this moment has arrived, milliseconds since 1970 UTC.
    pub complete_ms: Option<i64>,
    /// When holes in the facts of its site were noticed, milliseconds since 1970 UTC.
    pub gaps_ms: Vec<i64>,
}

/// Somebody who is enrolled on a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The terminal.
    pub terminal: String,
    /// The number.
    pub enrol_id: u64,
    /// The name that the terminal shows.
    pub name: Option<String>,
}

/// Whose day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Somebody whom the owner named.
    Person(String),
    /// A number on one terminal, or on all of a schedule if no terminal is named.
    Number(Option<String>, u64),
}

/// A person's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDay {
    /// By which plan: a schedule and its zone, or a terminal without a schedule.
    pub plan: String,
    /// The schedule's name; none without one.
    pub schedule: Option<String>,
    /// The zone of its dates.
    pub zone: String,
    /// Whose.
    pub who: Who,
    /// The person's name, if anybody said it.
    pub name: Option<String>,
    /// What the day was.
    pub day: Day,
    /// How sure it is.
    pub mark: Mark,
}

/// How sure a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Something may still arrive.
    Provisional,
    /// Everything has arrived.
    Final,
    /// It was final, then something arrived or somebody decided.
    Amended,
}

/// A schedule at a place: what its terminals share.
struct Plan<'a> {
    key: String,
    schedule: Cow<'a, Schedule>,
    is_scheduled: bool,
    zone_name: &'a str,
    zone: TimeZone,
}

impl Books {
    /// The plan that holds for a terminal; none if nobody knows its zone.
    fn plan(&self, terminal: &str) -> Option<Plan<'_>> {
        let own_zone = self.terminals.get(terminal).map(|clock| clock.zone.as_str());
        let scheduled = schedule_of(&self.schedules, terminal);
        let zone_name = scheduled.and_then(|schedule| schedule.zone.as_deref()).or(own_zone)?;
        let zone = TimeZone::get(zone_name).ok()?;
        let key = match scheduled {
            Some(schedule) => format!("{} {zone_name}", schedule.name),
            None => format!("terminal {terminal}"),
        };
        let schedule = scheduled.map_or_else(|| Cow::Owned(Schedule::empty("")), Cow::Borrowed);
        Some(Plan { key, schedule, is_scheduled: scheduled.is_some(), zone_name, zone })
    }

    fn who(&self, plan: &Plan<'_>, terminal: &str, enrol_id: u64) -> (Who, Option<String>) {
        let is_own = |(own, number): &(String, u64)| own == terminal && *number == enrol_id;
        match self.people.iter().find(|person| person.numbers.iter().any(is_own)) {
            Some(person) => (Who::Person(person.id.clone()), Some(person.name.clone())),
            None if plan.schedule.has_common_numbers => (Who::Number(None, enrol_id), None),
            None => (Who::Number(Some(terminal.to_owned()), enrol_id), None),
        }
    }

    /// Every plan of a known terminal, with its terminals.
    fn plans(&self) -> BTreeMap<String, (Plan<'_>, BTreeSet<&str>)> {
        let mut plans: BTreeMap<String, (Plan<'_>, BTreeSet<&str>)> = BTreeMap::new();
        for terminal in self.terminals.keys() {
            let Some(plan) = self.plan(terminal) else { continue };
            plans.entry(plan.key.clone()).or_insert_with(|| (plan, BTreeSet::new())).1.insert(terminal);
        }
        plans
    }

    /// Whether everything of a day has arrived from these terminals.
    fn is_complete(&self, window: Window, terminals: &BTreeSet<&str>) -> bool {
        let mut clocks = terminals.iter().filter_map(|terminal| self.terminals.get(*terminal));
        clocks.all(|clock| {
            let reach = window.from_ms..window.to_ms.saturating_add(GAP_REACH_MS);
            clock.complete_ms.is_some_and(|complete_ms| complete_ms >= window.to_ms)
                && !clock.gaps_ms.iter().any(|noticed_ms| reach.contains(noticed_ms))
        })
    }

    /// Days that everything has arrived of and that were not closed yet, by plan.
    #[must_use]
    pub fn ripe(&self, from: Date, through: Date) -> Vec<(String, Date)> {
        let mut ripe = Vec::new();
        for (key, (plan, terminals)) in self.plans() {
            for date in dates(from, through) {
                let day = (key.clone(), date);
                if !self.closed.contains_key(&day)
                    && self.is_complete(window(&plan.schedule, date, &plan.zone), &terminals)
                {
                    ripe.push(day);
                }
            }
        }
        ripe
    }

    /// The days of everybody who punched or is enrolled, by plan, person and date. Days on which nobody was expected
    /// and nobody came are left out.
    #[must_use]
    pub fn days(
        &self,
        punches: &[Punch],
        enrolled: &[Enrolment],
        (from, through): (Date, Date),
        now_ms: i64,
    ) -> Vec<PersonDay> {
        let members = self.members(punches, enrolled);
        let mut days = Vec::new();
        for (key, (plan, terminals)) in self.plans() {
            let own = members.range((key.clone(), Who::Person(String::new()))..).take_while(|((of, _), _)| *of == key);
            let own: Vec<(&Who, &Member)> = own.map(|((_, who), member)| (who, member)).collect();
            for date in dates(from, through) {
                let window = window(&plan.schedule, date, &plan.zone);
                let is_complete = self.is_complete(window, &terminals);
                for (who, member) in &own {
                    let Some(day) = self.judged(&plan, date, window, (member, now_ms)) else { continue };
                    days.push(PersonDay {
                        plan: key.clone(),
                        schedule: plan.is_scheduled.then(|| plan.schedule.name.clone()),
                        zone: plan.zone_name.to_owned(),
                        who: (*who).clone(),
                        name: member.name.clone(),
                        mark: self.mark(&key, &day, member, is_complete),
                        day,
                    });
                }
            }
        }
        days
    }

    fn judged(&self, plan: &Plan<'_>, date: Date, window: Window, (member, now_ms): (&Member, i64)) -> Option<Day> {
        let is_holiday = plan.schedule.holiday(date, &self.holidays).is_some();
        let planned = plan.schedule.shift(date);
        let shift = planned.filter(|_| !is_holiday);
        let day = judge(Judged { date, schedule: &plan.schedule, shift, is_holiday, window }, &member.rows, now_ms);
        (planned.is_some() || !day.strip.is_empty()).then_some(day)
    }

    fn mark(&self, plan: &str, day: &Day, member: &Member, is_complete: bool) -> Mark {
        let closed_ms = self.closed.get(&(plan.to_owned(), day.date));
        let known = member.rows.iter().map(|row| (row.at_ms, row.known_ms)).chain(member.dropped.iter().copied());
        let newest_ms = known.filter(|(at_ms, _)| day.window.holds(*at_ms)).map(|(_, known_ms)| known_ms).max();
        match (closed_ms, newest_ms) {
            (Some(closed_ms), Some(newest_ms)) if newest_ms > *closed_ms => Mark::Amended,
            (Some(_), _) => Mark::Final,
            (None, _) if is_complete => Mark::Final,
            (None, _) => Mark::Provisional,
        }
    }

    fn members(&self, punches: &[Punch], enrolled: &[Enrolment]) -> BTreeMap<(String, Who), Member> {
        let mut members: BTreeMap<(String, Who), Member> = BTreeMap::new();
        let mut plans: BTreeMap<&str, Option<Plan<'_>>> = BTreeMap::new();
        let people = enrolled.iter().map(|one| (one.terminal.as_str(), one.enrol_id, &one.name, None));
        let rows = punches.iter().filter_map(|punch| {
            let enrol_id = punch.enrol_id.filter(|_| punch.kind == PunchKind::Person)?;
            Some((punch.terminal.as_str(), enrol_id, &punch.name, Some(punch)))
        });
        for (terminal, enrol_id, named, punch) in people.chain(rows) {
            let Some(plan) = plans.entry(terminal).or_insert_with(|| self.plan(terminal)) else { continue };
            let (who, own_name) = self.who(plan, terminal, enrol_id);
            let member = members.entry((plan.key.clone(), who)).or_default();
            member.name = own_name.or_else(|| member.name.take()).or_else(|| named.clone());
            if let Some(punch) = punch {
                member.add(punch, self.decided.get(&punch.key).copied());
            }
        }
        members
    }
}

/// What is known of one person within a plan.
#[derive(Default)]
struct Member {
    name: Option<String>,
    rows: Vec<Row>,
    /// Punches that somebody decided do not count: when they were, and when that was decided.
    dropped: Vec<(i64, i64)>,
}

impl Member {
    fn add(&mut self, punch: &Punch, decided_ms: Option<i64>) {
        let known_ms = decided_ms.unwrap_or(punch.received_ms);
        match punch.at_ms.filter(|_| punch.counts) {
            Some(at_ms) => self.rows.push(Row {
                key: punch.key,
                at_ms,
                known_ms,
                direction: punch.direction,
                terminal: punch.terminal.clone(),
            }),
            None => self.dropped.extend(decided_ms.map(|decided_ms| (punch.moment_ms(), decided_ms))),
        }
    }
}

/// Every date from one through another, at most [`DAYS_MAX`].
pub fn dates(from: Date, through: Date) -> impl Iterator<Item = Date> {
    let all = std::iter::successors(Some(from), |date| Some(next(*date)).filter(|after| after > date));
    all.take_while(move |date| *date <= through).take(DAYS_MAX)
}

#[cfg(test)]
mod tests;
