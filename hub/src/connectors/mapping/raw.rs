//! The form of a mapping file, and the checks that make a [`Mapping`] of it.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use vigie_shared::units::{self, ms};

use super::{BATCH_MAX, Forgotten, Mapping, PushMapping, SPAN_MAX, Unit};
use crate::connectors::auth::{AuthMapping, RawAuth};
use crate::connectors::outcome::{RawRule, Rule, json};
use crate::connectors::people::{PeopleMapping, RawPeople};
use crate::connectors::presence::{PresenceMapping, RawPresence};
use crate::connectors::records::{RawRecords, RecordsMapping};
use crate::connectors::request::{RawRequest, Request};
use crate::connectors::results::{RawResults, Results};
use crate::connectors::template::Scope;
use crate::connectors::tree::{Tree, Wrong, below};

/// Longest wait for an answer that may be set.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// What rows can be chosen by.
const CHOICES: [&str; 7] = ["granted", "mode", "dir", "inout", "event", "terminal_sn", "enrollid"];

/// Names that say nothing of a span.
const OF_PUNCHES_AND_DAYS: &[&str] =
    &["time", "dir", "mode", "inout", "event", "temperature", "granted", "day", "amount", "minutes", "revision"];

/// Names that say nothing of a day of presence: no terminal saw it.
const OF_TERMINALS: &[&str] = &[
    "terminal_sn",
    "enrollid",
    "user_name",
    "time",
    "dir",
    "mode",
    "inout",
    "event",
    "temperature",
    "granted",
    "start",
    "end",
    "seconds",
];

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMapping {
    connector: RawConnector,
    #[serde(default)]
    auth: RawAuth,
    people: Option<RawPeople>,
    push: Option<RawPush>,
    records: Option<RawRecords>,
    #[serde(default)]
    presence: RawPresence,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConnector {
    name: String,
    base: Option<String>,
    #[serde(default = "utc")]
    zone: String,
    rate: Option<Rate>,
    #[serde(default = "half_a_minute", with = "units::duration")]
    timeout: Duration,
    #[serde(default)]
    follow: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPush {
    unit: Unit,
    #[serde(default = "one")]
    max: usize,
    #[serde(default)]
    r#where: toml::Table,
    #[serde(default)]
    probe_before_send: bool,
    #[serde(default)]
    split_midnight: bool,
    #[serde(default = "longest_span", with = "units::duration")]
    close_after: Duration,
    #[serde(default)]
    forgotten: Forgotten,
    row: Option<toml::Value>,
    send: Option<RawRequest>,
    r#in: Option<RawRequest>,
    out: Option<RawRequest>,
    find_open: Option<RawRequest>,
    probe: Option<RawRequest>,
    undo: Option<RawRequest>,
    results: Option<RawResults>,
    #[serde(default)]
    outcome: Vec<RawRule>,
}

fn one() -> usize {
    1
}

fn longest_span() -> Duration {
    SPAN_MAX
}

/// So many requests in a time, written `5/s`, `50/min`, `1000/h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In so many seconds: 1, 60 or 3600.
    pub seconds: u32,
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = || {
            let (count, unit) = text.split_once('/')?;
            let seconds = match unit.trim() {
                "s" => 1,
                "min" => 60,
                "h" => 3600,
                _ => return None,
            };
            let count: u32 = count.trim().parse().ok().filter(|count| *count > 0)?;
            Some(Self { count, seconds })
        };
        read().ok_or_else(|| format!("`{text}` is no rate; write \"5/s\", \"50/min\" or \"1000/h\""))
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        let unit = match rate.seconds {
            1 => "s",
            60 => "min",
            _ => "h",
        };
        format!("{}/{unit}", rate.count)
    }
}

impl RawMapping {
    /// Checks everything; what is wrong goes to `wrongs`.
    pub(super) fn read(self, wrongs: &mut Vec<Wrong>) -> Mapping {
        let connector = &self.connector;
        let mut wrong = |path: &[&str], text: String| {
            wrongs.push(Wrong { path: path.iter().map(|key| (*key).to_owned()).collect(), text });
        };
        let zone = TimeZone::get(&connector.zone).unwrap_or_else(|_unknown| {
            wrong(
                &["connector", "zone"],
                format!("`{}` is no zone; write one such as `Europe/Paris` or `UTC`", connector.zone),
            );
            TimeZone::UTC
        });
        if connector.timeout.is_zero() || connector.timeout > TIMEOUT_MAX {
            wrong(&["connector", "timeout"], "use 1s to 10m".to_owned());
        }
        if connector.base.as_ref().is_some_and(|base| !base.starts_with("https://") && !base.starts_with("http://")) {
            wrong(&["connector", "base"], "begin with `https://`, as in `https://hr.example.org`".to_owned());
        }
        if self.people.is_none() && self.push.is_none() {
            wrong(&[], "it has neither [people] nor [push]: there is nothing to do".to_owned());
        }
        let at = |key: &str| vec![key.to_owned()];
        let push = self.push.map(|push| push.read(&mut at("push"), wrongs));
        let mapping = Mapping {
            name: self.connector.name,
            base: self.connector.base.map(|base| base.trim_end_matches('/').to_owned()),
            zone,
            rate: self.connector.rate,
            timeout: self.connector.timeout,
            follows: self.connector.follow,
            auth: AuthMapping::read(&self.auth, &mut at("auth"), wrongs),
            people: self.people.map(|people| PeopleMapping::read(&people, &mut at("people"), wrongs)),
            push,
            records: self.records.map(|records| RecordsMapping::read(&records, &mut at("records"), wrongs)),
            presence: PresenceMapping::read(&self.presence, &mut at("presence"), wrongs),
        };
        let asks_others = mapping.push.as_ref().filter(|push| push.unit != Unit::Presence);
        if mapping.people.is_none() && asks_others.is_some_and(|push| !push.person_fields().is_empty()) {
            let text = "it uses `person.…` without [people]: nothing says who is who there".to_owned();
            wrongs.push(Wrong { path: at("push"), text });
        }
        mapping
    }
}

