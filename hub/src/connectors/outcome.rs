//! What an answer of a third party means; pure.
//!
//! The rules of the mapping come first, the first that fits decides; what none of them names is judged by
//! [`usual`]. Statuses lie both ways, so that rules may look into the body: at a place in its JSON, or with a pattern
//! over its text once everything that is wrapped in it is unwrapped ([`decode`]).

pub mod decode;

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::check_pointer;
use super::tree::Wrong;

/// Largest pattern once compiled, bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Most of an answer's words that are kept with a job, bytes.
pub const SAID_BYTES_MAX: usize = 2048;

/// Which of a mapping's requests was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A row, or a batch of rows.
    Send,
    /// The beginning of a span.
    In,
    /// The end of a span.
    Out,
    /// Which span is open there?
    FindOpen,
    /// Is the row there already?
    Probe,
    /// Take a row back.
    Undo,
    /// The list of people.
    People,
    /// The list of rows.
    Records,
    /// A token.
    Auth,
    /// The list of devices.
    Devices,
    /// Who is on a LAN.
    Beat,
}

impl On {
    /// Whether the request is about rows.
    fn is_of_row(self) -> bool {
        !matches!(self, Self::People | Self::Records | Self::Auth | Self::Devices | Self::Beat)
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is there.
    Ok,
    /// It was there already.
    Duplicate,
    /// It will never be taken: dead letter.
    Reject,
    /// Wait until people change.
    Park,
    /// Ask the server what it has.
    Conflict,
    /// Try again later.
    Retry,
    /// Everything waits, as told.
    Throttle,
    /// Get a fresh token, once.
    Reauth,
    /// The connector stops and keeps its queue.
    Stop,
}

/// An answer, as far as it is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, empty if not said.
    pub content_type: String,
    /// `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// The body as text, whatever was no text replaced.
    pub text: String,
    /// The body, if it is JSON.
    pub json: Option<Value>,
    /// The body was longer than is read.
    pub is_too_long: bool,
}

impl Answer {
    /// What was said, for people: a few hundred words at most.
    #[must_use]
    pub fn said(&self) -> String {
        let body = decode::plain(self);
        let mut said = format!("answered {}", self.status);
        if !body.is_empty() {
            said.push_str(": ");
            said.push_str(&body);
        }
        cut(&said, SAID_BYTES_MAX)
    }

    /// A value of its JSON.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.json.as_ref()?.pointer(pointer)
    }
}

/// A text cut to so many bytes, at a character.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// A rule in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    #[serde(default)]
    on: Vec<On>,
    #[serde(default)]
    status: Vec<RawStatus>,
    #[serde(rename = "type")]
    content_type: Option<String>,
    has: Option<String>,
    eq: Option<BTreeMap<String, toml::Value>>,
    like: Option<String>,
    then: Verdict,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum RawStatus {
    One(u16),
    Class(String),
}

/// A rule that was checked: every condition that it has must hold.
#[derive(Debug, Clone)]
pub struct Rule {
    on: Vec<On>,
    status: Vec<(u16, u16)>,
    content_type: Option<String>,
    has: Option<String>,
    eq: Vec<(String, Value)>,
    like: Option<Regex>,
    then: Verdict,
}

impl Rule {
    /// Reads and checks a rule; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawRule, path: &[String], wrongs: &mut Vec<Wrong>) -> Self {
        let mut wrong = |text: String| wrongs.push(Wrong { path: path.to_vec(), text });
        let mut status = Vec::new();
        for one in &raw.status {
            match status_range(one) {
                Some(range) => status.push(range),
                None => wrong("a `status` is a number or a class such as \"4xx\"".to_owned()),
            }
        }
        let like = raw.like.as_deref().and_then(|pattern| {
            let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
            built.map_err(|error| wrong(format!("`like` is no pattern: {error}"))).ok()
        });
        let eq: Vec<(String, Value)> =
            raw.eq.iter().flatten().map(|(pointer, value)| (pointer.clone(), json(value))).collect();
        for pointer in eq.iter().map(|(pointer, _)| pointer).chain(&raw.has) {
            check_pointer(pointer, path, wrongs);
        }
        let (content_type, has) = (raw.content_type.as_ref().map(|text| text.to_ascii_lowercase()), raw.has.clone());
        Self { on: raw.on.clone(), status, content_type, has, eq, like, then: raw.then }
    }

    fn fits(&self, on: On, answer: &Answer) -> bool {
        let is_on = if self.on.is_empty() { on.is_of_row() } else { self.on.contains(&on) };
        is_on
            && (self.status.is_empty() || self.status.iter().any(|(from, to)| (*from..=*to).contains(&answer.status)))
            && self.content_type.as_ref().is_none_or(|kind| answer.content_type.to_ascii_lowercase().contains(kind))
            && self.has.as_ref().is_none_or(|pointer| answer.at(pointer).is_some_and(|value| !value.is_null()))
            && self.eq.iter().all(|(pointer, value)| answer.at(pointer).is_some_and(|found| says_same(found, value)))
            && self.like.as_ref().is_none_or(|like| like.is_match(&decode::plain(answer)))
    }
}

/// What an answer means.
#[must_use]
pub fn judge(rules: &[Rule], on: On, answer: &Answer, follows: bool) -> Verdict {
    let ruled = rules.iter().find(|rule| rule.fits(on, answer)).map(|rule| rule.then);
    ruled.unwrap_or_else(|| usual(answer, follows))
}

/// What an answer means that no rule names.
#[must_use]
pub fn usual(answer: &Answer, follows: bool) -> Verdict {
    match answer.status {
        200..=299 if answer.is_too_long => Verdict::Stop,
        200..=299 if answer.json.is_some() || answer.text.trim().is_empty() => Verdict::Ok,
        304 => Verdict::Reject,
        300..=399 if follows => Verdict::Retry,
        401 => Verdict::Reauth,
        408 | 500 | 502 | 503 | 504 => Verdict::Retry,
        429 => Verdict::Throttle,
        // Text where JSON is due is the page of a proxy or a login; an address that is gone stays so.
        200..=399 | 410 => Verdict::Stop,
        400..=499 => Verdict::Reject,
        _ => Verdict::Retry,
    }
}

fn status_range(raw: &RawStatus) -> Option<(u16, u16)> {
    match raw {
        RawStatus::One(status) => Some((*status, *status)),
        RawStatus::Class(class) => {
            let digit: u16 = class.strip_suffix("xx")?.parse().ok().filter(|digit| (1..=5).contains(digit))?;
            Some((digit * 100, digit * 100 + 99))
        }
    }
}

/// Whether two values say the same: numbers and booleans may come as text.
pub(super) fn says_same(found: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    found == wanted || text(found) == text(wanted)
}

/// A TOML value as JSON.
pub(super) fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
