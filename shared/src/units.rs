//! Durations and sizes as people write them in configuration: `"30s"`, `"64MiB"`. A bare number is refused.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

const DAY_S: u64 = 24 * 60 * 60;

/// A duration as moments are written: milliseconds, at most [`i64::MAX`].
#[must_use]
pub fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Serde form of a [`Duration`] with its unit: use as `#[serde(with = "units::duration")]`.
pub mod duration {
    use super::*;

    /// Writes `30s`, `5m`, `1h 30m`.
    ///
    /// # Errors
    ///
    /// Only those of the serializer.
    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::duration_text(*value))
    }

    /// Reads a number with its unit.
    ///
    /// # Errors
    ///
    /// If the unit is missing or unknown.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = text_of(deserializer, "a duration with its unit, for example \"30s\" or \"5m\"")?;
        humantime::parse_duration(&text).map_err(|error| {
            serde::de::Error::custom(format!("`{text}` is not a duration ({error}); write \"30s\", \"5m\", \"2h\""))
        })
    }
}

/// Serde form of a size in bytes with its unit: use as `#[serde(with = "units::bytes")]`.
pub mod bytes {
    use super::*;

    /// Writes `64.0 MiB`.
    ///
    /// # Errors
    ///
    /// Only those of the serializer.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes a reference")]
    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::bytes_text(*value))
    }

    /// Reads a number with its unit.
    ///
    /// # Errors
    ///
    /// If the unit is missing or unknown.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = text_of(deserializer, "a size with its unit, for example \"64MiB\"")?;
        let has_unit = text.chars().any(|c| c.is_ascii_alphabetic());
        match text.parse::<bytesize::ByteSize>() {
            Ok(size) if has_unit => Ok(size.as_u64()),
            Ok(_) | Err(_) => {
                Err(serde::de::Error::custom(format!("`{text}` is not a size; write \"64MiB\", \"500kB\", \"1GiB\"")))
            }
        }
    }
}

/// A duration for people and configuration: `30s`, `1h 30m`, `396days`. Whole days stay days: no month has as many.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let (days, rest) = (duration.as_secs() / DAY_S, duration.as_secs() % DAY_S);
    if days > 1 && rest == 0 && duration.subsec_nanos() == 0 {
        return format!("{days}days");
    }
    humantime::format_duration(duration).to_string()
}

/// A size for people and configuration: the largest binary unit that keeps the number exact.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = 0;
    while value != 0 && value.is_multiple_of(1024) && unit + 1 < units.len() {
        value /= 1024;
        unit += 1;
    }
    format!("{value}{}", units.get(unit).copied().unwrap_or("B"))
}

fn text_of<'de, D: Deserializer<'de>>(deserializer: D, expected: &'static str) -> Result<String, D::Error> {
    struct Text(&'static str);
    impl serde::de::Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_str(Text(expected))
}

/// Wraps a [`Duration`] where `with` cannot reach, as inside an `Option` or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct Span(#[serde(with = "duration")] pub Duration);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize, serde::Serialize)]
    struct Sample {
        #[serde(with = "duration")]
        wait: Duration,
        #[serde(with = "bytes")]
        size: u64,
    }

    #[test]
    fn values_with_units_are_read_and_written_back() {
        let sample: Sample = toml::from_str("wait = \"1h 30m\"\nsize = \"64MiB\"").unwrap();
        assert_eq!(sample, Sample { wait: Duration::from_secs(5400), size: 64 << 20 });
        let text = toml::to_string(&sample).unwrap();
        assert_eq!(toml::from_str::<Sample>(&text).unwrap(), sample);
    }

    #[test]
    fn whole_days_are_written_as_days_and_read_back() {
        for (days, text) in [(1, "1day"), (7, "7days"), (396, "396days"), (1827, "1827days")] {
            let duration = Duration::from_secs(days * DAY_S);
            assert_eq!(duration_text(duration), text);
            assert_eq!(humantime::parse_duration(text).unwrap(), duration);
        }
    }

    #[test]
    fn a_bare_number_is_refused_with_an_example() {
        for bad in [
            "wait = 30\nsize = \"1MiB\"",
            "wait = \"30\"\nsize = \"1MiB\"",
            "wait = \"30s\"\nsize = 64",
            "wait = \"30s\"\nsize = \"64\"",
        ] {
            let error = toml::from_str::<Sample>(bad).unwrap_err().to_string();
            assert!(error.contains("\"30s\"") || error.contains("\"64MiB\""), "{error}");
        }
    }
}
