//! Requests to compute days anew: of one day, of a period, or those that one device has to do with.
//!
//! Their form is that of the flags of coworking Metz, `{"slug": "presences-day"}` and its sisters, so that its backend can
//! go on writing them. Whatever is asked for, people's whole days are computed, with all of their devices.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::mac::{Mac, MacError};

use crate::attendance::book::DAYS_MAX;

/// Largest request, bytes.
pub const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// What is to be computed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// One day.
    Day(Date),
    /// From one day through another.
    Period(Date, Date),
    /// The days of whoever had this device then.
    Device(Mac, (Date, Date)),
}

/// Why a text is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is too long.
    #[error("a request has at most {REQUEST_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON, or lacks a field.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It asks for something else.
    #[error("`{0}` is not known; use presences-day, presences-daterange or presences-mac")]
    UnknownKind(String),
    /// It names no device.
    #[error("{0}")]
    Mac(#[from] MacError),
    /// It names no days.
    #[error("`{0}` is no day, month or year; write 2026-11-20, 2026-11 or 2026")]
    Period(String),
    /// The first day comes after the last.
    #[error("{0} comes after {1}; write the first day first")]
    Backwards(Date, Date),
    /// It is longer than is computed at once.
    #[error("from {0} through {1} are more than {DAYS_MAX} days; ask for one year after the other")]
    TooManyDays(Date, Date),
}

/// A request as it is written.
#[derive(Debug, Deserialize)]
struct Raw {
    slug: String,
    mac: Option<String>,
    period: Option<Value>,
    start: Option<Value>,
    end: Option<Value>,
    date: Option<Value>,
}

/// A request as it is written to a folder.
#[derive(Debug, Serialize)]
struct Written<'a> {
    id: &'a str,
    slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Mac>,
    start: Date,
    end: Date,
}

impl Request {
    /// Reads a request; `today` is the day of one that names none.
    ///
    /// # Errors
    ///
    /// Every [`RequestError`]; whoever wrote the request reads it.
    pub fn parse(text: &str, today: Date) -> Result<Self, RequestError> {
        if text.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let raw: Raw = serde_json::from_str(text).map_err(|error| RequestError::Unreadable(error.to_string()))?;
        let lacks = |field: &str| RequestError::Unreadable(format!("`{field}` is missing"));
        match raw.slug.as_str() {
            "presences-day" => {
                let date = raw.date.as_ref().map_or(Ok(today), |date| days(date).map(|(first, _)| first))?;
                Ok(Self::Day(date))
            }
            "presences-daterange" => {
                let (start, end) = (raw.start.ok_or_else(|| lacks("start"))?, raw.end.ok_or_else(|| lacks("end"))?);
                let (from, through) = checked((days(&start)?.0, days(&end)?.1))?;
                Ok(Self::Period(from, through))
            }
            "presences-mac" => {
                let mac = raw.mac.ok_or_else(|| lacks("mac"))?.parse()?;
                let this_year = Value::from(today.year());
                let period = match (&raw.start, &raw.end, &raw.period) {
                    (Some(start), Some(end), _) => (days(start)?.0, days(end)?.1),
                    (_, _, period) => days(period.as_ref().unwrap_or(&this_year))?,
                };
                Ok(Self::Device(mac, checked(period)?))
            }
            other => Err(RequestError::UnknownKind(other.chars().take(40).collect())),
        }
    }

    /// The days that it is about.
    #[must_use]
    pub fn days(self) -> (Date, Date) {
        match self {
            Self::Day(date) => (date, date),
            Self::Period(from, through) | Self::Device(_, (from, through)) => (from, through),
        }
    }

    /// The request as a folder's file has it, under a name.
    #[must_use]
    pub fn to_json(self, id: &str) -> String {
        let (start, end) = self.days();
        let (slug, mac) = match self {
            Self::Day(_) | Self::Period(..) => ("presences-daterange", None),
            Self::Device(mac, _) => ("presences-mac", Some(mac)),
        };
        let written = Written { id, slug, mac, start, end };
        serde_json::to_string(&written).unwrap_or_default()
    }
}

