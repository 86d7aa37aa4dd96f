//! The cut-over from the Django server for time clocks: what its `dumpdata` file says, as plain values.
//!
//! Pure but for the reader. The rows come in any order, with any app label; what is not understood is counted and named,
//! never guessed. Templates, photos and accounts are not read. Secrets are left out unless they are asked for.
//!
//! The old server kept one mark per punch, "sent", whoever it was sent to; so a sent punch counts as sent for every
//! third party that its terminal was mapped to. Its own in/out is not the terminal's: the names of punches are made from
//! what the terminal said, which the old server kept beside it.

mod connectors;
pub mod cutover;
mod dump;
mod fields;
mod numbers;
mod people;
mod punches;
mod report;
mod schedules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::store::attendance::PunchKey;

pub(crate) use connectors::{INTERVAL_MIN, TIMEOUT_S};
pub use numbers::Numbers;
pub use report::{Left, Report};

/// Largest file, bytes: about 400 000 punches with their photos left out.
pub const BYTES_MAX: u64 = 200 * 1024 * 1024;

/// Most rows of a file: what is gathered stays in memory.
pub const ROWS_MAX: u64 = 1_000_000;

/// How to read a dump.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The zone in which the old server took the terminals' times, where it did not keep what they said.
    pub zone: TimeZone,
    /// Whether tokens and passwords of third parties are read.
    pub takes_secrets: bool,
    /// The day on which schedules must hold to be taken.
    pub today: Date,
}

/// What a dump holds.
#[derive(Debug, Default)]
pub struct Legacy {
    /// The time clocks.
    pub terminals: Vec<Terminal>,
    /// The people with a name, each once.
    pub people: Vec<Person>,
    /// The working hours.
    pub schedules: Vec<Schedule>,
    /// The third parties.
    pub connectors: Vec<Connector>,
    /// What has been sent already, by the terminal's serial number.
    pub sent: BTreeMap<String, Vec<Sent>>,
    /// The numbers that things had.
    pub numbers: Numbers,
    /// What was taken and what was not, and why.
    pub report: Report,
}

/// A time clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Its serial number.
    pub serial: String,
    /// Whether it might deliver.
    pub is_allowed: bool,
}

/// Somebody, with the numbers under which terminals know the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's number; with a terminal behind it where one number is several people.
    pub id: String,
    /// The name.
    pub name: String,
    /// Serial number of a terminal and the number there.
    pub numbers: Vec<(String, u64)>,
}

/// Working hours of terminals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Their name.
    pub name: String,
    /// Serial numbers of the terminals that they hold for.
    pub terminals: Vec<String>,
    /// What is expected on a weekday, 1 Monday to 7 Sunday; other days are off.
    pub days: BTreeMap<i8, Shift>,
}

/// What is expected on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// When work begins.
    pub starts: Time,
    /// When it ends; not after `starts` means on the day after.
    pub ends: Time,
    /// A break, from and to.
    pub pause: Option<(Time, Time)>,
    /// Minutes by which somebody may come later or leave earlier.
    pub tolerance_min: u16,
}

/// A third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// Its number there, if it had one.
    pub number: Option<i64>,
    /// Its name.
    pub name: String,
    /// What stands before the paths.
    pub base_url: String,
    /// Where people are listed; empty if nowhere.
    pub users_endpoint: String,
    /// Where punches are sent; empty if nowhere.
    pub attendance_endpoint: String,
    /// How the old server showed who it is.
    pub auth: Auth,
    /// The token or password; none if it was not asked for, or there was none.
    pub secret: Option<Secret>,
    /// Minutes between two rounds.
    pub interval_min: u32,
    /// Seconds to wait for an answer.
    pub timeout_s: u32,
    /// Whether it was on.
    pub is_on: bool,
    /// Serial numbers of the terminals whose punches went there.
    pub terminals: Vec<String>,
    /// The moment of the oldest of their punches that was not sent, milliseconds since 1970 UTC; none if all were.
    pub oldest_unsent_ms: Option<i64>,
}

/// A punch that was sent already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The number under which the terminal knows the person.
    pub enrol_id: u64,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The name that the row most likely comes back under, and those that it gets if the terminal left out what the old
    /// server wrote as 0.
    pub keys: Vec<PunchKey>,
}

/// How the old server showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    None,
    /// With a bearer token.
    Bearer,
    /// With a name and a password.
    Basic,
    /// With a key in a header of that name.
    Key(String),
}

impl Auth {
    /// Reads how the old server called it; what it does not know is taken for a bearer token, as there.
    #[must_use]
    pub fn of(word: &str, header: Option<String>) -> Self {
        match word.to_lowercase().as_str() {
            "none" => Self::None,
            "basic" => Self::Basic,
            "api_key" | "apikey" | "header" => Self::Key(header.unwrap_or_else(|| "Authorization".to_owned())),
            _ => Self::Bearer,
        }
    }
}

/// A secret that no message and no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why nothing of a file is taken.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON, or ends too early.
    #[error("the file is not what `manage.py dumpdata` writes: {0}; write it again with `dumpdata --output dump.json`")]
    NoDump(#[from] serde_json::Error),
    /// It is too long.
    #[error("the file is longer than {} MiB; leave photos and old punches out of the dump, or split it", BYTES_MAX / 1024 / 1024)]
    TooLong,
    /// It holds too many rows.
    #[error("the file holds more than {ROWS_MAX} rows; split the dump")]
    TooMany,
    /// There is nothing of that server in it.
    #[error("the file holds no terminal, so it is not a dump of a TM20 server; it holds {0}")]
    Foreign(String),
}

/// Reads a dump.
///
/// # Errors
///
/// Every [`Unreadable`]; rows that cannot be understood are no error, the report counts them.
pub fn read(file: impl Read, terms: &Terms) -> Result<Legacy, Unreadable> {
    let mut gathered = dump::gather(file, BYTES_MAX)?;
    let mut report = std::mem::take(&mut gathered.report);
    let known = gathered.terminals();
    if known.is_empty() {
        return Err(Unreadable::Foreign(gathered.contents()));
    }
    let people = people::merged(&gathered.users, &known, &mut report);
    let schedules = schedules::merged(&gathered.schedules, &known, (terms.today, &mut report));
    let punches = punches::sorted(&gathered.logs, &known, (&terms.zone, &mut report));
    let connectors = connectors::joined(&gathered, &known, (&punches, terms.takes_secrets, &mut report));
    let numbers = numbers::gathered(&gathered, &known);
    let terminals: Vec<Terminal> = gathered.terminals.values().map(|(_, terminal)| terminal.clone()).collect();
    report.take("time clocks", terminals.len());
    Ok(Legacy { terminals, people, schedules, connectors, sent: punches.sent, numbers, report })
}
