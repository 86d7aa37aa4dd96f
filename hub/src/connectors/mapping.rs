//! Mappings: how to speak with one kind of third party, declared in a TOML file and checked when it is loaded; pure.
//!
//! Everything that is wrong is said at once, each with file, line, field and what to write instead.

mod place;
mod raw;
pub mod shipped;

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::raw::Rate;
use super::auth::AuthMapping;
use super::outcome::{On, Rule};
use super::people::PeopleMapping;
use super::presence::PresenceMapping;
use super::records::RecordsMapping;
use super::request::Request;
use super::results::Results;
use super::template::Template;
use super::tree::{Tree, Wrong};

/// Largest mapping file, bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// Most rows in one request.
pub const BATCH_MAX: usize = 1000;

/// How long a span may be if the mapping says nothing: longer than any shift, shorter than two.
pub const SPAN_MAX: Duration = Duration::from_secs(16 * 60 * 60);

/// How to speak with one kind of third party.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// What it is called.
    pub name: String,
    /// Where the third party is, if the mapping knows.
    pub base: Option<String>,
    /// The zone of its local times.
    pub zone: TimeZone,
    /// At most so many requests.
    pub rate: Option<Rate>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// A redirect is followed with a GET, without body and without credentials.
    pub follows: bool,
    /// How to prove who asks.
    pub auth: AuthMapping,
    /// How people are listed, if they can be.
    pub people: Option<PeopleMapping>,
    /// How punches are sent, if they are.
    pub push: Option<PushMapping>,
    /// How to list what it has, for a reconciliation.
    pub records: Option<RecordsMapping>,
    /// What else it tells and is told of presence.
    pub presence: PresenceMapping,
}

/// What one row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A punch as it is.
    Punch,
    /// A punch that begins or ends a record there.
    Event,
    /// IN and OUT together.
    Span,
    /// All spans of a person and local day; sent again whenever they change.
    Day,
    /// What a person's local day of presence is worth; sent again whenever that changes.
    Presence,
}

/// What happens to an IN that nothing ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgotten {
    /// It waits for a person.
    #[default]
    Hold,
    /// It is ended after the longest span.
    Close,
}

/// How punches are sent.
#[derive(Debug, Clone)]
pub struct PushMapping {
    /// What one row is.
    pub unit: Unit,
    /// At most so many rows in one request.
    pub rows_max: usize,
    /// Only rows that have these values.
    pub only: Vec<(String, Value)>,
    /// Ask whether a row is there before it is sent.
    pub probe_before_send: bool,
    /// Cut spans at the local midnight.
    pub split_midnight: bool,
    /// Longest span, milliseconds.
    pub span_ms_max: i64,
    /// What happens to an IN that nothing ended.
    pub forgotten: Forgotten,
    /// One row of a batch or a day.
    pub row: Option<Tree>,
    /// Sends.
    pub send: Option<Request>,
    /// Begins a record.
    pub begin: Option<Request>,
    /// Ends it.
    pub end: Option<Request>,
    /// Finds the record that is open.
    pub find_open: Option<Request>,
    /// Finds a row.
    pub probe: Option<Request>,
    /// Takes a row back.
    pub undo: Option<Request>,
    /// Where the answer to a batch tells of each row.
    pub results: Option<Results>,
    /// What answers mean.
    pub outcome: Vec<Rule>,
}

impl PushMapping {
    /// The request of that kind, if the mapping has it.
    #[must_use]
    pub fn request(&self, on: On) -> Option<&Request> {
        match on {
            On::Send => self.send.as_ref(),
            On::In => self.begin.as_ref(),
            On::Out => self.end.as_ref(),
            On::FindOpen => self.find_open.as_ref(),
            On::Probe => self.probe.as_ref(),
            On::Undo => self.undo.as_ref(),
            On::People | On::Records | On::Auth | On::Devices | On::Beat => None,
        }
    }

    /// Every template in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        let requests = [&self.send, &self.begin, &self.end, &self.find_open, &self.probe, &self.undo];
        let row = self.row.iter().flat_map(Tree::templates);
        requests.into_iter().flatten().flat_map(Request::templates).chain(row).collect()
    }

    /// The fields of a person's record there that requests need; empty if they need none.
    #[must_use]
    pub fn person_fields(&self) -> Vec<String> {
        let of_person =
            |name: &str| name.strip_prefix("person.").and_then(|path| path.split('.').next()).map(str::to_owned);
        let mut fields: Vec<String> =
            self.templates().into_iter().flat_map(Template::names).filter_map(of_person).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// Everything that is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingErrors(pub Vec<Fault>);

/// One thing that is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// The line, from 1; none if the file as a whole is meant.
    pub line: Option<usize>,
    /// The field, as `push.send.body.time`; empty if the file as a whole is meant.
    pub field: String,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl fmt::Display for MappingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { file, line, field, text }) in self.0.iter().enumerate() {
            let end = if index + 1 == self.0.len() { "" } else { "\n" };
            let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
            let field = if field.is_empty() { String::new() } else { format!(" {field}:") };
            write!(f, "{file}{line}:{field} {text}{end}")?;
        }
        Ok(())
    }
}

impl std::error::Error for MappingErrors {}

impl Mapping {
    /// Reads and checks a mapping; `file` is what to call it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub fn load(file: &str, text: &str) -> Result<Self, MappingErrors> {
        let fault = |line, field: String, text| Fault { file: file.to_owned(), line, field, text };
        if text.len() > FILE_BYTES_MAX {
            return Err(MappingErrors(vec![fault(
                None,
                String::new(),
                format!("it is larger than {FILE_BYTES_MAX} bytes"),
            )]));
        }
        let raw: raw::RawMapping = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| place::line_of(text, span.start));
            MappingErrors(vec![fault(line, String::new(), error.message().to_owned())])
        })?;
        let mut wrongs = Vec::new();
        let mapping = raw.read(&mut wrongs);
        if wrongs.is_empty() {
            return Ok(mapping);
        }
        let at = |Wrong { path, text: wrong }: Wrong| fault(place::find(text, &path), path.join("."), wrong);
        let mut faults: Vec<Fault> = wrongs.into_iter().map(at).collect();
        faults.sort_by_key(|fault| fault.line);
        Err(MappingErrors(faults))
    }
}

#[cfg(test)]
mod tests;
