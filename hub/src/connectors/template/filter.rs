//! Filters: everything that a mapping can do to a value.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Number, Value};

use super::scope::Kind;
use super::values::Datum;

/// Longest argument of a filter, bytes.
const ARGUMENT_LENGTH_MAX: usize = 512;

const ALL: &str = "utc, local, fmt(…), iso, epoch, offset_hours, minute, int, str, map(a=x,b=y), default(x), opt, hms, \
                   dhms, iso_duration, cut(n)";

/// One filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Utc,
    Local,
    Fmt(String),
    Iso,
    Epoch,
    OffsetHours,
    Minute,
    Int,
    Str,
    Map(Vec<(String, Value)>),
    Default(Value),
    Hms,
    Dhms,
    IsoDuration,
    Cut(usize),
}

impl Filter {
    /// Reads a filter.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, argument) = match text.split_once('(') {
            None => (text, None),
            Some((name, rest)) => {
                let argument = rest.strip_suffix(')').ok_or_else(|| format!("`{text}` has no closing parenthesis"))?;
                (name.trim(), Some(argument))
            }
        };
        if argument.is_some_and(|argument| argument.len() > ARGUMENT_LENGTH_MAX) {
            return Err(format!("`{name}(…)` is longer than {ARGUMENT_LENGTH_MAX} bytes; shorten it"));
        }
        match (name, argument) {
            ("utc", None) => Ok(Self::Utc),
            ("local", None) => Ok(Self::Local),
            ("fmt", Some(format)) => fmt(format),
            ("iso", None) => Ok(Self::Iso),
            ("epoch", None) => Ok(Self::Epoch),
            ("offset_hours", None) => Ok(Self::OffsetHours),
            ("minute", None) => Ok(Self::Minute),
            ("int", None) => Ok(Self::Int),
            ("str", None) => Ok(Self::Str),
            ("map", Some(pairs)) => map(pairs),
            ("default", Some(value)) => Ok(Self::Default(literal(value))),
            ("hms", None) => Ok(Self::Hms),
            ("dhms", None) => Ok(Self::Dhms),
            ("iso_duration", None) => Ok(Self::IsoDuration),
            ("cut", Some(length)) => {
                let length = length.trim().parse().ok().filter(|length| *length > 0);
                length.map(Self::Cut).ok_or_else(|| "write `cut(250)`, with a number of characters".to_owned())
            }
            _ => Err(format!("`{text}` is no filter; there are {ALL}")),
        }
    }

    /// What becomes of a value of that kind.
    pub(super) fn check(&self, kind: Kind) -> Result<Kind, String> {
        let needs_moment = |then| match kind {
            Kind::Moment => Ok(then),
            Kind::Text | Kind::Number | Kind::Any => Err("this filter is for moments: time, start, end, open.start"),
        };
        let needs_seconds = match kind {
            Kind::Number | Kind::Any => Ok(Kind::Text),
            Kind::Moment | Kind::Text => Err("this filter is for seconds, as in `{seconds|hms}`"),
        };
        let checked = match self {
            Self::Utc | Self::Local | Self::Minute => needs_moment(Kind::Moment),
            Self::Fmt(_) | Self::Iso => needs_moment(Kind::Text),
            Self::Epoch | Self::OffsetHours => needs_moment(Kind::Number),
            Self::Hms | Self::Dhms | Self::IsoDuration => needs_seconds,
            Self::Int if kind == Kind::Moment => Err("write `epoch` for the seconds of a moment"),
            Self::Int => Ok(Kind::Number),
            Self::Str | Self::Cut(_) => Ok(Kind::Text),
            Self::Map(_) => Ok(Kind::Any),
            Self::Default(_) => Ok(kind),
        };
        checked.map_err(str::to_owned)
    }

    /// Changes a value; what is not there stays so, but for `map` and `default`.
    pub(super) fn apply(&self, datum: Datum, zone: &TimeZone) -> Result<Datum, String> {
        if let Self::Map(pairs) = self {
            let key = datum.text();
            let found = pairs.iter().find(|(from, _)| *from == key);
            return Ok(Datum::Json(found.map(|(_, to)| to.clone()).unwrap_or_default()));
        }
        if datum.is_null() {
            let filled = if let Self::Default(value) = self { value.clone() } else { Value::Null };
            return Ok(Datum::Json(filled));
        }
        match datum {
            Datum::Moment(ms, is_local) => self.apply_to_moment((ms, is_local), zone),
            Datum::Json(value) => self.apply_to_json(value),
        }
    }

    fn apply_to_moment(&self, (ms, is_local): (i64, bool), zone: &TimeZone) -> Result<Datum, String> {
        let shown_in = |is_local: bool| if is_local { zone.clone() } else { TimeZone::UTC };
        let at = || -> Result<Zoned, String> {
            let moment = Timestamp::from_second(ms.div_euclid(1000)).map_err(|error| error.to_string())?;
            Ok(moment.to_zoned(shown_in(is_local)))
        };
        Ok(match self {
            Self::Utc => Datum::Moment(ms, false),
            Self::Local => Datum::Moment(ms, true),
            // Zones are whole minutes from UTC wherever people punch, so that both begin together.
            Self::Minute => Datum::Moment(ms - ms.rem_euclid(60_000), is_local),
            Self::Fmt(format) => text(strftime(format, &at()?)?),
            Self::Iso if is_local => text(strftime("%Y-%m-%dT%H:%M:%S%:z", &at()?)?),
            Self::Epoch => Datum::Json(ms.div_euclid(1000).into()),
            Self::OffsetHours => Datum::Json(hours(at()?.offset().seconds())),
            Self::Cut(length) => text(Datum::Moment(ms, false).text().chars().take(*length).collect()),
            Self::Iso | Self::Str | Self::Int | Self::Hms | Self::Dhms | Self::IsoDuration => {
                text(Datum::Moment(ms, false).text())
            }
            Self::Default(_) | Self::Map(_) => Datum::Moment(ms, is_local),
        })
    }

    fn apply_to_json(&self, value: Value) -> Result<Datum, String> {
        let plain = || Datum::Json(value.clone()).text();
        Ok(match self {
            Self::Int => {
                Datum::Json(whole(&value).ok_or_else(|| format!("`{}` is not a whole number", cut(&plain(), 40)))?)
            }
            Self::Str => text(plain()),
            Self::Cut(length) => text(cut(&plain(), *length)),
            Self::Hms => text(clock(seconds(&value)?, false)),
            Self::Dhms => text(clock(seconds(&value)?, true)),
            Self::IsoDuration => text(format!("PT{}S", seconds(&value)?)),
            Self::Utc
            | Self::Local
            | Self::Fmt(_)
            | Self::Iso
            | Self::Epoch
            | Self::OffsetHours
            | Self::Minute
            | Self::Map(_)
            | Self::Default(_) => Datum::Json(value),
        })
    }
}

