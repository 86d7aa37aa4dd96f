//! Pure: hours in which warnings wait.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Hours of every day, by a local clock: `22:00-07:00`. The end does not belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Time,
    to: Time,
}

impl QuietHours {
    /// Whether a moment lies in them, by the clock of a zone.
    #[must_use]
    pub fn hold(&self, at_ms: i64, zone: &TimeZone) -> bool {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = at.to_zoned(zone.clone()).time();
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

impl FromStr for QuietHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let hours = text.split_once('-').and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)? }));
        let hours = hours.filter(|hours| hours.from != hours.to);
        hours.ok_or_else(|| format!("`{text}` are no hours of a day; write them like \"22:00-07:00\""))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(hours: &str, at: &str) -> bool {
        let at: Timestamp = at.parse().unwrap();
        hours.parse::<QuietHours>().unwrap().hold(at.as_millisecond(), &TimeZone::get("Europe/Paris").unwrap())
    }

    #[test]
    fn they_begin_and_end_by_the_sites_own_clock() {
        for (at, is_quiet) in [("20:59", false), ("21:00", true), ("23:59", true), ("05:59", true), ("06:00", false)] {
            assert_eq!(holds("22:00-07:00", &format!("2026-11-20T{at}:00Z")), is_quiet, "{at} UTC");
        }
        assert!(holds("12:00-14:00", "2026-11-20T12:59:00Z") && !holds("12:00-14:00", "2026-11-20T13:00:00Z"));
        assert!(holds("22:00-07:00", "2026-07-01T20:00:00Z"), "summer time begins an hour earlier in UTC");
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "22:00", "22:00-25:00", "night", "07:00-07:00"] {
            assert!(text.parse::<QuietHours>().unwrap_err().contains("22:00-07:00"), "{text}");
        }
        assert_eq!("22:00 - 07:00".parse::<QuietHours>().unwrap().to_string(), "22:00-07:00");
    }
}
