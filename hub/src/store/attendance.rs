//! Port: rows of time clocks, as people and third parties see them.

mod review;
mod told;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use vigie_shared::id::{SiteId, from_hex, to_hex};
use vigie_shared::wire::reading::LogRow;

pub use self::review::Review;
pub use self::told::Told;
use crate::attendance::profile::Means;
use crate::store::StoreError;

/// The name of a row: the same for rows that say the same, however often and from wherever they come.
///
/// The first 16 bytes of a SHA-256 over serial number, enrol id, local time, mode, in/out and event. The terminal's
/// own number of a message is no part of it: it starts anew whenever the log is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PunchKey(pub [u8; 16]);

impl PunchKey {
    /// The name of a row of that terminal's log. Of a row that could not be read, all that came of it is its name.
    #[must_use]
    pub fn of(terminal: &str, row: &LogRow) -> Self {
        let LogRow { enrol_id, local_time, mode, in_out, event, .. } = row;
        let unread = if row.flags & LogRow::UNREADABLE == 0 { "" } else { &row.rest };
        // JSON, so that no two rows are written the same.
        let text = serde_json::json!(["vigie punch 1", terminal, enrol_id, local_time, mode, in_out, event, unread]);
        let mut key = [0; 16];
        key.iter_mut().zip(digest(&SHA256, text.to_string().as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        Self(key)
    }
}

impl fmt::Display for PunchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl From<PunchKey> for String {
    fn from(key: PunchKey) -> Self {
        key.to_string()
    }
}

impl FromStr for PunchKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = from_hex(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("the name of a punch has 32 hexadecimal digits")
    }
}

impl TryFrom<String> for PunchKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The first of the rows that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Punch {
    /// Its place in the order of arrival. A rebuild and a review give a new one, behind all that were ever given, so
    /// that whoever follows the order sees the row again.
    pub order: u64,
    /// Its name, for ever.
    pub key: PunchKey,
    /// Where the terminal stood.
    pub site: SiteId,
    /// The terminal's serial number.
    pub terminal: String,
    /// The number under which the terminal knows the person; none if the row could not be read.
    pub enrol_id: Option<u64>,
    /// The name that the terminal or a third party gave the person.
    pub name: Option<String>,
    /// The terminal's own local time, untouched.
    pub local_time: String,
    /// The IANA zone that the local time is in.
    pub zone: String,
    /// The moment that the terminal meant, milliseconds since 1970 UTC; none if it is no time.
    pub meant_ms: Option<i64>,
    /// The same, corrected by the error of the terminal's clock: what everything is computed with.
    pub at_ms: Option<i64>,
    /// When the hub received it, milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// How the person was recognised, the terminal's number.
    pub mode: Option<i32>,
    /// In or out, the terminal's number.
    pub in_out: Option<i32>,
    /// The key pressed or the door's event, the terminal's number.
    pub event: Option<i32>,
    /// Body temperature in hundredths of a degree Celsius.
    pub temperature_centi_c: Option<i32>,
    /// Whether the box let the person in, where it was asked.
    pub access: Option<bool>,
    /// The SHA-256 of the photo among the site's blobs, if one was kept and is too large for the row.
    #[serde(default)]
    pub photo: Option<String>,
    /// What the row is.
    pub kind: PunchKind,
    /// How the person was recognised, as far as the terminal's numbers say.
    #[serde(default)]
    pub means: Option<Means>,
    /// Which way, as far as the terminal's numbers say.
    pub direction: Option<Direction>,
    /// Why it should be looked at before it counts; empty if nothing is odd.
    pub doubts: Vec<Doubt>,
    /// Whether it counts: a person's row that nobody has to look at, or that somebody has accepted.
    pub counts: bool,
    /// How many rows say the same.
    pub seen: u64,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PunchKind {
    /// Somebody who is enrolled.
    Person,
    /// The door or the terminal itself.
    Door,
    /// Somebody whom the terminal did not recognise.
    Stranger,
    /// Recognised, but did not pass.
    NotPassed,
    /// It could not be read.
    Unreadable,
}

/// Which way a person went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// In.
    In,
    /// Out.
    Out,
}

/// Why a row should be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its time is no time.
    NoTime,
    /// The terminal's clock had been reset.
    ClockReset,
    /// It lies in the future.
    Future,
    /// It is older than terminals remember.
    Ancient,
    /// The terminal's clock stood still.
    FrozenClock,
    /// The local time happened twice that day, and this is the first of the two.
    Ambiguous,
    /// The local time did not happen that day; moved on by the length of the gap.
    Skipped,
}

