//! Settings of mail as people write them: times of the week, languages, zones.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serializer};

use crate::text::Lang;

/// A time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekTime {
    /// On which day.
    pub day: Weekday,
    /// At which time of it.
    pub at: Time,
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// A time of the week as `Mon 08:00`.
pub(super) mod of_week {
    use super::{DAYS, Deserialize as _, Deserializer, Serializer, Time, WeekTime};

    pub(in crate::mail::config) fn serialize<S: Serializer>(time: &WeekTime, serializer: S) -> Result<S::Ok, S::Error> {
        let day = DAYS.iter().find(|(_, day)| *day == time.day).map_or("Mon", |(word, _)| word);
        serializer.collect_str(&format_args!("{day} {}", time.at.strftime("%H:%M")))
    }

    pub(in crate::mail::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<WeekTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = |text: &str| {
            let (day, at) = text.trim().split_once(' ')?;
            let (_, day) = DAYS.iter().find(|(word, _)| word.eq_ignore_ascii_case(day))?;
            Some(WeekTime { day: *day, at: Time::strptime("%H:%M", at.trim()).ok()? })
        };
        let wrong =
            || serde::de::Error::custom(format!("`{text}` is no time of the week; write it like \"Mon 08:00\""));
        read(&text).ok_or_else(wrong)
    }
}

/// A language by its code.
pub(super) mod code {
    use super::{Deserialize as _, Deserializer, Lang, Serializer};

    pub(in crate::mail::config) fn serialize<S: Serializer>(lang: &Lang, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(lang.code())
    }

    pub(in crate::mail::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lang, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("`{text}` is no language of mails; write \"fr\" or \"en\""));
        Lang::parse(&text).ok_or_else(wrong)
    }
}

/// The same where it may be missing.
pub(super) mod optional_code {
    use super::{Deserializer, Lang, Serializer, code};

    pub(in crate::mail::config) fn serialize<S: Serializer>(
        lang: &Option<Lang>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match lang {
            Some(lang) => code::serialize(lang, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::mail::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Lang>, D::Error> {
        code::deserialize(deserializer).map(Some)
    }
}

/// A zone that exists.
pub(super) fn zone_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name: Option<String> = Option::deserialize(deserializer)?;
    match name.as_deref().map(TimeZone::get) {
        Some(Err(_)) => {
            let text = name.unwrap_or_default();
            Err(serde::de::Error::custom(format!("`{text}` is no time zone; write it like \"Europe/Paris\"")))
        }
        Some(Ok(_)) | None => Ok(name),
    }
}
