//! The part of a local day that counts, as `08:00-22:00`; `24:00` is the day's end, also of a day with 23 or 25 hours.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::stretch::Stretch;
use crate::attendance::time::{at, midnight};
use crate::attendance::window::next;

/// From a time of the day to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    from: Time,
    /// None for the end of the day.
    to: Option<Time>,
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a part of a day: write two times of it, the earlier first, for example `08:00-22:00` or `00:00-24:00`"
)]
pub struct WindowError(String);

impl Window {
    /// The whole day.
    pub const WHOLE: Self = Self { from: Time::MIN, to: None };

    /// The moments of a day between which it lies; the last one is the first that is outside.
    #[must_use]
    pub fn on(self, date: Date, zone: &TimeZone) -> Stretch {
        let from_ms = at(date.to_datetime(self.from), zone);
        let to_ms = self.to.map_or_else(|| midnight(next(date), zone), |to| at(date.to_datetime(to), zone));
        Stretch { from_ms, to_ms: to_ms.max(from_ms) }
    }

    /// Whether a time lies inside, so that something is before and something after it.
    #[must_use]
    pub fn splits_at(self, time: Time) -> bool {
        self.from < time && self.to.is_none_or(|to| time < to)
    }
}

impl Default for Window {
    fn default() -> Self {
        Self { from: time(8, 0, 0, 0), to: Some(time(22, 0, 0, 0)) }
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let read = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let window = text.split_once('-').and_then(|(from, to)| {
            let to = if to.trim() == "24:00" { None } else { Some(read(to)?) };
            Some(Self { from: read(from)?, to })
        });
        window
            .filter(|window| window.to.is_none_or(|to| window.from < to))
            .ok_or_else(|| WindowError(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-", self.from.hour(), self.from.minute())?;
        match self.to {
            Some(to) => write!(f, "{:02}:{:02}", to.hour(), to.minute()),
            None => f.write_str("24:00"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_window_reads_back_and_nonsense_is_refused() {
        for text in ["08:00-22:00", "00:00-24:00", "07:30-23:59"] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        for text in ["", "8-22", "22:00-08:00", "08:00-08:00", "24:00-24:00", "08:00-25:00", "08:00"] {
            let error = text.parse::<Window>().unwrap_err().to_string();
            assert!(error.contains("08:00-22:00"), "{text}: {error}");
        }
    }

    #[test]
    fn the_whole_day_is_as_long_as_the_zone_makes_it() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let hours = |on| Window::WHOLE.on(on, &zone).length_ms() / 3_600_000;
        assert_eq!((hours(date(2026, 10, 25)), hours(date(2026, 3, 29)), hours(date(2026, 6, 1))), (25, 23, 24));
    }
}