impl Doubt {
    /// Whether the row counts for nothing until somebody accepts it.
    #[must_use]
    pub fn excludes(self) -> bool {
        matches!(self, Self::NoTime | Self::ClockReset | Self::Future | Self::Ancient)
    }
}

impl Punch {
    /// Where it stands among others: its moment, or its arrival if its time is no time. Milliseconds since 1970 UTC.
    #[must_use]
    pub fn moment_ms(&self) -> i64 {
        self.at_ms.unwrap_or(self.received_ms)
    }

    /// Whether it counts if nobody decides otherwise: a person's, and nothing that is odd excludes it.
    #[must_use]
    pub fn counts_by_itself(&self) -> bool {
        self.kind == PunchKind::Person && !self.doubts.iter().any(|doubt| doubt.excludes())
    }

    /// Whether somebody should look at it: a person's row that does not count by itself.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.kind == PunchKind::Unreadable || self.doubts.iter().any(|doubt| doubt.excludes())
    }
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PunchFigures {
    /// All that are told apart.
    pub rows: u64,
    /// Those that wait for somebody to look at them.
    pub in_doubt: u64,
}

/// Which rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PunchFilter {
    /// Only of this site.
    pub site: Option<SiteId>,
    /// Only of this terminal.
    pub terminal: Option<String>,
    /// Only of this number.
    pub enrol_id: Option<u64>,
    /// Not before this moment, milliseconds since 1970 UTC.
    pub from_ms: Option<i64>,
    /// Before this moment, milliseconds since 1970 UTC.
    pub to_ms: Option<i64>,
    /// Only what counts.
    pub only_counting: bool,
    /// Only what somebody should look at and nobody has.
    pub only_in_doubt: bool,
}

/// The punches' part of the store.
#[async_trait]
pub trait Attendance {
    /// Punches behind a place in the order of arrival, in that order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn punches_after(&self, order: u64, limit: usize) -> Result<Vec<Punch>, StoreError>;

    /// One punch.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn punch(&self, key: PunchKey) -> Result<Option<Punch>, StoreError>;

    /// Punches by their moment, newest first, after the one with that moment and order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn punches(
        &self,
        filter: &PunchFilter,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Punch>, StoreError>;

    /// How many punches there are.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn punch_figures(&self) -> Result<PunchFigures, StoreError>;

    /// Adds a row that no terminal told; it is no projection and survives a rebuild. False if there is a row of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_punch(&self, told: &Told) -> Result<bool, StoreError>;

    /// Keeps what somebody decided of a row; it replaces what was decided before.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_review(&self, review: &Review) -> Result<(), StoreError>;

    /// Takes a decision back; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_review(&self, key: PunchKey) -> Result<bool, StoreError>;

    /// Decisions, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn reviews(&self, limit: usize) -> Result<Vec<Review>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_name_whatever_else_is_said_of_it() {
        let row = LogRow { enrol_id: Some(7), local_time: "2031-05-06 08:01:09".to_owned(), ..LogRow::default() };
        let live = LogRow { flags: LogRow::LIVE, rest: "{\"name\":\"Ama\"}".to_owned(), ..row.clone() };
        let moved = LogRow { in_out: Some(1), ..row.clone() };

        assert_eq!(PunchKey::of("ZX1", &row), PunchKey::of("ZX1", &live));
        assert_ne!(PunchKey::of("ZX1", &row), PunchKey::of("ZX1", &moved));
        assert_ne!(PunchKey::of("ZX1", &row), PunchKey::of("ZX2", &row));
    }

    #[test]
    fn rows_that_could_not_be_read_are_told_apart_by_what_came() {
        let unread = |rest: &str| LogRow { flags: LogRow::UNREADABLE, rest: rest.to_owned(), ..LogRow::default() };

        assert_ne!(PunchKey::of("ZX1", &unread("{\"time\":1}")), PunchKey::of("ZX1", &unread("{\"time\":2}")));
    }
}