fn fmt(format: &str) -> Result<Filter, String> {
    strftime(format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
        .map_err(|error| format!("`{format}` is not a form of time ({error}); write `fmt(%Y-%m-%d %H:%M:%S)`"))?;
    Ok(Filter::Fmt(format.to_owned()))
}

fn map(pairs: &str) -> Result<Filter, String> {
    let read = |pair: &str| {
        let (from, to) = pair.split_once('=')?;
        Some((from.trim().to_owned(), literal(to)))
    };
    let pairs: Option<Vec<_>> = pairs.split(',').map(read).collect();
    pairs.map(Filter::Map).ok_or_else(|| "write `map(in=IN,out=OUT)`".to_owned())
}

/// True, false, null and numbers mean themselves, everything else is text.
fn literal(text: &str) -> Value {
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(value @ (Value::Bool(_) | Value::Null | Value::Number(_))) => value,
        Ok(Value::String(_) | Value::Array(_) | Value::Object(_)) | Err(_) => Value::String(text.to_owned()),
    }
}

fn text(text: String) -> Datum {
    Datum::Json(Value::String(text))
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

fn strftime(format: &str, at: &Zoned) -> Result<String, String> {
    jiff::fmt::strtime::format(format, at).map_err(|error| error.to_string())
}

/// A whole number, also from text and from a float without a fraction.
fn whole(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(value.clone()),
        Value::Number(_) | Value::String(_) => {
            let text = Datum::Json(value.clone()).text();
            let text = text.trim().strip_suffix(".0").unwrap_or(text.trim()).to_owned();
            text.parse::<i64>().ok().map(Value::from)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn seconds(value: &Value) -> Result<i64, String> {
    whole(value)
        .and_then(|whole| whole.as_i64())
        .filter(|seconds| *seconds >= 0)
        .ok_or_else(|| "it is no length of time".to_owned())
}

/// `hh:mm:ss`, or `d.hh:mm:ss`.
fn clock(seconds: i64, has_days: bool) -> String {
    let (hours, rest) = (seconds / 3600, format!("{:02}:{:02}", seconds % 3600 / 60, seconds % 60));
    if has_days { format!("{}.{:02}:{rest}", hours / 24, hours % 24) } else { format!("{hours:02}:{rest}") }
}

/// Hours from UTC: whole where they are, with quarters where not.
fn hours(seconds: i32) -> Value {
    if seconds % 3600 == 0 {
        return (seconds / 3600).into();
    }
    Number::from_f64(f64::from(seconds) / 3600.0).map(Value::Number).unwrap_or_default()
}
