//! What time clocks tell: rows of their logs, who is enrolled on them, and how they are.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Rows of a terminal's log as they came in one message; a long message is told in several readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalLog {
    /// The terminal's serial number.
    pub terminal: String,
    /// The IANA zone that the terminal's local times are in, `Europe/Paris`.
    pub zone: String,
    /// How far its clock was ahead of the box's when last measured, milliseconds; none if nobody can tell.
    pub clock_ahead_ms: Option<i64>,
    /// Why the rows came.
    pub origin: LogOrigin,
    /// The terminal's own number of the message, untouched; it names nothing for long.
    pub log_index: Option<i64>,
    /// The rows, in the terminal's order.
    pub rows: Vec<LogRow>,
}

/// Why rows of a log came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogOrigin {
    /// The terminal sent them by itself.
    Pushed,
    /// Somebody asked the terminal for them.
    Asked,
}

/// One row of a terminal's log. The numbers are the terminal's own; what they mean differs between firmwares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// The number under which the terminal knows the person: 0 is the door itself; none if it could not be read.
    pub enrol_id: Option<u64>,
    /// The terminal's own local time, `YYYY-MM-DD HH:MM:SS`, untouched.
    pub local_time: String,
    /// How the person was recognised.
    pub mode: Option<i32>,
    /// In or out.
    pub in_out: Option<i32>,
    /// The key that was pressed, or what happened to the door.
    pub event: Option<i32>,
    /// What the reader looked at.
    pub verify_mode: Option<i32>,
    /// Body temperature in hundredths of a degree Celsius; only if the owner switched it on.
    pub temperature_centi_c: Option<i32>,
    /// Whether the box let the person in, where the terminal asked it.
    pub access: Option<bool>,
    /// A sum of the constants below.
    pub flags: u16,
    /// Everything else the terminal said of the row, as JSON, without template and temperature; of a row that could not
    /// be read, the whole row. `image` is the photo if the owner switched it on: as Base64, or a blob's reference.
    pub rest: String,
}

impl LogRow {
    /// The row could not be read; it stands in `rest`.
    pub const UNREADABLE: u16 = 1;
    /// The terminal's clock stood still when it made the row.
    pub const FROZEN_CLOCK: u16 = 2;
    /// Characters that no text may have were replaced, or the text was shortened.
    pub const LOSSY_TEXT: u16 = 4;
    /// The terminal announced another number of rows than it sent.
    pub const MISCOUNTED: u16 = 8;
    /// The row was fresh when it came: not part of a backlog.
    pub const LIVE: u16 = 16;
    /// No row of a log: another message that the box does not understand, or a code that somebody showed to the
    /// reader; it stands in `rest`.
    pub const OTHER_MESSAGE: u16 = 32;
}

/// Who is enrolled on a terminal: one row per credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalUsers {
    /// The terminal's serial number.
    pub terminal: String,
    /// Where the rows belong in the list of everybody; none if they are only news.
    pub stretch: Option<UserStretch>,
    /// The rows.
    pub rows: Vec<TerminalUser>,
}

/// A stretch of the list of everybody: everyone known within it who is not among the rows is enrolled no longer.
/// A long list is told in several readings, in the order of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStretch {
    /// The lowest number that it covers.
    pub from: u64,
    /// The highest number that it covers.
    pub through: u64,
}

/// One credential of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalUser {
    /// The number under which the terminal knows the person.
    pub enrol_id: u64,
    /// The name that the terminal shows.
    pub name: Option<String>,
    /// Which credential: 0 to 9 fingers, 10 password, 11 card, 20 to 27 face, 30 to 37 palm, 50 photo.
    pub slot: i32,
    /// 0 user, 1 administrator, 2 may enrol users.
    pub admin: Option<i32>,
    /// The credential itself, verbatim, or [`TerminalUser::ATTACHED`] and the SHA-256 of a blob with it; only if the
    /// owner switched it on.
    pub record: Option<String>,
}

impl TerminalUser {
    /// Begins the reference to a credential that was too long for a message: no credential begins so.
    pub const ATTACHED: &str = "sha256:";
}

/// How a terminal is; a later state replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalState {
    /// The terminal's serial number.
    pub terminal: String,
    /// Whether it may deliver.
    pub standing: Standing,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Seconds from its last word to the record's stamp; none if it was never heard.
    pub heard_ago_s: Option<u32>,
    /// Where it calls from.
    pub address: Option<IpAddr>,
    /// What it says of its make, its program, its network address and its processor, untouched.
    pub hardware: TerminalHardware,
    /// The IANA zone that its local times are in.
    pub zone: String,
    /// How far its clock was ahead of the box's when last measured, milliseconds; none if nobody can tell.
    pub clock_ahead_ms: Option<i64>,
    /// How full its memories are.
    pub room: Vec<TerminalRoom>,
    /// Rows of its log that nobody acknowledged yet, by its own count.
    pub unsent: Option<u64>,
    /// Messages of it that broke the rules since the agent started.
    pub violations: u64,
}

/// Whether a terminal may deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// It may.
    Admitted,
    /// Somebody must say so first.
    Pending,
    /// Somebody said no.
    Refused,
}

/// What a terminal says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalHardware {
    /// Its model.
    pub model: Option<String>,
    /// Its program's version.
    pub firmware: Option<String>,
    /// Its network address.
    pub mac: Option<String>,
    /// Its processor's serial number.
    pub cpu: Option<String>,
}

/// One memory of a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalRoom {
    /// What it holds: `users`, `faces`, `fingerprints`, `palms`, `cards`, `passwords` or `log`.
    pub what: String,
    /// How many it holds.
    pub used: Option<u64>,
    /// How many it can hold.
    pub capacity: Option<u64>,
}
