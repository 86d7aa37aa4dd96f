//! A single punch on a time clock, of a program that has no log to tell.

use serde::{Deserialize, Serialize};

/// A punch on a time clock, as the terminal said it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Punch {
    /// The terminal's serial number.
    pub terminal: String,
    /// The number under which the terminal knows the person.
    pub enrol_id: u64,
    /// The terminal's own local time, `YYYY-MM-DD HH:MM:SS`, untouched.
    pub local_time: String,
    /// Seconds by which the terminal's clock was ahead of ours when last measured.
    pub clock_ahead_s: Option<i32>,
    /// How the person was recognised, the terminal's number.
    pub mode: i16,
    /// In or out, the terminal's number.
    pub in_out: i16,
    /// The event, the terminal's number.
    pub event: i16,
    /// Everything else the terminal said, as it said it (JSON), without photo, template and temperature.
    pub extra: String,
}