/// Says what is asked for without the device's address.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "the day {date}"),
            Self::Period(from, through) => write!(f, "the days from {from} through {through}"),
            Self::Device(_, (from, through)) => write!(f, "the days of one device from {from} through {through}"),
        }
    }
}

/// The first and the last day of a year, a month or a day; a year may be a number.
fn days(value: &Value) -> Result<(Date, Date), RequestError> {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    let wrong = || RequestError::Period(text.chars().take(40).collect());
    let parts: Vec<&str> = text.split('-').collect();
    let first: Option<Date> = match parts.as_slice() {
        [_year] => format!("{text}-01-01").parse().ok(),
        [_year, _month] => format!("{text}-01").parse().ok(),
        _ => text.parse().ok(),
    };
    let first = first.ok_or_else(wrong)?;
    Ok(match parts.len() {
        1 => (first, first.last_of_year()),
        2 => (first, first.last_of_month()),
        _ => (first, first),
    })
}

/// Days in their order, and not too many.
///
/// # Errors
///
/// [`RequestError::Backwards`], [`RequestError::TooManyDays`].
pub fn checked((from, through): (Date, Date)) -> Result<(Date, Date), RequestError> {
    if through < from {
        return Err(RequestError::Backwards(from, through));
    }
    let count = through.since(from).map_or(i32::MAX, |span| span.get_days());
    if usize::try_from(count).is_ok_and(|count| count >= DAYS_MAX) {
        return Err(RequestError::TooManyDays(from, through));
    }
    Ok((from, through))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const MAC: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);

    fn parse(text: &str) -> Result<Request, RequestError> {
        Request::parse(text, date(2026, 11, 20))
    }

    #[test]
    fn the_flags_that_the_old_backend_writes_are_understood() {
        let year = (date(2026, 1, 1), date(2026, 12, 31));
        assert_eq!(parse(r#"{"id":"a","slug":"presences-day"}"#), Ok(Request::Day(date(2026, 11, 20))));
        assert_eq!(
            parse(r#"{"slug":"presences-daterange","start":"2026-11-01","end":"2026-11-15","id":"x"}"#),
            Ok(Request::Period(date(2026, 11, 1), date(2026, 11, 15)))
        );
        for period in ["2026", "\"2026\""] {
            let text = format!(r#"{{"slug":"presences-mac","mac":"8E:1B:7C:00:11:22","period":{period}}}"#);
            assert_eq!(parse(&text), Ok(Request::Device(MAC, year)));
        }
        let month = parse(r#"{"slug":"presences-mac","mac":"8E-1B-7C-00-11-22","period":"2026-02"}"#);
        assert_eq!(month, Ok(Request::Device(MAC, (date(2026, 2, 1), date(2026, 2, 28)))));
        assert_eq!(parse(r#"{"slug":"presences-mac","mac":"8E1B7C001122"}"#), Ok(Request::Device(MAC, year)));
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        for (text, word) in [
            ("", "cannot be read"),
            (r#"{"slug":"presences-week"}"#, "presences-week"),
            (r#"{"slug":"presences-mac","mac":"8e:1b:7c:00:11"}"#, "is not a MAC address"),
            (r#"{"slug":"presences-daterange","start":"2026-11-01"}"#, "`end` is missing"),
            (r#"{"slug":"presences-daterange","start":"soon","end":"2026"}"#, "`soon`"),
            (r#"{"slug":"presences-daterange","start":"2026-02","end":"2026-01"}"#, "comes after"),
            (r#"{"slug":"presences-daterange","start":"2024","end":"2026"}"#, "one year after the other"),
        ] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
        assert_eq!(parse(&" ".repeat(REQUEST_BYTES_MAX + 1)), Err(RequestError::TooLong));
    }

    #[test]
    fn a_request_that_was_written_reads_back_and_names_no_address_to_people() {
        let days = (date(2026, 2, 1), date(2026, 2, 28));
        for request in [Request::Period(days.0, days.1), Request::Device(MAC, days)] {
            assert_eq!(parse(&request.to_json("a")), Ok(request));
            assert!(!request.to_string().contains("8e:1b"));
        }
    }
}