impl RawPush {
    fn read(self, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> PushMapping {
        self.check(path, wrongs);
        let foreign: &[&str] = match self.unit {
            Unit::Punch | Unit::Event => &["start", "end", "seconds", "day", "amount", "minutes", "revision"],
            Unit::Span => OF_PUNCHES_AND_DAYS,
            Unit::Day => {
                &["time", "dir", "mode", "inout", "event", "temperature", "granted", "amount", "minutes", "revision"]
            }
            Unit::Presence => OF_TERMINALS,
        };
        let (of_request, of_row) = (Scope::request().without(foreign), Scope::row().without(foreign));
        let mut request = |key: &str, raw: Option<&RawRequest>| {
            raw.map(|raw| below(path, key, |path| Request::read(raw, &of_request, path, wrongs)))
        };
        let (send, begin, end) =
            (request("send", self.send.as_ref()), request("in", self.r#in.as_ref()), request("out", self.out.as_ref()));
        let (find_open, probe) = (request("find_open", self.find_open.as_ref()), request("probe", self.probe.as_ref()));
        let undo = request("undo", self.undo.as_ref());
        let row = self.row.as_ref().map(|row| below(path, "row", |path| Tree::read(row, &of_row, path, wrongs)));
        let results = self.results.as_ref().map(|raw| below(path, "results", |path| Results::read(raw, path, wrongs)));
        let mut rule = |(index, raw): (usize, &RawRule)| {
            Rule::read(raw, &[path.as_slice(), &["outcome".to_owned(), index.to_string()]].concat(), wrongs)
        };
        let outcome = self.outcome.iter().enumerate().map(&mut rule).collect();
        PushMapping {
            unit: self.unit,
            rows_max: self.max,
            only: self.r#where.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
            probe_before_send: self.probe_before_send,
            split_midnight: self.split_midnight,
            span_ms_max: ms(self.close_after),
            forgotten: self.forgotten,
            row,
            send,
            begin,
            end,
            find_open,
            probe,
            undo,
            results,
            outcome,
        }
    }

    /// Whether each row has a request of its own.
    fn goes_alone(&self) -> bool {
        matches!(self.unit, Unit::Event | Unit::Day | Unit::Presence)
    }

    /// What must go together.
    fn check(&self, path: &[String], wrongs: &mut Vec<Wrong>) {
        let mut wrong = |key: &str, text: &str| {
            wrongs.push(Wrong { path: [path, &[key.to_owned()]].concat(), text: text.to_owned() });
        };
        let is_event = self.unit == Unit::Event;
        if is_event && (self.r#in.is_none() || self.out.is_none()) {
            wrong("unit", "an event needs the requests `in` and `out`");
        }
        if !is_event && self.send.is_none() {
            wrong("unit", "it needs the request `send`");
        }
        if is_event && self.r#in.as_ref().is_some_and(|request| !request.has_id()) {
            wrong("in", "say with `id` where the answer has the record's id: `out` needs it");
        }
        if !(1..=BATCH_MAX).contains(&self.max) || (self.max > 1 && self.goes_alone()) {
            wrong("max", "use 1 to 1000 rows; events, days and presences go one by one");
        }
        if self.row.is_none() && (self.max > 1 || self.unit == Unit::Day) {
            wrong("row", "say what one row is; `{rows}` in `send` stands for all of them");
        }
        if self.probe_before_send && self.probe.is_none() {
            wrong("probe_before_send", "it needs the request `probe`");
        }
        if self.close_after.is_zero() {
            wrong("close_after", "write a length of time such as \"16h\"");
        }
        for key in self.r#where.keys().filter(|key| !CHOICES.contains(&key.as_str())) {
            wrong("where", &format!("rows cannot be chosen by `{key}`; use one of {}", CHOICES.join(", ")));
        }
    }
}
