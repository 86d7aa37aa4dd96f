//! What an owner sets for Clean Desk, in `hub.toml`.

use std::time::Duration;

use jiff::civil::{Time, Weekday, time};
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::units;

use super::message::Words;
use crate::attendance::WEEKDAYS;
use crate::presence::config::of_day;
use crate::text::Lang;

/// The section `clean_desk` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CleanDeskConfig {
    /// Whether it is said at all.
    pub enabled: bool,
    /// On which day of the week.
    #[serde(with = "of_week")]
    pub day: Weekday,
    /// When on that day.
    #[serde(with = "of_day")]
    pub time: Time,
    /// The IANA zone of that time; the hub's own if not given.
    pub zone: Option<String>,
    /// At which sites; at all if none is named.
    pub sites: Vec<SiteId>,
    /// In which language, `fr` or `en`, what is not worded below.
    #[serde(with = "of_language")]
    pub language: Lang,
    /// The heading, at most 100 characters.
    pub title: Option<String>,
    /// The message, at most 500 characters.
    pub text: Option<String>,
    /// After how long the message disappears by itself, 5 s to 5 min.
    #[serde(with = "units::duration")]
    pub give_up: Duration,
}

impl Default for CleanDeskConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            day: Weekday::Friday,
            time: time(16, 0, 0, 0),
            zone: None,
            sites: Vec::new(),
            language: Lang::Fr,
            title: None,
            text: None,
            give_up: Duration::from_secs(5 * 60),
        }
    }
}

impl CleanDeskConfig {
    /// What is said.
    #[must_use]
    pub fn words(&self) -> Words {
        let usual = Words::usual(self.language);
        Words {
            title: self.title.clone().unwrap_or(usual.title),
            text: self.text.clone().unwrap_or(usual.text),
            give_up_s: u32::try_from(self.give_up.as_secs()).unwrap_or(u32::MAX),
        }
    }
}

/// A day of the week as `friday`.
mod of_week {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{WEEKDAYS, Weekday};

    pub(super) fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(WEEKDAYS.iter().find(|(_, one)| one == day).map_or("", |(word, _)| word))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = WEEKDAYS.iter().find(|(word, _)| *word == text.trim().to_lowercase()).map(|(_, day)| *day);
        found.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no day; write it like \"friday\"")))
    }
}

/// A language as `fr`.
mod of_language {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Lang;

    pub(super) fn serialize<S: Serializer>(lang: &Lang, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(lang.code())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lang, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("`{text}` is no language of this hub; write \"fr\" or \"en\""));
        Lang::parse(text.trim()).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_times_and_languages_are_words_and_others_are_refused() {
        let read = |text: &str| serde_json::from_str::<CleanDeskConfig>(text);
        let config = read(r#"{"enabled": true, "day": "Monday", "time": "09:30", "language": "en"}"#).unwrap();
        assert_eq!((config.day, config.time, config.language), (Weekday::Monday, time(9, 30, 0, 0), Lang::En));
        assert_eq!(config.words(), Words { give_up_s: 300, ..Words::usual(Lang::En) });
        for wrong in [r#"{"day": "freitag"}"#, r#"{"time": "25:00"}"#, r#"{"language": "de"}"#, r#"{"hour": 4}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let own = read(r#"{"text": "Rangez."}"#).unwrap().words();
        assert_eq!((own.title, own.text.as_str()), (Words::usual(Lang::Fr).title, "Rangez."));
    }
}
