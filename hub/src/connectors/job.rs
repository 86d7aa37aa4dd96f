//! Jobs: rows on their way to a third party, kept until they arrive or a person has decided about them.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::id::{from_hex, to_hex};

/// The name of a row, the same however often it is made: of a punch its own, of a span or a day one made of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub [u8; 16]);

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl RowKey {
    /// Reads what [`std::fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).and_then(|bytes| bytes.try_into().ok()).map(Self)
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its first try.
    Pending,
    /// Tried, and will be tried again.
    Failed,
    /// Waits until people change: its person is not known there.
    Parked,
    /// It is there.
    Sent,
    /// It will not be tried again unless a person says so.
    Dead,
    /// A person decided that it shall not be sent, or another row took its place.
    Skipped,
}

impl JobState {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] = [Self::Pending, Self::Failed, Self::Parked, Self::Sent, Self::Dead, Self::Skipped];

    /// Whether something is still to be done.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Failed | Self::Parked)
    }

    /// As the API writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
        }
    }

    /// Reads what [`Self::word`] wrote.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What a job is to bring about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The row is there.
    #[default]
    Send,
    /// The row, which was sent, is no longer there.
    Undo,
}

/// What is sent of a row; nothing of it changes after the job was made, whatever becomes of its punches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The terminal's serial number, of a span that of its beginning.
    pub terminal: String,
    /// The person's name.
    pub name: Option<String>,
    /// When, or when it begins, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When it ends.
    pub end_ms: Option<i64>,
    /// `in` or `out`.
    pub dir: Option<String>,
    /// The terminal's numbers.
    pub mode: Option<i32>,
    /// In or out, the terminal's number.
    pub in_out: Option<i32>,
    /// Event, the terminal's number.
    pub event: Option<i32>,
    /// Whether the door let the person in.
    pub granted: bool,
    /// Body temperature in hundredths of a degree Celsius.
    pub temperature_centi_c: Option<i32>,
    /// The local day, of a day.
    pub day: Option<String>,
    /// The spans of a day.
    #[serde(default)]
    pub spans: Vec<(i64, i64)>,
    /// The punches that it was made of, in hexadecimal.
    #[serde(default)]
    pub punches: Vec<String>,
    /// What a day of presence is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
}

/// What a person's day of presence is worth, as it is told to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whose, by the hub's id; name and address are looked up when the row is sent.
    pub person: String,
    /// In half days: 0, 1 or 2.
    pub halves: u8,
    /// Minutes of presence.
    pub minutes: i64,
    /// Which answer to this day it is, from 1.
    pub revision: u32,
}

/// The number under which a person's jobs stand in one queue: no terminal knows the person by it.
#[must_use]
pub fn member_no(person: &str) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(digest(&SHA256, person.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    // The store's numbers have a sign.
    u64::from_be_bytes(first) >> 1
}

/// A row on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number, given by the store and never used again; third parties see it as `log_id`.
    pub no: i64,
    /// The connector's name.
    pub connector: String,
    /// The row's name; a connector has each once.
    pub key: RowKey,
    /// The terminal's number of the person: the order is kept per person.
    pub enrol_id: u64,
    /// What is sent.
    pub row: Row,
    /// How far it is.
    pub state: JobState,
    /// What it is to bring about.
    pub wish: Wish,
    /// How often it was tried.
    pub attempts: u32,
    /// What was said last; a few KB at most.
    pub last_error: Option<String>,
    /// Not tried before, milliseconds since 1970 UTC.
    pub next_try_ms: i64,
    /// Since when it fails, though the third party can be reached.
    pub failing_ms: Option<i64>,
    /// Answers in a row at which the third party broke.
    pub breaks: u32,
    /// Why a try that broke may have arrived all the same.
    pub doubt: Option<String>,
    /// Others of its person go first: what it needs is not possible yet.
    pub is_postponed: bool,
    /// Why nobody knows whether the last try arrived; then it is looked for before it is sent again.
    pub unsure: Option<String>,
    /// Why the third party may have it twice.
    pub maybe_twice: Option<String>,
    /// What the third party calls it.
    pub remote_id: Option<Value>,
    /// When it was made.
    pub created_ms: i64,
    /// When it changed.
    pub changed_ms: i64,
}

/// A job to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The row's name.
    pub key: RowKey,
    /// The terminal's number of the person.
    pub enrol_id: u64,
    /// What is sent.
    pub row: Row,
    /// Pending, or parked or skipped from the beginning.
    pub state: JobState,
    /// Why, if it is not pending.
    pub why: Option<String>,
}

impl NewJob {
    /// A job that is to be sent.
    #[must_use]
    pub fn pending(key: RowKey, enrol_id: u64, row: Row) -> Self {
        Self { key, enrol_id, row, state: JobState::Pending, why: None }
    }

    /// The job as the store keeps it.
    #[must_use]
    pub fn into_job(self, no: i64, connector: &str, now_ms: i64) -> Job {
        let Self { key, enrol_id, row, state, why } = self;
        Job {
            no,
            connector: connector.to_owned(),
            key,
            enrol_id,
            row,
            state,
            wish: Wish::Send,
            attempts: 0,
            last_error: why,
            next_try_ms: now_ms,
            failing_ms: None,
            breaks: 0,
            doubt: None,
            // What waits from the beginning holds up nobody.
            is_postponed: state == JobState::Parked,
            unsure: None,
            maybe_twice: None,
            remote_id: None,
            created_ms: now_ms,
            changed_ms: now_ms,
        }
    }
}
